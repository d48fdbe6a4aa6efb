"""The JSON of `gtm delegation --json`."""

from __future__ import annotations

from gtm.api.models import Shape


class ParentRecordShape(Shape):
    """A record for the parent zone; `ttl` is seconds."""

    name: str
    ttl: int
    type: str
    value: str


class DelegationShape(Shape):
    """What the parent needs: as records, and as lines of a master file.

    `no_ds` says why there is no DS record among them, "" where there is one.
    """

    zone: str
    parent: str
    records: list[ParentRecordShape]
    lines: list[str]
    no_ds: str
    checks: list[str]
    warnings: list[str]
