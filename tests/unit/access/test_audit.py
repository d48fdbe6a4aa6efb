"""What the audit trail promises: every line whole, in bounded files, and nobody waits for it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.audit import Trail
from gtm.auditfile import FILES, LONGEST, Act, AuditFile, to_line


def an_act(number: int = 0, **more: Any) -> Act:
    words = {"target": f"region/{number}", "before": "up", "after": "drained", **more}
    return Act(1.0, "alice", "token", "192.0.2.7", "drain", **words)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@given(st.text(), st.text())
def test_whatever_callers_write_is_one_line(reason: str, author: str) -> None:
    line = to_line(an_act(reason=reason, author=author))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    found = json.loads(line)
    assert len(found["reason"]) <= LONGEST
    assert found["from"] == "192.0.2.7"


def test_acts_are_appended_in_order(tmp_path: Path) -> None:
    file = AuditFile(tmp_path / "state")
    file.append([an_act(1), an_act(2)])
    file.append([an_act(3)])
    assert [line["target"] for line in lines(file.path)] == ["region/1", "region/2", "region/3"]
    assert stat.S_IMODE(file.path.stat().st_mode) & 0o027 == 0


def test_what_a_crash_cut_short_spoils_no_other_line(tmp_path: Path) -> None:
    file = AuditFile(tmp_path)
    file.append([an_act(1)])
    with file.path.open("ab") as torn:
        torn.write(b'{"at": 1.0, "wh')
    file.append([an_act(2)])
    first, second, third = file.path.read_text().splitlines()
    assert json.loads(first)["target"] == "region/1"
    assert second == '{"at": 1.0, "wh'
    assert json.loads(third)["target"] == "region/2"


def test_files_are_bounded_in_size_and_number(tmp_path: Path) -> None:
    file = AuditFile(tmp_path, largest=1000)
    for number in range(200):
        file.append([an_act(number)])
    found = sorted(tmp_path.iterdir())
    assert [path.name for path in found] == [
        "audit.jsonl", *(f"audit.jsonl.{number}" for number in range(1, FILES))
    ]  # fmt: skip
    assert all(path.stat().st_size <= 1000 for path in found)
    kept = [line["target"] for path in (found[0], *found[1:]) for line in lines(path)]
    assert "region/199" in kept
    newest = [int(lines(path)[-1]["target"].partition("/")[2]) for path in found]
    assert newest == sorted(newest, reverse=True)


@pytest.mark.parametrize("link", ["symbolic", "hard"])
def test_no_link_is_written_through(tmp_path: Path, link: str) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    state = tmp_path / "state"
    state.mkdir()
    file = AuditFile(state)
    if link == "hard":
        file.path.hardlink_to(other)
    else:
        file.path.symlink_to(other)
    with pytest.raises(OSError, match=f"{link}.* move it away"):
        file.append([an_act()])
    assert other.read_text() == "mine"
    file.path.unlink()
    file.append([an_act()])
    assert len(lines(file.path)) == 1


def test_a_pipe_in_its_place_holds_nobody_up(tmp_path: Path) -> None:
    file = AuditFile(tmp_path)
    os.mkfifo(file.path)
    with pytest.raises(OSError, match="no ordinary file"):
        file.append([an_act()])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_another_users_file_is_not_written_to(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 4242, 4242)
    file = AuditFile(state)
    file.path.write_text("")
    os.chown(file.path, 4243, 4243)
    with pytest.raises(OSError, match="belongs to user 4243"):
        file.append([an_act()])
    file.path.unlink()
    file.append([an_act()])
    assert file.path.stat().st_uid == 4242


async def test_an_act_is_on_disk_when_the_server_has_ended(tmp_path: Path) -> None:
    trail = Trail(AuditFile(tmp_path), lambda: 5.0)
    words = {"before": "none", "after": "drain"}
    trail.note("alice", "token", "192.0.2.7", "drain", "region/a", **words, author="alice")
    trail.note("ci", "token", "192.0.2.7", "drain", "region/b", **words, author="alice")
    await trail.close()
    first, second = lines(tmp_path / "audit.jsonl")
    assert (first["at"], first["who"], "author" in first) == (5.0, "alice", False)
    assert second["author"] == "alice"


async def test_a_disk_that_fails_keeps_nobody_from_acting(tmp_path: Path) -> None:
    trail = Trail(AuditFile(tmp_path), lambda: 5.0)
    (tmp_path / "audit.jsonl").mkdir()
    trail.note("alice", "unix", "uid 0", "reload", "zones", before="1", after="2")
    await trail.close()
    assert trail.unsaved is not None
    (tmp_path / "audit.jsonl").rmdir()
    trail.note("alice", "unix", "uid 0", "reload", "zones", before="2", after="3")
    await trail.close()
    assert trail.unsaved is None
    assert [line["after"] for line in lines(tmp_path / "audit.jsonl")] == ["2", "3"]


def test_what_root_begins_is_the_folders_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, uid, gid: given.append((uid, gid)))
    AuditFile(tmp_path).append([an_act()])
    AuditFile(tmp_path).append([an_act()])
    owner = tmp_path.stat()
    assert given == [(owner.st_uid, owner.st_gid)]
