"""The API's `/v1/history`: what happened, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.api.models import EventShape, HistoryShape
from gtm.errors import UsageError
from gtm.events import Event
from gtm.history import Asked, History

LATEST = 5  # events that status shows
MOST = 10_000
LONGEST = 600  # characters of a name


class HistoryQuery(BaseModel):
    """What can be asked for; names can be globs, `since` is Unix time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=100, ge=1, le=MOST)
    since: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    zone: str = Field(default="", max_length=LONGEST)
    app: str = Field(default="", max_length=LONGEST)
    service: str = Field(default="", max_length=LONGEST)
    region: str = Field(default="", max_length=LONGEST)
    endpoint: str = Field(default="", max_length=LONGEST)


def listed(history: History, query: Mapping[str, str], now: float) -> HistoryShape:
    """The events that a query asks for. Raises UsageError."""
    try:
        asked = HistoryQuery.model_validate(dict(query))
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        known = ", ".join(HistoryQuery.model_fields)
        raise UsageError(
            f"cannot show history by {key}: {fault['msg'].lower()}; the keys are {known}"
        ) from error
    found = history.find(Asked(**asked.model_dump()))
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
