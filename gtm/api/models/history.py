"""What happened, as events."""

from __future__ import annotations

from pydantic import Field

from gtm.api.models.base import LONGEST_TARGET, Query, Shape

MOST_EVENTS = 10_000  # in one answer


class EventShape(Shape):
    """Something that happened; see docs/alerts.md. `by` is who decided, `over` is the good end.

    Names are "" where they do not apply; `said` is what happened in words, `reason` why.
    """

    at: float
    kind: str
    severity: str
    key: str
    said: str
    reason: str
    over: bool
    by: str
    before: str
    after: str
    zone: str
    app: str
    service: str
    region: str
    endpoint: str


class HistoryShape(Shape):
    """What happened, newest first. `damage` and `unsaved` say what is wrong with its files."""

    now: float
    events: list[EventShape]
    damage: str | None = None
    unsaved: str | None = None


class HistoryQuery(Query):
    """What can be asked for; names can be globs, `since` is Unix time."""

    limit: int = Field(default=100, ge=1, le=MOST_EVENTS)
    since: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    zone: str = Field(default="", max_length=LONGEST_TARGET)
    app: str = Field(default="", max_length=LONGEST_TARGET)
    service: str = Field(default="", max_length=LONGEST_TARGET)
    region: str = Field(default="", max_length=LONGEST_TARGET)
    endpoint: str = Field(default="", max_length=LONGEST_TARGET)
