"""The latest events in memory, bounded by count and age."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gtm.events import Event

MOST = 10_000  # events: some megabytes, and more than anybody reads
OLDEST = 30 * 86400.0  # seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events are wanted; a name can be a glob, "" is any. `since` is Unix time."""

    limit: int = 100
    since: float = 0.0
    zone: str = ""
    app: str = ""
    service: str = ""
    region: str = ""
    endpoint: str = ""

    def fits(self, event: Event) -> bool:
        """Whether it is one of them; a service is also found by its first label."""
        if event.at < self.since:
            return False
        names = (
            (self.zone, event.zone),
            (self.app, event.app),
            (self.region, event.region),
            (self.endpoint, event.endpoint),
        )
        if not all(fnmatchcase(name, wanted or "*") for wanted, name in names):
            return False
        short = event.service.removesuffix(f".{event.zone}")
        return not self.service or any(
            fnmatchcase(name, self.service) for name in (event.service, short)
        )


class Ring:
    """Events, the oldest ones going first."""

    def __init__(self, most: int = MOST, oldest: float = OLDEST) -> None:
        """At most so many, none older than so many seconds."""
        self._events: deque[Event] = deque(maxlen=most)
        self._oldest = oldest

    def add(self, events: Iterable[Event], now: float) -> None:
        """Adds events in the order in which they happened."""
        self._events.extend(events)
        while self._events and self._events[0].at < now - self._oldest:
            self._events.popleft()

    def find(self, asked: Asked) -> list[Event]:
        """What is asked for, newest first."""
        found: list[Event] = []
        for event in reversed(self._events):
            if len(found) >= asked.limit:
                break
            if asked.fits(event):
                found.append(event)
        return found
