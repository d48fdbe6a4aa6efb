"""How far work has come that takes more than a moment: on standard error, on a terminal alone, and
gone when it is done. Where it is known how much there is, a bar with the share and the time left.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gtm.walking import Thing

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, Task

MOMENT = 0.4  # seconds: what is done sooner is not worth a line that comes and goes
BAR = 30  # columns
TOLD = 0.05  # of the whole: before, nobody can say how long the rest takes


class Work:
    """Work that nobody looks at: nothing is shown."""

    def step(self, words: str) -> None:
        """What is done from now on; how much there is of it is not known."""

    def done(self, done: float, total: float) -> None:
        """So much of the step is done, of so much."""

    def passed(self, words: str, seconds: float, total: float) -> None:
        """Something that goes by the clock, whose `words` say how long it still takes."""

    def walk(self, things: Sequence[Thing], /) -> Iterable[Thing]:
        """The things, each of which is a part of the step."""
        return things

    def walk_of(self, words: str, total: int) -> Work:
        """Begins a step of so many parts, which several walks may go through."""
        return self


class _Shown(Work):
    """Work that is shown, once it has taken a moment."""

    def __init__(self, progress: Progress, words: str) -> None:
        self._progress = progress
        self._task = progress.add_task(words, total=None)
        self._through: int | None = None
        self._total = 0

    def step(self, words: str) -> None:
        self._total = 0
        self._progress.reset(self._task, description=words, total=None)

    def done(self, done: float, total: float) -> None:
        self._progress.update(self._task, completed=done, total=total or None)

    def passed(self, words: str, seconds: float, total: float) -> None:
        self._progress.update(
            self._task, description=words, completed=seconds, total=total or None, timed=True
        )

    def walk(self, things: Sequence[Thing], /) -> Iterator[Thing]:
        if not self._total:
            self._progress.update(self._task, total=len(things) or None)
        for thing in things:
            yield thing
            self._progress.advance(self._task)

    def walk_of(self, words: str, total: int) -> Work:
        self.step(words)
        self._total = total
        self._progress.update(self._task, total=total or None)
        return self


@contextmanager
def working(words: str) -> Iterator[Work]:
    """Shows `words`, and how far the work inside has come if that is told."""
    from gtm.cli.output import on_terminal, plain_console

    if not on_terminal(stderr=True):
        yield Work()
        return
    progress = bars(plain_console(stderr=True))
    lock, over = threading.Lock(), threading.Event()

    def begin() -> None:
        with lock:
            if not over.is_set():
                progress.start()

    late = threading.Timer(MOMENT, begin)
    late.daemon = True
    late.start()
    try:
        yield _Shown(progress, words)
    finally:
        late.cancel()
        with lock:
            over.set()
            progress.stop()


def bars(console: Console) -> Progress:
    """What is shown: a sign that it goes on, the words, and a bar where the whole is known."""
    from rich.progress import Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    class Bar(ProgressColumn):
        """The bar alone; nothing while the whole is not known."""

        def render(self, task: Task) -> ProgressBar | Text:
            if task.total is None:
                return Text()
            return ProgressBar(total=task.total, completed=task.completed, width=BAR)

    class Left(ProgressColumn):
        """`42 %, 8 s left`."""

        def render(self, task: Task) -> Text:
            if task.fields.get("timed") and task.total:
                return Text(f"{min(1.0, task.completed / task.total):.0%}")
            return Text(share_and_left(task.completed, task.total, task.elapsed or 0.0))

    spinner = SpinnerColumn(finished_text=" ")
    return Progress(
        spinner,
        TextColumn("{task.description}", markup=False),
        Bar(),
        Left(),
        console=console,
        transient=True,
    )


def share_and_left(done: float, total: float | None, elapsed: float) -> str:
    """`42 %, 8 s left`, from what `elapsed` seconds have brought; "" where the whole is unknown."""
    from gtm.cli.output import span

    if not total:
        return ""
    share = min(1.0, done / total)
    if share < TOLD:
        return f"{share:.0%}"
    return f"{share:.0%}, {span(elapsed * (1 - share) / share)} left"
