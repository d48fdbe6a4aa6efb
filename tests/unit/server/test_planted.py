"""No server serves in, and no command asks, a folder that another user may have put there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gtm.apilistening import bind_api
from gtm.cli.client import server
from gtm.errors import StartError, UsageError
from gtm.planted import planted
from gtm.settings import Settings
from gtm.takeover import take

OTHER = 54321  # a user that is neither root nor this one


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder like /tmp."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


def made_by_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The socket's path in it, seen by a user who did not make it."""
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(folder, OTHER, OTHER)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: OTHER)
    return folder / "gtm.sock"


def test_a_folder_of_ones_own_is_good(shared: Path) -> None:
    (shared / "gtm").mkdir()
    assert planted(shared / "gtm" / "gtm.sock") is None
    assert planted(shared / "gtm.sock") is None


def test_another_users_folder_is_not(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made_by_another(shared / "gtm", monkeypatch)
    assert "belongs to another user" in (planted(path) or "")


def test_where_only_some_make_folders_it_may_be_the_servers_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert planted(made_by_another(tmp_path / "run" / "gtm", monkeypatch)) is None


def test_a_link_is_not_followed(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (shared / "gtm").symlink_to(tmp_path / "elsewhere")
    assert "is a link" in (planted(shared / "gtm" / "gtm.sock") or "")


def test_a_folder_that_everybody_writes_is_not(shared: Path) -> None:
    (shared / "gtm").mkdir()
    (shared / "gtm").chmod(0o777)
    assert "chmod 0750" in (planted(shared / "gtm" / "gtm.sock") or "")


def test_neither_server_nor_successor_nor_command_uses_it(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made_by_another(shared / "gtm", monkeypatch)
    with socket.socket(socket.AF_UNIX) as trap:
        trap.bind(f"{path}.takeover")
        trap.listen()
        with pytest.raises(StartError, match="belongs to another user"):
            bind_api(Settings(api=(f"unix:{path}",)))
        with pytest.raises(StartError, match="belongs to another user"):
            take(path, "0.1.0")
        with pytest.raises(UsageError, match="belongs to another user"):
            server(None, {"RUNTIME_DIRECTORY": str(path.parent)})
