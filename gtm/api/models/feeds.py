"""What gateways and clients tell: outcomes of requests, and round trips."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from gtm.api.models.base import LONGEST_NAME, Asked, Shape, Whole, example

MOST_ITEMS = 10_000  # in a batch: each of ten thousand endpoints once
MOST_OUTCOMES = 1_000_000  # one item says at most
SLOWEST_TOLD = 3_600_000.0  # milliseconds: beyond an hour it is no round trip but a mistake

Count = Annotated[Whole, Field(ge=0, le=MOST_OUTCOMES)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Milliseconds = Annotated[float, Field(gt=0, le=SLOWEST_TOLD, allow_inf_nan=False)]


class ReportItem(Asked):
    """Outcomes of requests to an endpoint since the last report.

    `failed` are answers that were errors, `timeouts` requests without an answer: both are failures.
    `latency_ms` is the mean round trip; with a `client` (address, network) it feeds the measured
    latency.
    """

    service: Name
    region: Name
    endpoint: Name
    ok: Count = 0
    failed: Count = 0
    timeouts: Count = 0
    latency_ms: Milliseconds | None = None
    client: Name | None = None


class ReportsRequest(Asked):
    """What `POST /v1/reports` takes."""

    model_config = example(
        reports=[
            {
                "service": "orders.gtm.example.com",
                "region": "eu-west",
                "endpoint": "198.51.100.10",
                "ok": 940,
                "failed": 3,
                "timeouts": 1,
            }
        ]
    )

    reports: list[ReportItem] = Field(max_length=MOST_ITEMS)


class LatencyItem(Asked):
    """A round trip (milliseconds) from a client (address, network) or an area to a region.

    `count` says that it was measured so many times.
    """

    region: Name
    ms: Milliseconds
    client: Name | None = None
    area: Name | None = None
    count: Whole = Field(default=1, ge=1, le=MOST_OUTCOMES)

    @model_validator(mode="after")
    def _has_one_place(self) -> LatencyItem:
        if (self.client is None) == (self.area is None):
            raise ValueError("name either a `client` or an `area`")
        return self


class LatencyRequest(Asked):
    """What `POST /v1/latency` takes."""

    model_config = example(samples=[{"area": "EU-GB", "region": "eu-west", "ms": 12.4}])

    samples: list[LatencyItem] = Field(max_length=MOST_ITEMS)


class Refusal(Shape):
    """An item (its index counts from 0) that was not used, and why."""

    index: int
    why: str


class Taken(Shape):
    """What became of a batch; `refused` lists the first of `refused_count`."""

    taken: int
    refused_count: int
    refused: list[Refusal]


class LatencyRow(Shape):
    """What was measured between an area and a region.

    `ms` is the median of the samples now, None while there are too few or they contradict each
    other; then `lacking` says which (`20 of 30 samples`). `used_ms` is what steering goes by, which
    stands still while it changes little. `file_ms` is what the zone's file says, which comes first.
    `latest` is Unix time.
    """

    zone: str
    area: str
    region: str
    ms: float | None
    samples: int
    reporters: int
    lacking: str | None = None
    used_ms: float | None
    file_ms: float | None
    latest: float


class Latency(Shape):
    """The table of the latency feed; `samples` and `evicted` count since the start."""

    now: float
    samples: int
    evicted: int
    rows: list[LatencyRow]


class ReporterStatus(Shape):
    """Who reports: items ever, and when the last came (Unix time)."""

    reporter: str
    items: int
    last: float


class HeldStatus(Shape):
    """An endpoint that reports hold out, or would if they might, and why (not)."""

    endpoint: str
    reason: str
    since: float | None


class FeedsStatus(Shape):
    """What gateways and clients tell. Counts are since the start.

    `reporters` are the latest of `heard`; `pairs` of an area and a region have samples.
    """

    reports: int
    reports_refused: int
    samples: int
    pairs: int
    heard: int
    reporters: list[ReporterStatus]
    held: list[HeldStatus]
    not_followed: list[HeldStatus]
