"""Who asks where: clients as their policies send them, and on from full regions by the policy.

Clients whose policy knows no costs go on as the policy sends them without the region that turns
them away, the same part of each crowd. Those with costs stay where they ask first: for them
`cheapest` finds who loses least.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

ROUNDS = 5  # for each region, in which those who are turned away ask on
CLOSE = 1e-10  # of the whole load: what is over a limit by less is not over it

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

    def reach(self) -> frozenset[int]:
        """All regions that the crowd can be sent to."""
        found: frozenset[int] = frozenset()
        while ways := self.ways(found):
            found |= {region for region, _ in ways}
        return found


class Settlement:
    """Who is where: `held` is by region and crowd, `total` by region."""

    def __init__(self, crowds: Sequence[Crowd], limits: Sequence[float]) -> None:
        """Limits are kept as far as clients without costs can go on."""
        self.crowds = crowds
        self.limits = limits
        self.close = CLOSE * (sum(crowd.load for crowd in crowds) or 1.0)
        self.held: list[dict[int, float]] = [{} for _ in limits]
        self.total = [0.0] * len(limits)
        self._closed: list[frozenset[int]] = [frozenset() for _ in crowds]
        for number, crowd in enumerate(crowds):
            self._ask(number, crowd.load)
        for _ in range(ROUNDS * len(limits)):
            moved = [self._turn_away(region) for region in self.over()]
            if not any(moved):
                break

    def over(self) -> list[int]:
        """The regions that have more than they may."""
        return [
            region
            for region, limit in enumerate(self.limits)
            if self.total[region] > limit + self.close
        ]

    def move(self, number: int, amount: float, here: int, there: int) -> None:
        """Moves clients of a crowd from one region to another."""
        self.held[here][number] -= amount
        self.total[here] -= amount
        self._put(number, amount, there)

    def _put(self, number: int, amount: float, region: int) -> None:
        self.held[region][number] = self.held[region].get(number, 0.0) + amount
        self.total[region] += amount

    def _ask(self, number: int, amount: float) -> None:
        """Sends clients where their policy says, and on from where a ramp does not take them."""
        crowd = self.crowds[number]
        ways = crowd.ways(self._closed[number])
        ramping = frozenset(region for region, _ in ways if crowd.ramps.get(region, 1.0) < 1)
        onward = bool(ramping) and bool(crowd.ways(self._closed[number] | ramping))
        away = 0.0
        for region, share in ways:
            taken = amount * share * (crowd.ramps.get(region, 1.0) if onward else 1.0)
            self._put(number, taken, region)
            away += amount * share - taken
        if onward:
            self._closed[number] |= ramping
            self._ask(number, away)

    def _turn_away(self, region: int) -> bool:
        """Sends on what is over the limit of those who can; says whether anybody could."""
        held = self.held[region]
        free = [
            number
            for number, amount in held.items()
            if amount > 0
            and not self.crowds[number].costs
            and self.crowds[number].ways(self._closed[number] | {region})
        ]
        together = sum(held[number] for number in free)
        if together <= self.close:
            return False
        part = min(1.0, (self.total[region] - max(0.0, self.limits[region])) / together)
        going = [(number, part * held[number]) for number in free]
        for number, amount in going:
            held[number] -= amount
            self.total[region] -= amount
            self._closed[number] |= {region}
        for number, amount in going:
            self._ask(number, amount)
        return True
