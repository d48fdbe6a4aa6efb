"""The API's `/v1/reports` and `/v1/latency`: batches in, and what they came to.

A batch with an item that makes no sense is refused whole, so that the program that sent it is
mended. What only does not fit what is served now (an endpoint that is gone) is refused by itself.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.api.models import FeedsStatus, HeldStatus, ReporterStatus, Shape
from gtm.controller import Controller
from gtm.errors import UsageError
from gtm.feeds import Feeds
from gtm.feeds.client import Client, at_address, in_area
from gtm.feeds.latency import Row
from gtm.feeds.reports import Outcomes
from gtm.health import place
from gtm.model import Address, Location, Zone

MOST_ITEMS = 10_000  # in a batch: each of ten thousand endpoints once
MOST_OUTCOMES = 1_000_000  # one item says at most
LONGEST_NAME = 255  # characters (RFC 1035 section 2.3.4)
SLOWEST_TOLD = 3_600_000.0  # milliseconds: beyond an hour it is no round trip but a mistake
FAULTS = 10  # of a batch that an error names; the rest is counted
MOST_NAMED = 20  # reporters that status and metrics name: those heard last
REFUSALS = 100  # that an answer lists; the rest is counted

Count = Annotated[int, Field(ge=0, le=MOST_OUTCOMES)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Milliseconds = Annotated[float, Field(gt=0, le=SLOWEST_TOLD, allow_inf_nan=False)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ReportItem(_Asked):
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


class ReportsRequest(_Asked):
    """What `POST /v1/reports` takes."""

    reports: list[ReportItem] = Field(max_length=MOST_ITEMS)


class LatencyItem(_Asked):
    """A round trip (milliseconds) from a client (address, network) or an area to a region.

    `count` says that it was measured so many times.
    """

    region: Name
    ms: Milliseconds
    client: Name | None = None
    area: Name | None = None
    count: int = Field(default=1, ge=1, le=MOST_OUTCOMES)


class LatencyRequest(_Asked):
    """What `POST /v1/latency` takes."""

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
    other; `used_ms` is what steering goes by, which stands still while it changes little. `file_ms`
    is what the zone's file says, which comes first. `latest` is Unix time.
    """

    zone: str
    area: str
    region: str
    ms: float | None
    samples: int
    reporters: int
    used_ms: float | None
    file_ms: float | None
    latest: float


class Latency(Shape):
    """The table of the latency feed; `samples` and `evicted` count since the start."""

    now: float
    samples: int
    evicted: int
    rows: list[LatencyRow]


def reports(body: bytes) -> list[ReportItem]:
    """The items of a batch. Raises UsageError."""
    try:
        return ReportsRequest.model_validate_json(body).reports
    except ValidationError as error:
        raise UsageError(f"cannot take reports: {_faults(error)}") from error


def samples(body: bytes) -> list[LatencyItem]:
    """The items of a batch. Raises UsageError."""
    try:
        found = LatencyRequest.model_validate_json(body).samples
    except ValidationError as error:
        raise UsageError(f"cannot take latency: {_faults(error)}") from error
    for index, item in enumerate(found):
        if (item.client is None) == (item.area is None):
            raise UsageError(
                f"cannot take latency: samples.{index}: name either a `client` or an `area`"
            )
    return found


def _faults(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    said = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in found[:FAULTS]]
    more = [f"and {len(found) - FAULTS} more"] if len(found) > FAULTS else []
    return "; ".join([*said, *more]).removeprefix(": ")


# --- taking them in ---------------------------------------------------------------------


