"""Adds up what moves, cell by cell, into a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gtm.model import Location, Zone
from gtm.simulate.outcome import Added, Move, Picture, Share, spread
from gtm.steering.cost import Cost, CostModel

Regions = tuple[str | None, str | None]
Step = tuple[float, float, float]  # kilometres added, milliseconds added, weight


class Costs:
    """What each region costs clients of a zone, each place reckoned once."""

    def __init__(self, zone: Zone) -> None:
        """By the zone's regions and measurements."""
        self._model = CostModel(tuple(zone.regions.values()), zone.latency)
        self._found: dict[Location, dict[str, Cost]] = {}

    def of(self, location: Location, region: str) -> Cost:
        """The cost of one region for clients there."""
        if location not in self._found:
            costs = self._model.costs(location)
            self._found[location] = {cost.region.name: cost for cost in costs}
        return self._found[location][region]


@dataclass(slots=True)
class Sums:
    """Amounts so far, by regions before and after, and what each move adds."""

    amounts: dict[Regions, float] = field(default_factory=dict)
    steps: dict[Regions, list[Step]] = field(default_factory=dict)
    last_resort: list[float] = field(default_factory=lambda: [0.0, 0.0])  # before, after

    def add(self, regions: Regions, amount: float) -> None:
        """Clients with these regions before and after."""
        self.amounts[regions] = self.amounts.get(regions, 0.0) + amount

    def add_step(self, regions: Regions, step: Step) -> None:
        """What moving adds for some of them."""
        self.steps.setdefault(regions, []).append(step)

    def merge(self, other: Sums, scale: float) -> None:
        """Everything that the other has, scaled."""
        for regions, amount in other.amounts.items():
            self.add(regions, amount * scale)
        for regions, steps in other.steps.items():
            scaled = ((far, long, weight * scale) for far, long, weight in steps)
            self.steps.setdefault(regions, []).extend(scaled)
        for side, amount in enumerate(other.last_resort):
            self.last_resort[side] += amount * scale

    def picture(self, order: Sequence[str]) -> Picture:
        """The regions in that order, and the largest moves first."""
        moved = {pair: amount for pair, amount in self.amounts.items() if pair[0] != pair[1]}
        largest = sorted(moved.items(), key=lambda item: -item[1])
        return Picture(
            total=sum(self.amounts.values()),
            moved=sum(moved.values()),
            shares=tuple(self._shares(order)),
            moves=tuple(
                Move(*pair, amount, added(self.steps.get(pair, ()))) for pair, amount in largest
            ),
            added=added([step for steps in self.steps.values() for step in steps]),
            last_resort_before=self.last_resort[0],
            last_resort_after=self.last_resort[1],
        )

    def _shares(self, order: Sequence[str]) -> Iterable[Share]:
        before: dict[str | None, float] = {}
        after: dict[str | None, float] = {}
        for (origin, target), amount in self.amounts.items():
            before[origin] = before.get(origin, 0.0) + amount
            after[target] = after.get(target, 0.0) + amount
        for name in (*order, None):
            if name in before or name in after:
                yield Share(name, before.get(name, 0.0), after.get(name, 0.0))


def added(steps: Sequence[Step]) -> Added | None:
    """The spread of what was added; None if nobody moved whose place is known."""
    if not steps:
        return None
    far = spread([(kilometres, weight) for kilometres, _, weight in steps])
    return Added(far, spread([(milliseconds, weight) for _, milliseconds, weight in steps]))
