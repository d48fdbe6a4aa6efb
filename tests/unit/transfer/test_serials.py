"""Serials move with what is copied, and never back (RFC 1982)."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gtm.transfer.serials import MODULUS, Serials, is_newer

SERIAL = st.integers(1, MODULUS - 1)


@given(SERIAL, st.integers(1, MODULUS // 2 - 1))
def test_what_comes_within_half_the_circle_is_newer(serial: int, step: int) -> None:
    assert is_newer((serial + step) % MODULUS, serial)
    assert not is_newer(serial, (serial + step) % MODULUS)
    assert not is_newer(serial, serial)


@given(SERIAL, st.lists(st.tuples(SERIAL, st.sampled_from("abc"), st.sampled_from("xy"))))
def test_it_moves_if_and_only_if_the_content_does_and_only_forward(
    first: int, steps: list[tuple[int, str, str]]
) -> None:
    serials = Serials(None, lambda: 0.0)
    before = serials.serial("z.", "a", first, timed=False)
    assert before == first
    written, view = "a", None
    for wanted, now_written, now_view in steps:
        serial = serials.serial("z.", now_written, wanted, timed=False)
        same = now_written == written and not is_newer(wanted, before)
        assert serial == before if same else is_newer(serial, before)
        written = now_written
        if not same:
            view = None  # that of a new serial is not known yet
        moved = serials.seen("z.", now_view)
        assert moved is (view is not None and view != now_view)
        before = serials.serial("z.", written, wanted, timed=False)
        assert before == serial if not moved else is_newer(before, serial)
        view = now_view
        assert before != 0


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    serials = Serials(tmp_path, lambda: 5000.0)
    assert serials.open() is None
    assert serials.serial("z.", "a", 1000, timed=True) == 5000
    serials.seen("z.", "x")
    serials.seen("z.", "y")
    serials.save()
    again = Serials(tmp_path, lambda: 0.0)
    assert again.open() is None
    assert again.serial("z.", "a", 1000, timed=True) == 5001
    assert not again.seen("z.", "y")
    assert again.serial("z.", "b", 1000, timed=True) == 5002
    assert again.serial("z.", "c", 9000, timed=True) == 9000


def test_an_operators_own_serial_is_taken_as_it_is_and_goes_on_from_itself() -> None:
    serials = Serials(None, lambda: 2e9)
    assert serials.serial("z.", "a", 7, timed=False) == 7
    assert serials.serial("z.", "b", 7, timed=False) == 8
    assert serials.serial("z.", "c", 20, timed=False) == 20


def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path) -> None:
    for name in ("serials.json", "serials.json.previous"):
        (tmp_path / name).write_text("[1, 2]")
    serials = Serials(tmp_path, lambda: 5000.0)
    trouble = serials.open()
    assert trouble is not None
    assert "damaged" in trouble
    assert serials.serial("z.", "a", 1000, timed=True) == 5000
