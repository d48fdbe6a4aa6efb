"""The loop that runs the step: every few seconds, and at once when what is answered changes.

The step itself runs in a thread on frozen values; only its result is taken over.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from gtm.checks import Target
from gtm.compile.compiler import Compiled
from gtm.errors import GtmError
from gtm.load.feeds import Feeds
from gtm.load.picture import Feed, Picture, Standing
from gtm.load.sites import Identity, Site, Sites
from gtm.load.spill import Intakes, Spill
from gtm.model import Endpoint, Zone
from gtm.steering.verdicts import probed_for

log = structlog.get_logger("gtm")

PERIOD = 5.0  # seconds between steps: a fraction of any TTL worth having
MOST = 1e15  # of a load: what is more is no load but a mistake

Answers = Callable[[], Mapping[tuple[str, str], float]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the loop asks and tells others.

    `compiled` is what is answered from, None before the first; `probed` the load that a target's
    latest probe found and its age in seconds; `answers` counts answers by zone and service;
    `admit` puts intakes made for a snapshot in force. `count` brings the counts of area tables up
    to date.
    """

    compiled: Callable[[], Compiled | None]
    probed: Callable[[Target], tuple[float, float] | None]
    answers: Answers
    admit: Callable[[Compiled, Intakes], None]
    count: Callable[[], None] = lambda: None


class CapacityLoop:
    """Owns what is known of load. Lives in one event loop."""

    def __init__(self, around: Surroundings, clock: Callable[[], float]) -> None:
        """`clock` is monotonic seconds."""
        self._around = around
        self._clock = clock
        self._feeds = Feeds()
        self._spill = Spill()
        self._wake = asyncio.Event()
        self._sites = Sites(())
        self._zones: tuple[Zone, ...] = ()
        self._ends: dict[tuple[Identity, str], set[Target]] = {}
        self._loads: dict[tuple[str, str, str], float] = {}
        self._said: dict[Identity, tuple[Feed, bool]] = {}
        self._began = clock()
        self.picture = Picture()

    def changed(self) -> None:
        """What is answered from has changed: the next step is due now."""
        self._wake.set()

    def endpoint_load(self, zone: str, region: str, endpoint: Endpoint) -> float | None:
        """What an endpoint said of its load when it was probed last; None if nothing."""
        return self._loads.get((zone, region, str(endpoint)))

    def said(self, site: Site) -> tuple[Feed, bool]:
        """How a site's feed is doing, as far as it matters, and whether the site spills."""
        return self._said.get(site.identity, (Feed.FRESH, False))

    def site(self, region: str, zone: str | None) -> Site:
        """The site that a report would be about. Raises GtmError if there is none."""
        return self._current().named(region, zone)

    def post(self, region: str, zone: str | None, load: float) -> Site:
        """Takes a region's load. Raises GtmError for a region or a load that can't be."""
        site = self.site(region, zone)
        if not (math.isfinite(load) and 0 <= load <= MOST):
            raise GtmError(
                f"cannot take a load of {region}: {load} is not a number from 0 to {MOST:g}"
            )
        part = None if zone is None or len(site.zones) == 1 else site.zones[self._at(site, zone)]
        self._feeds.post(site, part, load, self._clock())
        return site

    async def run(self) -> None:
        """Steps until it is cancelled."""
        while True:
            try:
                await self.step()
            except Exception:  # whatever it was, answers go on as they are
                log.exception("capacity_step_failed")
            try:
                async with asyncio.timeout(PERIOD):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def step(self) -> None:
        """One step: reads feeds, reckons, and puts in force what it comes to."""
        self._wake.clear()
        compiled = self._around.compiled()
        if compiled is None:
            return
        sites, now = self._current(), self._clock()
        self._read_probes(now)
        reports = self._feeds.reports(sites.list, now)
        if all(site.region.capacity is None for site in sites.list):
            self.picture = Picture(
                tuple(Standing(site, reports.get(site.identity)) for site in sites.list)
            )
            return
        counts: dict[int, float] = {}

        def answered(group: int) -> float:
            if not counts:
                counts.update(_by_group(compiled, self._around.answers()))
            return counts.get(group, 0.0)

        self._around.count()
        step = await asyncio.to_thread(self._spill.step, compiled, reports, now, answered)
        self.picture = step.picture
        self._say(now)
        if step.intakes:
            self._around.admit(compiled, step.intakes)

    # --- feeds --------------------------------------------------------------------------

    def _current(self) -> Sites:
        """The sites of what is answered now."""
        compiled = self._around.compiled()
        if compiled is not None and compiled.zones is not self._zones:
            self._zones = compiled.zones
            self._sites = Sites(compiled.zones)
            self._ends = _endpoints(compiled, self._sites)
            self._feeds.keep(self._sites.list, self._ends)
        return self._sites

    @staticmethod
    def _at(site: Site, zone: str) -> int:
        return site.zones.index(zone.lower().rstrip(".") + ".")

    def _read_probes(self, now: float) -> None:
        by_identity = {site.identity: site for site in self._sites.list}
        loads: dict[tuple[str, str, str], float] = {}
        for (key, endpoint), targets in self._ends.items():
            found = [said for target in targets if (said := self._around.probed(target))]
            if found:
                site = by_identity[key]
                load, age = min(found, key=lambda said: said[1])
                self._feeds.probed(site, endpoint, load, now - age)
                loads.update(((zone, site.name, endpoint), load) for zone in site.zones)
        self._loads = loads

    # --- what is said aloud ---------------------------------------------------------------

    def _say(self, now: float) -> None:
        """Logs what changed about each site that has a capacity, once."""
        for standing in self.picture.sites:
            site = standing.site
            if site.region.capacity is None:
                continue
            feed, spilling = standing.feed, standing.spilling
            before = self._said.get(site.identity, (Feed.FRESH, False))
            if feed is Feed.NEVER and now - self._began < site.feed.expire:
                feed = before[0]
            if feed is Feed.STALE and not standing.up:
                feed = before[0]  # a region that is down need not say how it is
            if feed is not before[0]:
                _say_feed(standing, feed)
            if spilling is not before[1]:
                say = log.warning if spilling else log.info
                event = "spilling_began" if spilling else "spilling_ended"
                say(event, region=site.name, turned_away=round(standing.turned_away))
            self._said[site.identity] = (feed, spilling)


