"""Where planes leave what they answered: bounded, and never waited for."""

from __future__ import annotations

import threading
from collections import deque

from gtm.querylog.entry import Entry

ROOM = 10_000  # entries that wait to be written; beyond that they are lost, and counted


class Tap:
    """Entries from threads that answer to the one that writes. Each `every`-th answer is wanted."""

    def __init__(self, every: int = 1, room: int = ROOM) -> None:
        """`every` is 1 for all answers."""
        self.every = every
        self.lost = 0
        self._room = room
        self._seen = 0
        self._entries: deque[Entry] = deque()
        self._some = threading.Event()

    def wants(self) -> bool:
        """Whether the answer that is made now is to be noted.

        Threads that ask at once may skip one: a sample needs no better.
        """
        self._seen += 1
        return self._seen % self.every == 0

    def put(self, entry: Entry) -> None:
        """Leaves an entry; without room it is lost."""
        if len(self._entries) >= self._room:
            self.lost += 1
            return
        self._entries.append(entry)
        if not self._some.is_set():
            self._some.set()

    def take(self, at_most: float) -> list[Entry]:
        """What has come, waiting so many seconds for the first."""
        self._some.wait(at_most)
        self._some.clear()
        taken: list[Entry] = []
        while self._entries and len(taken) < self._room:
            taken.append(self._entries.popleft())
        return taken
