"""All overrides in force, as one frozen value, and what they say about an app."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter

from gtm.errors import GtmError
from gtm.model import Act, App, Topology, Verdict, Zone
from gtm.overrides.override import Override, Wanted
from gtm.overrides.phases import Course, Ttls, course
from gtm.overrides.target import Level, bare, endpoints_of, is_glob, matcher
from gtm.steering.lifetimes import drain_ttl
from gtm.steering.overlay import SILENT, Hurry, Overlay
from gtm.steering.verdicts import regions_of

MOST = 1000  # overrides: beyond that it is the zone file that has to be changed


@dataclass(frozen=True, slots=True)
class Book:
    """The overrides by number; `next` is the number of the one to come."""

    overrides: tuple[Override, ...] = ()
    next: int = 1

    def adding(
        self, wanted: Wanted, now: float, ttls: Ttls | None = None
    ) -> tuple[Book, Override, Override | None]:
        """With one more; also that one, and the one about the same target that it replaces.

        A drain goes by phases if it is told the `ttls` that it has to wait out. Raises GtmError
        when there are too many.
        """
        before = self.find(str(wanted.target))
        kept = tuple(one for one in self.overrides if one is not before)
        if len(kept) >= MOST:
            raise GtmError(f"cannot add an override: {MOST} are in force; take some back first")
        phases = None if ttls is None else _course(wanted, before, ttls, now)
        start = now  # of the time that it holds for
        if phases is not None and phases.withdrawn is None and phases.next is not None:
            start = max(now, phases.next[1])
        added = Override(
            self.next,
            wanted.act,
            wanted.target,
            wanted.reason,
            wanted.author,
            now,
            None if wanted.seconds is None else start + wanted.seconds,
            phases,
        )
        return Book((*kept, added), self.next + 1), added, before

    def without(self, gone: Iterable[Override]) -> Book:
        """Without some of them."""
        numbers = {one.number for one in gone}
        return replace(
            self, overrides=tuple(one for one in self.overrides if one.number not in numbers)
        )

    def onward(self, number: int, now: float) -> Book:
        """With one drain gone over to its next phase."""
        moved = (one.onward(now) if one.number == number else one for one in self.overrides)
        return replace(self, overrides=tuple(moved))

    def foreseen(self, now: float) -> Book:
        """With all that is planned carried out."""
        moved = (one.onward(now) if one.is_coming else one for one in self.overrides)
        return replace(self, overrides=tuple(moved))

    def expired(self, now: float) -> tuple[Override, ...]:
        """Those whose time is over."""
        return tuple(one for one in self.overrides if one.is_over(now))

    def find(self, which: str) -> Override | None:
        """The one about a target, as it is written, or with a number."""
        for one in self.overrides:
            if which in (str(one.target), str(one.number)):
                return one
        return None

    def overlay(self, zone: Zone, app: App) -> Overlay:
        """What they say about an app: at each place the word with the highest rank."""
        words = [one for one in self.overrides if one.target.in_zone(zone)]
        if not words:
            return SILENT
        endpoints: dict[str, Verdict] = {}
        services: dict[tuple[str, str], Verdict] = {}
        regions: dict[str, Verdict] = {}
        hurried: dict[str, Hurry] = {}
        for one in sorted(words, key=attrgetter("rank")):
            if one.course is not None and one.course.lowers:
                ttl = min(drain_ttl(zone), one.course.ttls.lowered)
                hurried.update(dict.fromkeys(_services(one, app), Hurry(ttl, str(one))))
            if one.is_coming:
                continue
            verdict = one.verdict()
            match one.target.level:
                case Level.REGION:
                    regions.update(dict.fromkeys(_regions(one, app), verdict))
                case Level.APP if matcher(one.target.name)(app.name):
                    regions.update(dict.fromkeys(_regions(one, app), verdict))
                case Level.SERVICE:
                    services.update(dict.fromkeys(_pairs(one, app), verdict))
                case Level.ENDPOINT:
                    endpoints.update(dict.fromkeys(_endpoints(one, app), verdict))
        return Overlay(endpoints, services, regions, hurried)


def _course(wanted: Wanted, before: Override | None, ttls: Ttls, now: float) -> Course | None:
    if wanted.act is not Act.DRAIN:
        return None
    earlier = None if before is None else before.course
    return course(wanted.planned, wanted.force, ttls, now, earlier)


def _services(one: Override, app: App) -> set[str]:
    """The services whose clients it moves: in a block all, unless it is about optional ones."""
    match one.target.level:
        case Level.APP if not matcher(one.target.name)(app.name):
            return set()
        case Level.REGION | Level.APP:
            regions = set(_regions(one, app))
            hit = {each.key for each in app.services if not regions.isdisjoint(each.endpoints)}
        case Level.SERVICE:
            hit = {key for key, _ in _pairs(one, app)}
        case Level.ENDPOINT:
            fits = matcher(one.target.name)
            hit = {
                each.key
                for each in app.services
                if any(fits(bare(str(end))) for here in each.endpoints.values() for end in here)
            }
    block = app.topology is Topology.REPLICATED
    if block and any(each.key in hit and not each.optional for each in app.services):
        return {each.key for each in app.services}
    return hit


def _regions(one: Override, app: App) -> Iterable[str]:
    fits = matcher(one.target.region)
    return [region for region in regions_of(app) if fits(region)]


def _pairs(one: Override, app: App) -> Iterable[tuple[str, str]]:
    fits = matcher(one.target.region)
    return [
        (service.key, region)
        for service in app.services
        if one.target.names(service)
        for region in service.endpoints
        if fits(region)
    ]


def _endpoints(one: Override, app: App) -> Iterable[str]:
    if not is_glob(one.target.name):
        return [one.target.name]  # whether the app has it does not matter
    return [name for name in endpoints_of(app) if matcher(one.target.name)(name)]