def _say_feed(standing: Standing, feed: Feed) -> None:
    region = standing.site.name
    if feed is Feed.FRESH:
        log.info("load_feed_fresh", region=region)
    elif feed is Feed.NEVER:
        log.warning(
            "load_never_reported",
            region=region,
            remedy="post it to /v1/load or answer probes with X-GTM-Load: "
            "until some region's load is known, nothing spills",
        )
    else:
        then = f"stale: {standing.site.feed.stale.value}"
        log.warning("load_feed_stale", region=region, so_it_goes_by=then)


def _endpoints(compiled: Compiled, sites: Sites) -> dict[tuple[Identity, str], set[Target]]:
    """What is probed for each endpoint of each site; an address counts once in a region."""
    found: dict[tuple[Identity, str], set[Target]] = {}
    for app in compiled.apps.values():
        for service in app.app.services:
            for region, endpoints in service.endpoints.items():
                key = sites.list[sites.numbers[app.zone.name, region]].identity
                for endpoint in endpoints:
                    probed = probed_for(app.app, service, endpoint)
                    its_own = [target for target in probed if target.check.address is None]
                    if its_own:
                        found.setdefault((key, str(endpoint)), set()).update(its_own)
    return found


def _by_group(compiled: Compiled, answers: Mapping[tuple[str, str], float]) -> dict[int, float]:
    counts: dict[int, float] = {}
    for app in compiled.apps.values():
        for service in app.services.values():
            group = service.steered.group
            counted = answers.get((app.zone.name, service.service.name), 0.0)
            counts[group] = counts.get(group, 0.0) + counted
    return counts
