"""Overrides on disk: what is saved comes back, wherever a write was cut short."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtm.durable import Damaged, Disk
from gtm.errors import StartError
from gtm.overrides import Book, Store
from gtm.overrides.file import from_bytes, to_bytes
from tests.unit.overrides.override_worlds import book_of, wanted

ONE = book_of(("drain", "region/eu"))
TWO = book_of(("drain", "region/eu"), ("up", "service/*/us"))


class PowerCutError(Exception):
    """Nothing happens after it."""


class FailingDisk(Disk):
    """Fails at a step; a write then leaves the part of the file that it is told to."""

    def __init__(self, step: int, part: float = 0.5) -> None:
        self.left = step
        self.part = part

    def _step(self) -> bool:
        self.left -= 1
        return self.left < 0

    def write(self, path: Path, data: bytes) -> None:
        if self._step():
            path.write_bytes(data[: int(len(data) * self.part)])
            raise PowerCutError
        super().write(path, data)

    def rename(self, path: Path, to: Path) -> None:
        if self._step():
            raise PowerCutError
        super().rename(path, to)

    def sync(self, folder: Path) -> None:
        if self._step():
            raise PowerCutError
        super().sync(folder)


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    book, _, _ = TWO.adding(wanted("down", "endpoint/2001:db8::1", 3600.0), 1234.5)
    Store(tmp_path / "new" / "state").load(1.0)
    Store(tmp_path / "new" / "state").save(book)
    kept = Store(tmp_path / "new" / "state").load(2.0)
    assert (kept.book, kept.trouble) == (book, None)


def test_a_first_start_is_no_trouble(tmp_path: Path) -> None:
    kept = Store(tmp_path).load(1.0)
    assert (kept.book, kept.trouble) == (Book(), None)


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("step", range(6))
@pytest.mark.parametrize("before", [None, ONE])
def test_a_write_cut_short_at_any_step_leaves_the_old_or_the_new(
    tmp_path: Path, before: Book | None, step: int, part: float
) -> None:
    if before is not None:
        Store(tmp_path).save(before)
    with pytest.raises(PowerCutError):
        Store(tmp_path, FailingDisk(step, part)).save(TWO)
    kept = Store(tmp_path).load(2.0)
    assert kept.book in (before or Book(), TWO)
    assert kept.trouble is None, "a write that was cut short is no damage"
    Store(tmp_path).save(TWO)
    assert Store(tmp_path).load(3.0).book == TWO


def test_a_write_takes_six_steps(tmp_path: Path) -> None:
    """If it takes more, the test above has to try more."""
    Store(tmp_path, FailingDisk(6)).save(TWO)


def test_a_file_cut_at_any_octet_is_set_aside_and_the_good_copy_is_used(tmp_path: Path) -> None:
    data = to_bytes(TWO)
    store = Store(tmp_path)
    for length in range(len(data) - 2):
        store.save(TWO)
        store.path.write_bytes(data[:length])
        kept = store.load(1000.0 + length)
        assert kept.book == TWO
        assert kept.trouble is not None
        aside = tmp_path / f"overrides.json.damaged-{1000 + length}"
        assert aside.name in kept.trouble
        assert "the good copy overrides.json.previous is used" in kept.trouble
        assert aside.read_bytes() == data[:length], "nothing is thrown away"
        assert not store.path.exists()


def test_a_file_that_is_gone_is_said_and_the_good_copy_is_used(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(TWO)
    store.path.unlink()
    kept = store.load(1.0)
    assert kept.book == TWO
    assert kept.trouble is not None
    assert "overrides.json is missing" in kept.trouble


def test_with_both_files_damaged_none_is_in_force_and_that_is_said(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(TWO)
    store.path.write_bytes(b"\0\0\0\0")
    store.previous.write_bytes(b"{}")
    kept = store.load(5.0)
    assert kept.book == Book()
    assert kept.trouble is not None
    assert "no override is in force" in kept.trouble
    assert {path.name for path in tmp_path.iterdir()} == {
        "overrides.json.damaged-5",
        "overrides.json.previous.damaged-5",
    }


@pytest.mark.parametrize(
    "change",
    [
        (b'"version": 1', b'"version": 2'),
        (b'"drain"', b'"drown"'),
        (b'"region/eu"', b'"regio/eu"'),
        (b'"created": 1000.0', b'"created": -1.0'),
        (b'"number": 1', b'"number": "1"'),
        (b'"author"', b'"writer"'),
        (b'"next": 3', b'"next": 0'),
    ],
)
def test_a_file_with_a_wrong_value_is_damaged(change: tuple[bytes, bytes]) -> None:
    data = to_bytes(TWO)
    assert data.count(change[0])
    with pytest.raises(Damaged):
        from_bytes(data.replace(*change))


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_octets_are_a_book_or_damaged(data: bytes) -> None:
    try:
        from_bytes(data)
    except Damaged as damage:
        assert str(damage)


def test_a_directory_that_can_not_be_used_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StartError, match=r"cannot keep state in .*file/state"):
        Store(tmp_path / "file" / "state").load(1.0)


def test_others_can_not_read_the_file(tmp_path: Path) -> None:
    Store(tmp_path).save(ONE)
    assert Store(tmp_path).path.stat().st_mode & 0o007 == 0
