"""The step from what is known of load to how clients are dealt out: all of it but the clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gtm.compile.compiler import Compiled
from gtm.load.allocate import Allocation, allocate, brought
from gtm.load.demand import Demand
from gtm.load.feeds import Report
from gtm.load.marks import Room
from gtm.load.picture import Picture, Standing
from gtm.load.sites import Identity, Sites
from gtm.load.units import Shares, Unit, as_policy_says, crowd, units_of
from gtm.steering.intake import Intake

WORTH = 0.01  # of a capacity: a region's load has to change by more for shares to change
ALIKE = 1e-3  # parts of an area that differ by less are the policy's own

Intakes = dict[int, Intake | None]  # by group number


@dataclass(frozen=True, slots=True)
class Step:
    """How clients should be dealt out: `intakes` is empty where it is well as it is."""

    intakes: Intakes
    picture: Picture


class Spill:
    """Keeps what is learnt of demand, and says how clients are dealt out."""

    def __init__(self) -> None:
        """Nothing is known of any load."""
        self.demand = Demand()

    def step(
        self,
        compiled: Compiled,
        reports: Mapping[Identity, Report],
        now: float,
        answered: Callable[[int], float] = lambda group: 0.0,
    ) -> Step:
        """What to do now, in seconds of any one clock.

        `answered` is the number of answers that a group has given so far.
        """
        sites = Sites(compiled.zones)
        units = units_of(compiled, sites.numbers)
        fresh = {key: (found.load, found.at) for key, found in reports.items() if found.fresh}
        self.demand.observe(units, now, answered)
        self.demand.learn(units, [site.identity for site in sites.list], fresh, now)
        up = {unit.sites[at] for unit in units for at in unit.up}
        standings = [
            Standing(
                site,
                reports.get(site.identity),
                fixed=self.demand.fixed(site.identity),
                up=number in up,
            )
            for number, site in enumerate(sites.list)
        ]
        if not units or not self.demand.known:
            return Step({}, Picture(tuple(standings), self.demand.known))
        return self._dealt(compiled, units, standings)

    def _dealt(self, compiled: Compiled, units: list[Unit], standings: list[Standing]) -> Step:
        rooms = [room_of(standing) for standing in standings]
        places = [(unit, area) for unit in units for area in range(len(unit.shares))]
        by_unit = [tuple(self.demand.loads(unit)) for unit in units]
        loads = [load for each in by_unit for load in each]
        crowds = [
            crowd(unit, area, load, len(rooms))
            for (unit, area), load in zip(places, loads, strict=True)
        ]
        found = allocate(crowds, rooms)
        expected = self.demand.expected(units, len(rooms))
        picture = Picture(
            tuple(
                Standing(
                    was.site,
                    was.report,
                    expected[at],
                    found.wanted[at],
                    found.taken[at],
                    was.fixed,
                    was.up,
                )
                for at, was in enumerate(standings)
            ),
            known=True,
            crowds=tuple(zip(units, by_unit, strict=True)),
        )
        intakes = _intakes(units, found, picture)
        now = brought(crowds, _given(units), len(rooms))
        worth = any(
            abs(after - before) > WORTH * room.capacity
            for before, after, room in zip(now, found.taken, rooms, strict=True)
            if math.isfinite(room.capacity)
        )
        over = any(compiled.groups[number].intake for number in intakes) and not any(
            intakes.values()
        )
        return Step(intakes if worth or over else {}, picture)


def room_of(standing: Standing) -> Room:
    """What a region can take."""
    capacity = standing.capacity
    if capacity is None:
        return Room()
    return Room(capacity, standing.site.region.soft, standing.fixed)


def _given(units: Sequence[Unit]) -> list[dict[int, float]]:
    """What each crowd is given now, by site."""
    return [
        {unit.sites[at]: share for at, share in shares.items() if at < len(unit.sites)}
        for unit in units
        for shares in unit.shares
    ]


def _intakes(units: Sequence[Unit], found: Allocation, picture: Picture) -> Intakes:
    intakes: Intakes = {}
    first = 0
    for unit in units:
        parts = found.parts[first : first + len(unit.shares)]
        first += len(unit.shares)
        intake = _intake(unit, parts, picture)
        intakes.update((number, intake) for number in unit.groups)
    return intakes


def _intake(unit: Unit, parts: Sequence[Mapping[int, float]], picture: Picture) -> Intake | None:
    """How a unit's clients are dealt out; None if that is as the policy says everywhere."""
    areas = {}
    for area, by_site in enumerate(parts):
        given = tuple(by_site.get(site, 0.0) for site in unit.sites)
        if not _alike(given, as_policy_says(unit, area)):
            areas[area] = given
    if not areas:
        return None
    return Intake(areas, tuple(picture.sites[site].words() for site in unit.sites))


def _alike(given: Sequence[float], policy: Shares) -> bool:
    return all(abs(part - policy.get(at, 0.0)) < ALIKE for at, part in enumerate(given))
