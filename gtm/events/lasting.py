"""What lasts, looked at again and again: each condition is told once, and its end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gtm.events.event import Event, Severity


class Lasting:
    """The conditions of those that are looked at which hold now, by key."""

    def __init__(self) -> None:
        """Nothing is known to hold."""
        self._open: dict[str, Event] = {}

    def follow(self, holding: Iterable[Event], at: float) -> list[Event]:
        """What there is to tell of what holds `at` a Unix time: what began, got worse or better,
        and what is over.
        """
        now = {event.key: event for event in holding}
        told = [event for key, event in now.items() if self._is_news(event, self._open.get(key))]
        told += [_ended(event, at) for key, event in self._open.items() if key not in now]
        self._open = now
        return told

    @staticmethod
    def _is_news(event: Event, known: Event | None) -> bool:
        return known is None or known.severity is not event.severity


def _ended(event: Event, at: float) -> Event:
    """Its end; the reason says what it was, and for how long."""
    return replace(
        event,
        at=at,
        severity=Severity.INFO,
        reason=f"before that: {event.reason}",
        over=True,
        before=event.after,
        after="",
    )
