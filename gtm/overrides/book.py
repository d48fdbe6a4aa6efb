"""All overrides in force, as one frozen value, and what they say about an app."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter

from gtm.errors import GtmError
from gtm.model import App, Verdict, Zone
from gtm.overrides.override import Override, Wanted
from gtm.overrides.target import Level, endpoints_of, is_glob, matcher
from gtm.steering.overlay import SILENT, Overlay
from gtm.steering.verdicts import regions_of

MOST = 1000  # overrides: beyond that it is the zone file that has to be changed


@dataclass(frozen=True, slots=True)
class Book:
    """The overrides by number; `next` is the number of the one to come."""

    overrides: tuple[Override, ...] = ()
    next: int = 1

    def adding(self, wanted: Wanted, now: float) -> tuple[Book, Override, Override | None]:
        """With one more; also that one, and the one about the same target that it replaces.

        Raises GtmError when there are too many.
        """
        before = self.find(str(wanted.target))
        kept = tuple(one for one in self.overrides if one is not before)
        if len(kept) >= MOST:
            raise GtmError(f"cannot add an override: {MOST} are in force; take some back first")
        added = Override(
            self.next,
            wanted.act,
            wanted.target,
            wanted.reason,
            wanted.author,
            now,
            None if wanted.seconds is None else now + wanted.seconds,
        )
        return Book((*kept, added), self.next + 1), added, before

    def without(self, gone: Iterable[Override]) -> Book:
        """Without some of them."""
        numbers = {one.number for one in gone}
        return replace(
            self, overrides=tuple(one for one in self.overrides if one.number not in numbers)
        )

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
        for one in sorted(words, key=attrgetter("rank")):
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
        return Overlay(endpoints, services, regions)


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
