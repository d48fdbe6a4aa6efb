"""The file of cookie secrets: what it may hold, and that a bad one changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gtm.cookiefile import CookieFile, read_secrets
from gtm.errors import ConfigError

ONE, TWO = "e5e973e5a6b2a43f48e7dc849e37bfcf", "DD3BDF9344B678B185A6F5CB60FCA715"


def write(path: Path, text: str, at: int = 1) -> Path:
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(at, at))
    return path


def test_it_has_one_secret_a_line_and_remarks(tmp_path: Path) -> None:
    jar = read_secrets(write(tmp_path / "s", f"# ours\n{ONE}  # June\n\n  {TWO}\n"))
    assert jar.secrets == (bytes.fromhex(ONE), bytes.fromhex(TWO))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there are 0, not 1 to 4"),
        ("# nothing\n", "there are 0, not 1 to 4"),
        (f"{ONE}\n" * 5, "there are 5, not 1 to 4"),
        (f"{ONE}\n{ONE[2:]}\n", "line 2 is not 32 hex digits"),
        ("password\n", "line 1 is not 32 hex digits"),
        ("é\n", "no text"),
    ],
)
def test_what_is_wrong_with_it_is_said_without_telling_it(
    tmp_path: Path, text: str, why: str
) -> None:
    path = write(tmp_path / "s", text)
    with pytest.raises(ConfigError) as caught:
        read_secrets(path)
    assert str(caught.value).startswith(f"cannot read the cookie secrets in {path}: {why}")
    assert ONE[2:] not in str(caught.value)
    assert "password" not in str(caught.value)


def test_one_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        CookieFile(tmp_path / "none").read()


def test_a_change_is_seen_once_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "s", ONE)
    file = CookieFile(path)
    assert file.read().secrets == (bytes.fromhex(ONE),)
    assert file.changed() is None
    write(path, f"{TWO}\n{ONE}", at=2)
    jar = file.changed()
    assert jar is not None
    assert jar.secrets == (bytes.fromhex(TWO), bytes.fromhex(ONE))
    assert file.changed() is None
    write(path, "nothing", at=3)
    assert file.changed() is None
    path.unlink()
    assert file.changed() is None
    write(path, TWO, at=4)
    assert file.changed() is not None
