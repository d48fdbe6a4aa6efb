"""The demo on a terminal: its view fits, its keys work, and the terminal is given back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.terminals import COLUMNS, PATIENCE, ROWS, Terminal, on_terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with on_terminal("demo") as found:
        yield found


def test_keys_stop_a_region_and_bring_it_back(terminal: Terminal) -> None:
    before = terminal.local_modes()
    assert terminal.shows("Dublin, IE                    198.51.100.64/27  eu-west")
    terminal.press("2")
    assert terminal.shows("kill -CONT", "Dublin, IE                    198.51.100.64/27  us-east")
    terminal.press("2")
    assert terminal.shows("Dublin, IE                    198.51.100.64/27  eu-west")
    assert terminal.local_modes() != before
    terminal.press("q")
    assert terminal.process.wait(PATIENCE) == 0
    assert terminal.local_modes() == before


def test_the_view_fits_a_small_terminal_whatever_happens(terminal: Terminal) -> None:
    assert terminal.shows("q quit")
    for key in "123":
        terminal.press(key)
        assert terminal.shows("kill -CONT")
    assert terminal.shows("none is up")
    for view in terminal.views():
        lines = view.split("\n")
        assert len(lines) <= ROWS
        assert all(len(line.rstrip("\r")) <= COLUMNS for line in lines)
