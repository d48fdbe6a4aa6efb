"""Bars: what they say, that they count what is walked through, and that nobody else sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from gtm.cli.progress import Work, bars, share_and_left, working
from gtm.cli.reading import loaded, services_of
from gtm.compile.compiler import Compiler
from gtm.geo import Geo
from gtm.model import State, Verdict
from gtm.steering.readings import Readings
from gtm.walking import Thing
from tests.unit.cli.cli_samples import GOOD

UP = Verdict(State.UP, "", 0.0)


class Counted(Work):
    """Work that keeps what it was told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int]] = []
        self.walked = 0

    def walk_of(self, words: str, total: int) -> Work:
        self.steps.append((words, total))
        return self

    def walk(self, things: Sequence[Thing], /) -> Iterator[Thing]:
        for thing in things:
            yield thing
            self.walked += 1


@pytest.mark.parametrize(
    ("done", "total", "elapsed", "words"),
    [
        (0, None, 3.0, ""),
        (1, 100, 3.0, "1%"),
        (25, 100, 3.0, "25%, 9 s left"),
        (50, 100, 600.0, "50%, 10 min left"),
        (120, 100, 3.0, "100%, 0 s left"),
    ],
)
def test_the_share_and_the_time_left(
    done: float, total: float | None, elapsed: float, words: str
) -> None:
    assert share_and_left(done, total, elapsed) == words


def test_a_bar_is_drawn_only_where_the_whole_is_known() -> None:
    console = Console(width=80, color_system=None)
    progress = bars(console)
    task = progress.add_task("reading zones/", total=None)
    with console.capture() as unknown:
        console.print(progress.get_renderable())
    assert "reading zones/" in unknown.get()
    assert "━" not in unknown.get()
    progress.update(task, completed=50, total=100)
    with console.capture() as known:
        console.print(progress.get_renderable())
    assert "━━━━━" in known.get()
    assert "50%" in known.get()


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with working("reading zones/") as work:
        assert list(work.walk_of("reading", 3).walk([1, 2, 3])) == [1, 2, 3]
    assert capsys.readouterr() == ("", "")


def test_files_and_services_are_counted_as_they_are_gone_through(tmp_path: Path) -> None:
    for number in range(3):
        text = GOOD.replace("gtm.example.com", f"z{number}.example.com")
        (tmp_path / f"{number}.yaml").write_text(text)
    work = Counted()
    zones = loaded(tmp_path, work).zones
    assert work.steps == [(f"reading {tmp_path}", 6)]
    assert work.walked == 6
    readings = Readings(lambda target: UP)
    Compiler().compile(zones, Geo.empty(), readings, epoch=0, walk=work.walk)
    assert work.walked == 6 + services_of(zones) == 9
