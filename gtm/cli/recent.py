"""The last log events, kept to be shown instead of written over the view."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from structlog.typing import EventDict, WrappedLogger

KEPT = 50
HIDDEN = ("level", "event")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: when (Unix time), how grave, and its words."""

    at: float
    level: str
    words: str


@dataclass(slots=True)
class Recent:
    """A ring of events; `now` is Unix time."""

    now: Callable[[], float]
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Keeps an event, as structlog's last processor, and has nothing written."""
        fields = " ".join(f"{key}={event[key]}" for key in event if key not in HIDDEN)
        words = f"{event.get('event', '')} {fields}".strip()
        self.events.append(Event(self.now(), method, words))
        raise structlog.DropEvent

    def capture(self) -> None:
        """Makes this process's log end here, from information upwards."""
        structlog.configure(
            processors=[self],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            cache_logger_on_first_use=True,
        )
