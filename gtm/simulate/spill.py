"""What regions would have in the end: the server sends clients elsewhere before one is full."""

from __future__ import annotations

from collections.abc import Mapping

from gtm.compile.compiler import Compiled
from gtm.load.allocate import allocate
from gtm.load.marks import Room
from gtm.load.sites import Sites
from gtm.load.units import crowd, units_of

Brought = Mapping[tuple[int, int], float]  # load by group number and area


def spilled(world: Compiled, brought: Brought) -> dict[str, float]:
    """The load of each region with a capacity, as the server deals that load out.

    By the very rule that it goes by (gtm.load), with nothing in the regions but what clients
    bring.
    """
    sites = Sites(world.zones)
    rooms = [
        Room() if site.region.capacity is None else Room(site.region.capacity, site.region.soft)
        for site in sites.list
    ]
    crowds = []
    for unit in units_of(world, sites.numbers):
        for area in range(len(unit.shares)):
            load = sum([brought.get((group, area), 0.0) for group in unit.groups])
            if load > 0:
                crowds.append(crowd(unit, area, load, len(rooms)))
    found: dict[str, float] = {}
    for site, load in zip(sites.list, allocate(crowds, rooms).taken, strict=True):
        if site.region.capacity is not None:
            found[site.name] = found.get(site.name, 0.0) + load
    return found
