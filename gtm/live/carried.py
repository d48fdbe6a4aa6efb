"""What regions would carry if some went, of the load that they report now. Pure.

The crowds that the capacity loop dealt out last are dealt out again by its own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from gtm.compile.compiler import Compiled
from gtm.live.foresee import foresee
from gtm.load.picture import Feed, Picture
from gtm.load.units import Unit
from gtm.simulate.outcome import Load

NO_GROUP = -1  # nobody's shares are asked for

Crowd = tuple[Unit, tuple[float, ...]]


def carried(
    compiled: Compiled,
    picture: Picture,
    lost: frozenset[str],
    within: Collection[int] | None,
    rate: Callable[[int], float],
) -> tuple[Load, ...] | None:
    """Each region that has a capacity, without those that are lost to the groups `within`.

    None is all groups. `rate` is how much a group answers: services that are decided alike and of
    which some lose a region share their load by it. None while no load is known, or known of what
    is no longer served.
    """
    groups = compiled.groups
    firsts = [(unit.groups[0], unit.decider) for unit, _ in picture.crowds]
    if any(at >= len(groups) or groups[at].decider is not decider for at, decider in firsts):
        return None
    crowds = tuple(part for each in picture.crowds for part in _parted(each, within, rate))

    def left(unit: Unit) -> frozenset[int]:
        if within is not None and unit.groups[0] not in within:
            return unit.up
        names = groups[unit.groups[0]].regions
        return frozenset(at for at in unit.up if names[at] not in lost)

    found = foresee(replace(picture, crowds=crowds), NO_GROUP, left)
    if found is None:
        return None
    loads = []
    for standing in picture.sites:
        site, load = standing.site, standing.load
        key = site.zones[0], site.name
        if site.region.capacity is not None and load is not None and key in found.loads:
            after, kept = found.wanted[key], found.loads[key]
            loads.append(Load(site.name, site.region.capacity, load, after, kept))
    return tuple(loads)


def made_of(picture: Picture) -> str:
    """Where the loads come from, in a sentence."""
    bounded = [each for each in picture.sites if each.site.region.capacity is not None]
    told = [each.site.name for each in bounded if each.feed is Feed.FRESH]
    others = [each.site.name for each in bounded if each.feed is not Feed.FRESH]
    reckoned = "what their clients are reckoned to bring by what was reported before"
    if not told:
        return f"load: no region reports any now: {reckoned}; all services are in it"
    said = f"load: as {_names(told)} report it now"
    if others:
        said += f"; of {_names(others)}, which do not, {reckoned}"
    return f"{said}; all services are in it"


def _names(regions: list[str]) -> str:
    shown = ", ".join(regions[:3])
    return shown if len(regions) <= 3 else f"{shown} and {len(regions) - 3} more"


def _parted(
    crowd: Crowd, within: Collection[int] | None, rate: Callable[[int], float]
) -> Iterator[Crowd]:
    """A unit whose groups do not all lose regions is two."""
    unit, loads = crowd
    inside = tuple(at for at in unit.groups if within is None or at in within)
    outside = tuple(at for at in unit.groups if at not in inside)
    if not inside or not outside:
        yield crowd
        return
    whole = sum(map(rate, unit.groups))
    part = sum(map(rate, inside)) / whole if whole else len(inside) / len(unit.groups)
    yield replace(unit, groups=inside), tuple(part * load for load in loads)
    yield replace(unit, groups=outside), tuple((1 - part) * load for load in loads)
