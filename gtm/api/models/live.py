"""What is seen live: traffic over time, events as they happen, probes, and the map.

Names are bare: no dot at the end. Lists beside each other have one entry for each time in `at`.
"""

from __future__ import annotations

from pydantic import Field, field_validator

from gtm.api.models.base import LONGEST_NAME, Query, Shape
from gtm.live.told import KINDS

DAY = 86400
MOST_SHARES = 10_000
MOST_ENDPOINTS = 10_000
MOST_DOWN = 64  # regions


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


class ProbesQuery(Query):
    """Whose probes; `limit` bounds how many endpoints are told."""

    zone: str = Field(default="", max_length=LONGEST_NAME)
    app: str = Field(default="", max_length=LONGEST_NAME)
    service: str = Field(default="", max_length=LONGEST_NAME)
    limit: int = Field(default=1000, ge=1, le=MOST_ENDPOINTS)


class ProbedShape(Shape):
    """The latest probes of an endpoint, oldest first; None where one failed."""

    zone: str
    app: str
    service: str
    region: str
    endpoint: str
    at: list[float]
    latency_ms: list[float | None]


class ProbesShape(Shape):
    """Probes by endpoint; `left_off` says how many endpoints there are besides those told."""

    now: float
    endpoints: list[ProbedShape]
    left_off: int


class MapQuery(Query):
    """Of which service: the first one where nothing is said. `down` are regions to be without."""

    zone: str = Field(default="", max_length=LONGEST_NAME)
    app: str = Field(default="", max_length=LONGEST_NAME)
    service: str = Field(default="", max_length=LONGEST_NAME)
    down: list[str] = Field(default=[], max_length=MOST_DOWN)


class MapRegion(Shape):
    """A region: what is believed of it, its part of all clients (0 to 1), its load.

    What ends in `_if` is as it would be without the regions that are asked about, None where none
    are, or nothing is known. Loads are in the unit of `capacity`.
    """

    name: str
    latitude: float
    longitude: float
    state: str
    act: str | None
    reason: str
    share: float
    share_if: float | None
    capacity: float | None
    load: float | None
    load_if: float | None
    soft: float


class MapPlace(Shape):
    """A country, or a part of a large one, by its middle: where its clients are sent.

    `weight` is its part of all clients; regions have parts of its clients that add up to 1 at
    most. `regions_all_up` is with every region up, None where that is the same as `regions`.
    """

    code: str
    country: str
    subdivision: str | None
    name: str
    latitude: float
    longitude: float
    weight: float
    regions: dict[str, float]
    regions_if: dict[str, float] | None
    regions_all_up: dict[str, float] | None


class UnplacedShape(Shape):
    """The clients of whom no database knows where they are."""

    weight: float
    regions: dict[str, float]
    regions_if: dict[str, float] | None


class MapShape(Shape):
    """Which places are sent where. `service` is None for a block, which is decided as one.

    `weighed_by` is `traffic` where enough answers were counted, else `networks`. `moved` is the
    part of all clients that would be sent elsewhere.
    """

    now: float
    epoch: int
    zone: str
    app: str
    service: str | None
    policy: str
    regions: list[MapRegion]
    places: list[MapPlace]
    unplaced: UnplacedShape | None
    weighed_by: str
    moved: float | None
    warnings: list[str]
