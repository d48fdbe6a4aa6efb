"""Events of what is published, each told once."""

from __future__ import annotations

from functools import partial

from gtm.compile.compiler import Compiled
from gtm.control.transitions import transitions
from gtm.events import Sink
from gtm.overrides import Book, decided_by, happened


class Teller:
    """Compares what is published with what was told before. Lives on the control loop."""

    def __init__(self, tell: Sink) -> None:
        """Nothing was told yet."""
        self._tell = tell
        self._told: Compiled | None = None
        self._book = Book()
        self._taken_back: dict[int, str] = {}

    def taken_back(self, number: int, by: str) -> None:
        """Who takes an override back, for when it is gone."""
        self._taken_back = {number: by}

    def published(self, compiled: Compiled, book: Book, now: float) -> None:
        """Tells what differs: overrides first, as they decide. `now` is Unix time."""
        for event in happened(self._book, book, self._taken_back, now):
            self._tell(event)
        before, self._told, self._book = self._told, compiled, book
        for event in transitions(before, compiled, now, partial(decided_by, book)):
            self._tell(event)
