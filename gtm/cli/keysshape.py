"""The JSON of `gtm keys`."""

from __future__ import annotations

from gtm.api.models import Shape


class KeyShape(Shape):
    """A key; `created` is Unix time (0: not known), `doing` what it does now."""

    tag: int
    role: str
    algorithm: int
    stage: str
    created: float
    doing: str
    dnskey: str


class ZoneKeysShape(Shape):
    """A zone's keys and what comes next.

    `problem` says why they can't be used, null if they can. `command` takes the next step, which
    is safe from `safe_at` (Unix time; null: that is for you to see) on. `ds` is what the parent
    has to have, empty while it should have none.
    """

    zone: str
    signed: bool
    folder: str
    problem: str | None
    doing: str
    now: str
    next: str
    command: str
    safe_at: float | None
    breaks: str
    keys: list[KeyShape]
    ds: list[str]


class ZonesKeysShape(Shape):
    """All zones that are signed or have keys; `time` is now, Unix time."""

    time: float
    zones: list[ZoneKeysShape]
