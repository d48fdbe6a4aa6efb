"""A verdict, and the checks that it is derived from."""

from __future__ import annotations

from gtm.api.models.base import Shape


class VerdictShape(Shape):
    """What is believed of a thing: `up`, `down` or `unknown`, why, and since when.

    `act` is `drain`, `up` or `down` where an operator's override decided it. `by` is who decided:
    `probe`, `reports` or `override`.
    """

    state: str
    reason: str
    since: float
    act: str | None = None
    by: str = "probe"


class CheckStatus(VerdictShape):
    """One of several checks; `depth` 1 is directly in the whole, 2 in a part of it.

    `expires` is when the certificate ends that it was shown (Unix time).
    """

    name: str
    depth: int = 1
    latency_ms: float | None = None
    expires: float | None = None
