"""What regions would have to carry without some of them, by the rule that the server goes by. Pure.

The crowds of the latest step of `gtm.load` are dealt out again with fewer regions up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gtm.load.allocate import allocate
from gtm.load.picture import Picture, Standing
from gtm.load.spill import room_of
from gtm.load.units import Unit, crowd

Shares = Mapping[int, Mapping[int, float]]  # by area and region, as plans count


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`loads` by (zone, region), `wanted` likewise what policies alone would bring there.

    `shares` are those of the group asked for, None where it has no region with a capacity.
    """

    loads: Mapping[tuple[str, str], float]
    wanted: Mapping[tuple[str, str], float]
    shares: Shares | None


def foresee(
    picture: Picture, group: int, left: Callable[[Unit], frozenset[int]]
) -> Foreseen | None:
    """With only those regions of each unit `left`; None while nothing is known of load.

    A unit that has none left keeps those it has: they are answered as if they were up. What clients
    bring is set right by what regions report now, so that no load appears or is lost.
    """
    if not picture.known or not picture.crowds:
        return None
    right = _reported(picture)
    units = [replace(unit, up=left(unit) or unit.up) for unit, _ in picture.crowds]
    every = [
        crowd(unit, area, right * load, len(picture.sites))
        for unit, (_, loads) in zip(units, picture.crowds, strict=True)
        for area, load in enumerate(loads)
    ]
    up = {unit.sites[at] for unit in units for at in unit.up}
    rooms = [room_of(standing) for standing in picture.sites]
    found = allocate(every, rooms)
    return Foreseen(
        _named(picture, found.taken, up),
        _named(picture, found.wanted, up),
        _shares(units, found.parts, group),
    )


def _reported(picture: Picture) -> float:
    """How many times what was reckoned the regions have that say what they have."""
    fresh = [
        (standing.report.load - standing.fixed, standing.expected)
        for standing in picture.sites
        if standing.report is not None and standing.report.fresh and standing.expected is not None
    ]
    reported, reckoned = sum(load for load, _ in fresh), sum(load for _, load in fresh)
    return reported / reckoned if reported > 0 and reckoned > 0 else 1.0


def _named(
    picture: Picture, loads: tuple[float, ...], up: set[int]
) -> dict[tuple[str, str], float]:
    return {
        (zone, standing.site.name): load + (standing.fixed if number in up else 0.0)
        for number, (standing, load) in enumerate(zip(picture.sites, loads, strict=True))
        for zone in standing.site.zones
    }


def _shares(units: list[Unit], parts: tuple[dict[int, float], ...], group: int) -> Shares | None:
    first = 0
    for unit in units:
        count = len(unit.decider.areas.views)
        if group in unit.groups:
            regions = {site: at for at, site in enumerate(unit.sites)}
            return {
                area: {regions[site]: part for site, part in by_site.items()}
                for area, by_site in enumerate(parts[first : first + count])
            }
        first += count
    return None


def standing_of(picture: Picture, zone: str, region: str) -> Standing | None:
    """How a region of a zone stands; None before anything was looked at."""
    here = (each for each in picture.sites if each.site.name == region)
    return next((each for each in here if zone in each.site.zones), None)
