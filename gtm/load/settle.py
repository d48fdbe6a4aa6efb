"""Deferred acceptance: regions keep the clients that would lose most elsewhere.

All clients ask where their policy sends them first. A region that is asked for more than its
target keeps those who would lose most by going on, and the rest ask where they are sent next.
Who was turned away by a region does not ask there again, so it ends, and nobody is sent on who
would lose more by it than one who may stay (Gale and Shapley, 1962, with amounts for persons).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

CLOSE = 1e-10  # of the whole load: what is over a target by less is not over it

Ways = Callable[[frozenset[int]], tuple[tuple[int, float], ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Clients that are decided alike, and the load that they bring.

    `ways` says where the policy sends them, with shares that add up to 1, when some regions turn
    them away; nothing if none is left. `costs` is by region, empty where the policy knows none.
    `ramps` is the fraction that a region takes while it comes back. A `level` crowd goes where it
    makes the use of capacities even.
    """

    load: float
    ways: Ways
    costs: Sequence[float] = ()
    ramps: Mapping[int, float] = field(default_factory=dict)
    level: bool = False


class Settlement:
    """Who is where once nobody more than `limits` (by region) is kept."""

    def __init__(self, crowds: Sequence[Crowd], limits: Sequence[float]) -> None:
        """`held` is by region and crowd, `left` what of a crowd nobody takes."""
        self._crowds = crowds
        self._limits = limits
        self._close = CLOSE * (sum(crowd.load for crowd in crowds) or 1.0)
        self._losses: list[dict[int, float]] = [{} for _ in limits]
        self._closed: list[frozenset[int]] = [frozenset() for _ in crowds]
        self.held: list[dict[int, float]] = [{} for _ in limits]
        self.total = [0.0] * len(limits)
        self.left = [0.0] * len(crowds)
        for number, crowd in enumerate(crowds):
            self._ask(number, crowd.load)
        self._run()

    def _run(self) -> None:
        while over := [
            region
            for region, limit in enumerate(self._limits)
            if self.total[region] > limit + self._close
        ]:
            for region in over:
                self._turn_away(region)

    def _ask(self, number: int, amount: float) -> None:
        """Sends clients where their policy says, and on from where a ramp does not take them."""
        crowd = self._crowds[number]
        ways = crowd.ways(self._closed[number])
        if not ways:
            self.left[number] += amount
            return
        away = 0.0
        for region, share in ways:
            self._losses[region].setdefault(number, self._loss(number, region))
            taken = amount * share * crowd.ramps.get(region, 1.0)
            self.held[region][number] = self.held[region].get(number, 0.0) + taken
            self.total[region] += taken
            away += amount * share - taken
        if away > 0:
            ramping = {region for region, _ in ways if crowd.ramps.get(region, 1.0) < 1}
            self._closed[number] |= ramping
            self._ask(number, away)

    def _loss(self, number: int, region: int) -> float:
        """What clients lose by going on from a region, in the unit of their costs."""
        crowd = self._crowds[number]
        then = crowd.ways(self._closed[number] | {region})
        if not then:
            return math.inf
        if not crowd.costs:
            return 0.0
        return sum(share * crowd.costs[other] for other, share in then) - crowd.costs[region]

    def _turn_away(self, region: int) -> None:
        """Sends on those who lose least; of those who lose alike, the same part of each."""
        excess = self.total[region] - max(0.0, self._limits[region])
        held, losses = self.held[region], self._losses[region]
        going: list[tuple[int, float]] = []
        for _, alike in groupby(sorted(held, key=losses.__getitem__), key=losses.__getitem__):
            numbers = list(alike)
            together = sum(held[number] for number in numbers)
            if together <= 0:
                continue
            part = min(1.0, excess / together)
            going += [(number, part * held[number]) for number in numbers]
            excess -= part * together
            if excess <= 0:
                break
        for number, amount in going:
            held[number] -= amount
            self.total[region] -= amount
            self._closed[number] |= {region}
        for number, amount in going:
            self._ask(number, amount)
