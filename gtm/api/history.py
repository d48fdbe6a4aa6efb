"""The API's `/v1/history`: what happened, newest first."""

from __future__ import annotations

from dataclasses import asdict

from gtm.api.call import Call
from gtm.api.models import EventShape, HistoryQuery, HistoryShape
from gtm.events import Event
from gtm.history import Asked, History

LATEST = 5  # events that status shows


async def history(call: Call[HistoryQuery, None]) -> HistoryShape:
    """What happened, newest first."""
    return listed(call.serving.history, call.query, call.serving.now())


def listed(history: History, query: HistoryQuery, now: float) -> HistoryShape:
    """The events that a query asks for."""
    found = history.find(Asked(**query.model_dump()))
    return HistoryShape(
        now=now,
        events=[_event(event) for event in found],
        damage=history.damage,
        unsaved=history.unsaved,
    )


def latest(history: History) -> list[EventShape]:
    """The last few, for status."""
    return [_event(event) for event in history.find(Asked(limit=LATEST))]


def _event(event: Event) -> EventShape:
    words = {"kind": event.kind.value, "severity": event.severity.word, "said": event.said}
    return EventShape(**(asdict(event) | words))
