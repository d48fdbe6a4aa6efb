"""The API's `/v1/reports` and `/v1/latency`: batches in, and what they came to.

A batch with an item that makes no sense is refused whole, so that the program that sent it is
mended. What only does not fit what is served now (an endpoint that is gone) is refused by itself.
"""

from __future__ import annotations

import time

from aiohttp import web

from gtm.api.call import Call, Reply, Serving
from gtm.api.models import (
    FeedsStatus,
    HeldStatus,
    Latency,
    LatencyItem,
    LatencyRequest,
    LatencyRow,
    Refusal,
    ReporterStatus,
    ReportItem,
    ReportsRequest,
    Taken,
)
from gtm.api.reporters import held_back, reporter_of, too_fast
from gtm.control.controller import Controller
from gtm.errors import UsageError
from gtm.feeds import Feeds
from gtm.feeds.client import Client, at_address, in_area
from gtm.feeds.latency import Row
from gtm.feeds.reports import Outcomes
from gtm.health import place
from gtm.model import Address, Location, Zone

MOST_NAMED = 20  # reporters that status and metrics name: those heard last
REFUSALS = 100  # that an answer lists; the rest is counted


# --- the calls --------------------------------------------------------------------------


def not_too_many(serving: Serving, request: web.Request) -> web.Response | None:
    """Refuses a request that comes too soon after others of its reporter."""
    return held_back(serving.controller.feeds, reporter_of(request), time.monotonic(), "feeds")


async def report(call: Call[None, ReportsRequest]) -> Reply:
    """Takes outcomes of real requests in: 429 where a reporter sends too many."""
    reporter, now, items = reporter_of(call.request), time.monotonic(), call.body.reports
    controller = call.serving.controller
    wait = controller.feeds.limits.samples(reporter, len(items), now)
    if wait:
        return too_fast(wait, reporter, "reports")
    return Intake(controller, reporter).reports(items, now)


async def add_latency(call: Call[None, LatencyRequest]) -> Reply:
    """Takes round trips in: 429 where a reporter sends too many."""
    reporter, now, items = reporter_of(call.request), time.monotonic(), call.body.samples
    controller = call.serving.controller
    wait = controller.feeds.limits.samples(reporter, len(items), now)
    if wait:
        return too_fast(wait, reporter, "latency")
    return Intake(controller, reporter).samples(items)


async def table(call: Call[None, None]) -> Latency:
    """The table of measured latency."""
    return latency(call.serving.controller, call.serving.now())


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
    heard, found = row.heard, row.heard.estimate
    return LatencyRow(
        zone=zone.name,
        area=str(row.area),
        region=row.region,
        ms=found.milliseconds if found else None,
        samples=heard.samples,
        reporters=heard.reporters,
        lacking=heard.lacking or None,
        used_ms=row.used if zone.latency_feed.use and not written else None,
        file_ms=written[0] if written else None,
        latest=row.latest,
    )
