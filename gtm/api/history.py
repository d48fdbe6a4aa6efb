"""The API's `/v1/history`: what happened, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from aiohttp import web

from gtm.api.call import Call
from gtm.api.models import EventShape, HistoryQuery, HistoryShape
from gtm.api.streamed import streamed
from gtm.events import Event
from gtm.history import Asked, History

LATEST = 5  # events that status shows


async def history(call: Call[HistoryQuery, None]) -> web.StreamResponse:
    """What happened, newest first."""
    found = pieces(call.serving.history, call.query, call.serving.now())
    return await streamed(call, found, "application/json; charset=utf-8")


def pieces(history: History, query: HistoryQuery, now: float) -> Iterator[str]:
    """The events that a query asks for: a HistoryShape as JSON, an event at a time."""
    found = history.find(Asked(**query.model_dump()))
    about = HistoryShape(now=now, events=[], damage=history.damage, unsaved=history.unsaved)
    yield about.model_dump_json(exclude={"events"})[:-1] + ',"events":['
    for index, event in enumerate(found):
        yield ("," if index else "") + _event(event).model_dump_json()
    yield "]}"


def latest(history: History) -> list[EventShape]:
    """The last few, for status."""
    return [_event(event) for event in history.find(Asked(limit=LATEST))]


def _event(event: Event) -> EventShape:
    words = {"kind": event.kind.value, "severity": event.severity.word, "said": event.said}
    return EventShape(**(asdict(event) | words))
