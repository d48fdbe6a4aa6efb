"""The load that a health response says: in a header, or in its JSON body by a JSON pointer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gtm.checks import LoadField
from gtm.health.body import Body, load
from gtm.health.pointer import Missing, parse, resolve

HEADER = "X-GTM-Load"
MOST = 1e15  # of a load: what is more is no load but a mistake


@dataclass(frozen=True, slots=True)
class Reported:
    """A load, or why there is none where the check says that there should be one."""

    load: float | None = None
    unread: str | None = None


def from_headers(headers: Mapping[str, str], field: LoadField | None) -> Reported:
    """The load in the header that the check names, or in X-GTM-Load where it names nothing."""
    name = HEADER if field is None or field.header is None else field.header
    text = headers.get(name)
    if text is None:
        expected = field is not None and field.header is not None
        return Reported(unread=f"the response has no header {name}" if expected else None)
    return _load(text.strip(), f"the header {name}")


def from_body(body: Body, pointer: str) -> Reported:
    """The load at a JSON pointer (RFC 6901) into the body."""
    try:
        found = resolve(load(body.octets), parse(pointer))
    except Missing:
        return Reported(unread=f"there is nothing at {pointer} in the body")
    except ValueError:
        return Reported(unread="the body is not JSON, or is too long")
    return _load(found, f"what stands at {pointer} in the body")


def _load(value: object, where: str) -> Reported:
    try:
        load = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        load = math.nan
    if isinstance(value, bool) or not 0 <= load <= MOST:
        return Reported(unread=f"{where} is not a load: {str(value)[:40]!r}")
    return Reported(load)
