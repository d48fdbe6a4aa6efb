"""What is seen live: traffic over time, and events as they happen.

Names are bare: no dot at the end. Lists beside each other have one entry for each time in `at`.
"""

from __future__ import annotations

from pydantic import Field, field_validator

from gtm.api.models.base import LONGEST_NAME, Query, Shape
from gtm.live.told import KINDS

DAY = 86400
MOST_SHARES = 10_000


class TrafficQuery(Query):
    """`seconds` back from now; `shares` bounds how many shares are told, the largest first."""

    seconds: int = Field(default=900, ge=1, le=DAY)
    shares: int = Field(default=500, ge=0, le=MOST_SHARES)
    zone: str = Field(default="", max_length=LONGEST_NAME)
    app: str = Field(default="", max_length=LONGEST_NAME)
    service: str = Field(default="", max_length=LONGEST_NAME)


class ShareShape(Shape):
    """Answers a second that gave a region, over the last minute. `app` is "" if it is gone."""

    zone: str
    app: str
    service: str
    region: str
    per_second: float


class TrafficShape(Shape):
    """Rates over time, each per second; one row in `step` seconds.

    `rcodes` are queries by how they ended, `regions` steered answers by the region given, over all
    zones. Percentiles are of the time an answer took inside the server, in microseconds; None where
    nothing was timed. `shares_left_off` says how many shares there are besides those told.
    """

    now: float
    step: float
    at: list[float]
    queries: list[float]
    rcodes: dict[str, list[float]]
    regions: dict[str, list[float]]
    p50_us: list[float | None]
    p90_us: list[float | None]
    p99_us: list[float | None]
    shares: list[ShareShape]
    shares_left_off: int


class EventsQuery(Query):
    """`kinds` of events, parted by commas; all of them without it."""

    kinds: str = Field(default="", max_length=LONGEST_NAME)

    @field_validator("kinds")
    @classmethod
    def _known(cls, text: str) -> str:
        wrong = [kind for kind in text.split(",") if kind and kind not in KINDS]
        if wrong:
            raise ValueError(f"there are no events {wrong[0]!r}; there are {', '.join(KINDS)}")
        return text
