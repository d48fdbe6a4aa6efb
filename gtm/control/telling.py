"""Events of what is published, each told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from gtm.compile.compiler import Compiled
from gtm.control.transitions import transitions
from gtm.events import Event, Sink
from gtm.overrides import Book, decided_by, happened

Later = Callable[[Iterator[object]], None]  # has steps taken one after the other


class Teller:
    """Compares what is published with what was told before. Lives on the control loop."""

    def __init__(self, tell: Sink, later: Later) -> None:
        """Nothing was told yet. `later` gets the telling, a step for each event."""
        self._tell = tell
        self._later = later
        self._told: Compiled | None = None
        self._book = Book()
        self._taken_back: dict[int, str] = {}

    def taken_back(self, number: int, by: str) -> None:
        """Who takes an override back, for when it is gone."""
        self._taken_back = {number: by}

    def published(self, compiled: Compiled, book: Book, now: float) -> None:
        """Tells what differs: overrides first, as they decide. `now` is Unix time."""
        told, book_told = self._told, self._book
        self._told, self._book = compiled, book
        taken_back = self._taken_back

        def events() -> Iterator[Event]:
            yield from happened(book_told, book, taken_back, now)
            yield from transitions(told, compiled, now, partial(decided_by, book))

        self._later(map(self._tell, events()))
