"""Which part of each crowd of clients goes to which region, so that none takes more than it can.

Pure and feed-forward: the same demand always gives the same shares, and demand that changes a
little changes them a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gtm.load.cheapest import Relief
from gtm.load.level import levelled
from gtm.load.marks import Room
from gtm.load.settle import Crowd, Settlement

STEPS = 12  # halvings to find how far to fill regions: within 1/4096 of what is left of them
SMALL = 1e-5  # of a crowd: a part that no slot would be given for
LEAST = 1e-6  # of the whole load: what a crowd without any is taken to bring, to get shares too


@dataclass(frozen=True, slots=True)
class Allocation:
    """`parts` has, for each crowd, the part of it that each region gets.

    `wanted` is what the policies alone would bring to each region, `taken` what this brings.
    """

    parts: tuple[dict[int, float], ...]
    wanted: tuple[float, ...]
    taken: tuple[float, ...]


def allocate(crowds: Sequence[Crowd], rooms: Sequence[Room]) -> Allocation:
    """The parts of every crowd.

    Each region takes up to its target. What nobody takes then fills regions further, all by the
    same part of what they have left, up to their capacities. What is too much even so is above
    capacity everywhere by the same factor, among the regions that its clients can go to.
    """
    whole = max(LEAST, sum(crowd.load for crowd in crowds))
    filled = [replace(crowd, load=max(crowd.load, LEAST * whole)) for crowd in crowds]
    wanted = brought(crowds, [dict(crowd.ways(frozenset())) for crowd in crowds], len(rooms))
    steady = [number for number, crowd in enumerate(filled) if not crowd.level]
    parts: list[dict[int, float]] = [{} for _ in crowds]
    settled = _Settling([filled[number] for number in steady], rooms, wanted).run()
    for at, number in enumerate(steady):
        parts[number] = _parts(at, filled[number].load, settled)
    for number, part in levelled(filled, rooms, settled.total).items():
        parts[number] = part
    return Allocation(tuple(parts), wanted, brought(crowds, parts, len(rooms)))


def brought(
    crowds: Sequence[Crowd], parts: Sequence[dict[int, float]], regions: int
) -> tuple[float, ...]:
    """The load that each of so many regions gets."""
    loads = [0.0] * regions
    for crowd, part in zip(crowds, parts, strict=True):
        for region, share in part.items():
            loads[region] += crowd.load * share
    return tuple(loads)


def _parts(number: int, load: float, settled: Settlement) -> dict[int, float]:
    """By region, without what rounding left behind."""
    shares = {region: held.get(number, 0.0) / load for region, held in enumerate(settled.held)}
    kept = {region: share for region, share in shares.items() if share > SMALL}
    whole = sum(kept.values())
    return {region: share / whole for region, share in kept.items()}


class _Settling:
    """Settles with limits as low as leave nobody over."""

    def __init__(self, crowds: list[Crowd], rooms: Sequence[Room], wanted: Sequence[float]) -> None:
        self._crowds = crowds
        self._rooms = rooms
        self._reaches = [crowd.reach() for crowd in crowds]
        self._low = [room.target(load) for room, load in zip(rooms, wanted, strict=True)]
        self._full: list[frozenset[int]] = []

    def run(self) -> Settlement:
        """Who is where."""
        low = self._low
        high = [max(room.limit, limit) for room, limit in zip(self._rooms, low, strict=True)]
        if found := self._settled(low):
            return found
        # first those that the left over can go to; then the others, which may make room for them
        some = self._only_full(low, high)
        for least, most in ((low, some), (some, high)):
            if self._settled(most):
                return self._between(least, most)
        over = self._over(high)
        base = [
            most if most > limit else low[at]
            for at, (limit, most) in enumerate(zip(high, over, strict=True))
        ]
        return self._between(base, over)

    def _settled(self, limits: Sequence[float]) -> Settlement | None:
        """A settlement that leaves nobody over; None, with what is `full`, if that can't be."""
        found = Settlement(self._crowds, limits)
        self._full = Relief(found, self._reaches).full
        return None if self._full else found

    def _only_full(self, low: Sequence[float], high: Sequence[float]) -> list[float]:
        """The high limits for what was found full, the low ones for all others."""
        full = frozenset[int]().union(*self._full)
        return [high[at] if at in full else limit for at, limit in enumerate(low)]

    def _between(self, low: Sequence[float], high: Sequence[float]) -> Settlement:
        """Settled with limits as little above the low ones as leave nobody over."""
        least, most = 0.0, 1.0
        best = self._settled(low)
        for _ in range(0 if best else STEPS):
            middle = (least + most) / 2
            found = self._settled(_mixed(low, high, middle))
            if found is None:
                least = middle
            else:
                best, most = found, middle
        if best is None:  # by rounding, if at all
            best = Settlement(self._crowds, high)
            Relief(best, self._reaches)
        return best

    def _over(self, high: list[float]) -> list[float]:
        """The least limits above capacity: alike, for regions that can make room for each other.

        Regions that are full together are raised until some of them have room; those go no
        further, and the others are raised on.
        """
        load = sum(crowd.load for crowd in self._crowds)
        limits = high
        for _ in range(2 * len(self._rooms)):
            if self._settled(limits):
                break
            regions = self._full[0]
            whole = load + sum(self._rooms[region].fixed for region in regions)
            least, most = 1.0, 1 + whole / min(self._rooms[region].capacity for region in regions)
            for _ in range(2 * STEPS):
                if most - least < 1e-4:
                    break
                middle = (least + most) / 2
                settled = self._settled(self._raised(limits, regions, middle))
                if settled is None and any(regions <= full for full in self._full):
                    least = middle
                else:
                    most = middle
            limits = self._raised(limits, regions, most)
        return limits

    def _raised(
        self, limits: Sequence[float], regions: frozenset[int], factor: float
    ) -> list[float]:
        return [
            max(limit, factor * room.capacity - room.fixed) if region in regions else limit
            for region, (limit, room) in enumerate(zip(limits, self._rooms, strict=True))
        ]


def _mixed(low: Sequence[float], high: Sequence[float], part: float) -> list[float]:
    return [
        a if a == b else a + (b - a) * part  # both may be infinite
        for a, b in zip(low, high, strict=True)
    ]
