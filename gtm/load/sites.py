"""Sites: the regions that loads are about, each once however many zones name it.

Zones that describe a region alike (name, place, capacity), as they do when it stands in a file
that they share, mean one datacenter: its load and its capacity are those of all of them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gtm.errors import GtmError
from gtm.model import LoadFeed, Location, Region, Stale, Zone

Identity = tuple[str, Location, float | None, float]


@dataclass(frozen=True, slots=True)
class Site:
    """A region as its zones (by name) describe it.

    Where they differ in how long a load is believed, the shorter time holds, and `keep`.
    """

    region: Region
    zones: tuple[str, ...]
    feed: LoadFeed

    @property
    def name(self) -> str:
        """The region's name."""
        return self.region.name

    @property
    def identity(self) -> Identity:
        """What makes regions of several zones one."""
        return identity(self.region)


def identity(region: Region) -> Identity:
    """What makes regions of several zones one."""
    return region.name, region.location, region.capacity, region.soft


class Sites:
    """All sites, in the order in which zones name them."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        """`list` is what numbers of sites count in."""
        found: dict[Identity, list[Zone]] = {}
        regions: dict[Identity, Region] = {}
        for zone in zones:
            for region in zone.regions.values():
                found.setdefault(identity(region), []).append(zone)
                regions.setdefault(identity(region), region)
        self.list = tuple(_site(regions[key], here) for key, here in found.items())
        self._numbers = {
            (zone, site.name): number
            for number, site in enumerate(self.list)
            for zone in site.zones
        }

    @property
    def numbers(self) -> Mapping[tuple[str, str], int]:
        """Numbers by zone and region name."""
        return self._numbers

    def named(self, region: str, zone: str | None) -> Site:
        """The site that a report is about. Raises GtmError if there is none, or more than one."""
        if zone is not None:
            absolute = zone.lower().rstrip(".") + "."
            number = self._numbers.get((absolute, region))
            if number is None:
                raise GtmError(f"cannot take a load of {region} in {zone}: {self._known(absolute)}")
            return self.list[number]
        found = [site for site in self.list if site.name == region]
        if not found:
            raise GtmError(f"cannot take a load of {region}: {self._known(None)}")
        if len(found) > 1:
            zones = " and ".join(site.zones[0].rstrip(".") for site in found)
            raise GtmError(
                f"cannot take a load of {region}: {zones} describe it differently; "
                "add `zone` to say which is meant"
            )
        return found[0]

    def _known(self, zone: str | None) -> str:
        if zone is not None and all(zone not in site.zones for site in self.list):
            return "there is no such zone"
        names = dict.fromkeys(site.name for site in self.list if zone is None or zone in site.zones)
        return f"there is no such region; there are {', '.join(names)}"


def _site(region: Region, zones: list[Zone]) -> Site:
    stale = Stale.KEEP if any(zone.load.stale is Stale.KEEP for zone in zones) else Stale.IGNORE
    feed = LoadFeed(min(zone.load.expire for zone in zones), stale)
    return Site(region, tuple(zone.name for zone in zones), feed)