class Intake:
    """One batch on its way in. `locate` is asked once for each client that is named."""

    def __init__(self, controller: Controller, reporter: str) -> None:
        """For one request."""
        self._controller = controller
        self._reporter = reporter
        self._clients: dict[str, Client | None] = {}
        self._regions: dict[str, str | None] = {}

    def reports(self, items: list[ReportItem], now: float) -> Taken:
        """Takes outcomes in; `now` is monotonic. Raises UsageError, and then took nothing."""
        for index, item in enumerate(items):
            self._known_client(f"reports.{index}", item.client)
        refused = self._controller.feeds.reports.take(
            self._reporter,
            [
                Outcomes(
                    item.service, item.region, item.endpoint, item.ok, item.failed, item.timeouts
                )
                for item in items
            ],
            now,
        )
        for item in items:
            if item.latency_ms is not None and item.client is not None:
                self._sample(item.client, None, item.region, item.latency_ms, max(1, item.ok))
        return _taken(len(items), refused)

    def samples(self, items: list[LatencyItem]) -> Taken:
        """Takes round trips in. Raises UsageError, and then took nothing."""
        for index, item in enumerate(items):
            self._known_client(f"samples.{index}", item.client)
            self._known_area(f"samples.{index}", item.area)
        refused = {}
        for index, item in enumerate(items):
            why = self._sample(item.client, item.area, item.region, item.ms, item.count)
            if why is not None:
                refused[index] = why
        return _taken(len(items), refused)

    def _sample(
        self, client: str | None, area: str | None, region: str, ms: float, count: int
    ) -> str | None:
        """Takes one in; why not, in words, if that can't be."""
        if region not in self._regions:
            self._regions[region] = _unplaced(region, self._controller.compiled.zones)
        why = self._regions[region]
        if why is not None:
            return why
        found = self._clients[client or f"area {area}"]
        if found is None:
            return f"no geo database knows where {client} is"
        self._controller.feeds.sample(self._reporter, found, region, ms, count)
        return None

    def _known_client(self, where: str, text: str | None) -> None:
        if text is None or text in self._clients:
            return
        try:
            self._clients[text] = at_address(text, self._locate)
        except ValueError as error:
            raise UsageError(f"cannot take latency: {where}.client: {error}") from None

    def _known_area(self, where: str, text: str | None) -> None:
        if text is None or f"area {text}" in self._clients:
            return
        try:
            self._clients[f"area {text}"] = in_area(text)
        except ValueError as error:
            raise UsageError(f"cannot take latency: {where}.area: {error}") from None

    def _locate(self, address: Address) -> Location | None:
        return self._controller.compiled.geo.find(address).location


def _unplaced(region: str, zones: tuple[Zone, ...]) -> str | None:
    """Why a region's name says nothing; None if it does."""
    places = {zone.regions[region].location for zone in zones if region in zone.regions}
    if not places:
        return f"there is no region {region[:80]!r}"
    if len(places) > 1:
        return f"zones put the region {region} in different places: call one of them otherwise"
    return None


def _taken(count: int, refused: dict[int, str]) -> Taken:
    listed = [Refusal(index=index, why=why) for index, why in list(refused.items())[:REFUSALS]]
    return Taken(taken=count - len(refused), refused_count=len(refused), refused=listed)


# --- what they came to ------------------------------------------------------------------


def latency(controller: Controller, now: float) -> Latency:
    """The table, for each zone that has the region."""
    feed = controller.feeds.latency
    rows = [
        _row(zone, row)
        for zone in controller.compiled.zones
        for row in feed.rows(zone.latency_feed, now)
        if row.region in zone.regions
    ]
    return Latency(now=now, samples=feed.samples, evicted=feed.evicted, rows=rows)


def status(feeds: Feeds) -> FeedsStatus:
    """Who told what, and what came of it."""
    reports = feeds.reports
    latest = sorted(reports.heard.items(), key=lambda pair: -pair[1].last)[:MOST_NAMED]
    return FeedsStatus(
        reports=reports.items,
        reports_refused=reports.items_refused,
        samples=feeds.latency.samples,
        pairs=len(feeds.latency),
        heard=len(reports.heard),
        reporters=[
            ReporterStatus(reporter=name, items=heard.items, last=heard.last)
            for name, heard in latest
        ],
        held=[
            HeldStatus(endpoint=place(target), reason=hold.verdict.reason, since=hold.verdict.since)
            for target, hold in reports.held.items()
        ],
        not_followed=[
            HeldStatus(endpoint=place(target), reason=why, since=None)
            for target, why in reports.refused.items()
        ],
    )


def _row(zone: Zone, row: Row) -> LatencyRow:
    written = [
        known.milliseconds[row.region]
        for known in zone.latency
        if known.area == row.area and row.region in known.milliseconds.keys() - known.said.keys()
    ]
    found = row.estimate
    return LatencyRow(
        zone=zone.name,
        area=str(row.area),
        region=row.region,
        ms=found.milliseconds if found else None,
        samples=found.samples if found else 0,
        reporters=found.reporters if found else 0,
        used_ms=row.used if zone.latency_feed.use and not written else None,
        file_ms=written[0] if written else None,
        latest=row.latest,
    )
