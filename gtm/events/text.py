"""Events as JSON, one a line: for files, so read with the distrust that files deserve."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.events.event import Event, Kind, Severity

LONGEST = 20_000  # octets of a line: reasons are cut far below it

_REASON = 2000  # characters
_NAME = 600


class Damaged(ValueError):  # noqa: N818 - it reads as what it says of a text
    """A text that is not what was written."""


class EventText(BaseModel):
    """An event in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: float = Field(ge=0, lt=1e11, allow_inf_nan=False)
    kind: Kind
    severity: Severity
    key: str = Field(max_length=_REASON)
    reason: str = Field(max_length=_REASON)
    over: bool = False
    by: str = Field(default="", max_length=_NAME)
    before: str = Field(default="", max_length=_NAME)
    after: str = Field(default="", max_length=_NAME)
    zone: str = Field(default="", max_length=_NAME)
    app: str = Field(default="", max_length=_NAME)
    service: str = Field(default="", max_length=_NAME)
    region: str = Field(default="", max_length=_NAME)
    endpoint: str = Field(default="", max_length=_NAME)

    def event(self) -> Event:
        """The event itself."""
        return Event(**{name: getattr(self, name) for name in EventText.model_fields})


def as_text(event: Event) -> EventText:
    """An event for a file; what is too long for one is cut."""
    fields = {name: getattr(event, name) for name in EventText.model_fields}
    limits = dict.fromkeys(fields, _NAME) | {"reason": _REASON, "key": _REASON}
    cut = {
        name: value[: limits[name]] if isinstance(value, str) else value
        for name, value in fields.items()
    }
    return EventText.model_validate(cut)


def to_line(event: Event) -> bytes:
    """One line of JSON, with its end; what an event has not is left out."""
    return as_text(event).model_dump_json(exclude_defaults=True).encode() + b"\n"


def from_line(line: bytes) -> Event:
    """The event of a line. Raises Damaged."""
    if len(line) > LONGEST:
        raise Damaged("the line is too long")
    try:
        return EventText.model_validate_json(line).event()
    except ValidationError as error:
        raise Damaged(error.errors(include_url=False, include_input=False)[0]["msg"]) from error
