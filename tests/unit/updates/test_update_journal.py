"""The journal of updates: whatever a crash or a disk does to it, what was answered is kept."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.durable import Damaged
from gtm.updates.added import Added, Change
from gtm.updates.journal import Entry, Journal, entry_of, line_of
from tests.unit.updates.update_worlds import name, text


def entry(number: int, *changes: Change, zone: str = "gtm.example.") -> Entry:
    return Entry(zone, number, 1000.0 + number, "acme. from 192.0.2.1", changes)


def plus(at: str, value: str) -> Change:
    return Change(name(at), 16, 60, text(value))


def minus(at: str, value: str) -> Change:
    return Change(name(at), 16, 0, text(value), remove=True)


ENTRIES = [
    entry(1, plus("a", "1"), plus("a", "2")),
    entry(2, minus("a", "1"), plus("b", "3")),
    entry(1, plus("c", "4"), zone="other.example."),
    entry(3, minus("b", "3")),
]


def after(entries: list[Entry]) -> dict[str, Added]:
    found: dict[str, Added] = {}
    for each in entries:
        before = found.get(each.zone, Added())
        found[each.zone] = Added(before.after(each.changes).sets, each.number)
    return found


def test_what_was_appended_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.load(1.0).added == {}
    journal.append(ENTRIES[:1])
    journal.append(ENTRIES[1:])
    kept = Journal(tmp_path).load(1.0)
    assert (kept.added, kept.trouble) == (after(ENTRIES), None)


def test_wherever_a_crash_cuts_it_all_whole_updates_are_kept(tmp_path: Path) -> None:
    Journal(tmp_path).append(ENTRIES)
    path = tmp_path / "updates.jsonl"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        journal = Journal(tmp_path)
        kept = journal.load(1.0)
        count = whole[:length].count(b"\n")
        assert kept.added == after(ENTRIES[:count])
        torn = not whole[:length].endswith(b"\n") and length > 0
        assert (kept.trouble is not None) is torn
        journal.append(ENTRIES[count : count + 1])  # goes on behind the last whole line
        assert Journal(tmp_path).load(1.0).added == after(ENTRIES[: count + 1])


@given(at=st.integers(0, 2000), bit=st.integers(0, 7))
def test_a_flipped_bit_costs_its_line_and_is_said(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("state")
    Journal(folder).append(ENTRIES)
    path = folder / "updates.jsonl"
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    kept = Journal(folder).load(5.0)
    assert kept.trouble is not None
    whole = bytes(data).split(b"\n")[:-1]  # a newline that is gone takes its neighbour with it
    survivors = [each for each in ENTRIES if line_of(each)[:-1] in whole]
    assert kept.added == after(survivors)
    assert Journal(folder).load(6.0) == type(kept)(kept.added)


def test_what_is_mostly_history_is_written_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path, largest=2000)
    journal.load(1.0)
    added = Added()
    for number in range(1, 200):
        each = entry(number, plus("a", str(number)), minus("a", str(number - 1)))
        journal.append([each])
        added = Added(added.after(each.changes).sets, number)
        journal.tidy({"gtm.example.": added})
        assert Journal(tmp_path).load(1.0).added == {"gtm.example.": added}
    assert (tmp_path / "updates.jsonl").stat().st_size < 2500


def test_a_disk_that_is_full_leaves_no_half_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    journal.append(ENTRIES[:1])

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            journal.append(ENTRIES[1:2])
    journal.append(ENTRIES[1:2])
    assert Journal(tmp_path).load(1.0).added == after(ENTRIES[:2])


def test_the_file_is_for_the_server_and_its_group(tmp_path: Path) -> None:
    Journal(tmp_path).append(ENTRIES)
    assert (tmp_path / "updates.jsonl").stat().st_mode & 0o777 == 0o640


@given(st.binary(max_size=100))
def test_any_line_is_an_update_or_damaged(line: bytes) -> None:
    with contextlib.suppress(Damaged):
        assert line_of(entry_of(line)) == line + b"\n"


def test_every_line_is_read_back() -> None:
    for each in ENTRIES:
        assert entry_of(line_of(each)[:-1]) == each
