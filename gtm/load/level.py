"""Water filling: clients go where capacities are used least, until all are used alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gtm.load.marks import Room
from gtm.load.settle import Crowd

ROUNDS = 8  # in which crowds with different regions make room for each other


def levelled(
    crowds: Sequence[Crowd], rooms: Sequence[Room], load: Sequence[float]
) -> dict[int, dict[int, float]]:
    """The parts of the `level` crowds (by number) by region, over the load of all others."""
    numbers = [number for number, crowd in enumerate(crowds) if crowd.level]
    amounts: dict[int, dict[int, float]] = {number: {} for number in numbers}
    for _ in range(ROUNDS if len(numbers) > 1 else 1):
        for number in numbers:
            others = [
                load[region]
                + room.fixed
                + sum(amounts[other].get(region, 0.0) for other in numbers if other != number)
                for region, room in enumerate(rooms)
            ]
            amounts[number] = _filled(crowds[number], rooms, others)
    return {
        number: {region: amount / crowds[number].load for region, amount in found.items()}
        for number, found in amounts.items()
    }


def _filled(crowd: Crowd, rooms: Sequence[Room], others: Sequence[float]) -> dict[int, float]:
    capacities = {
        region: rooms[region].capacity * crowd.ramps.get(region, 1.0)
        for region, _ in crowd.ways(frozenset())
    }
    if not all(map(math.isfinite, capacities.values())):
        return {region: share * crowd.load for region, share in crowd.ways(frozenset())}
    used = {region: others[region] for region in capacities}
    return poured(crowd.load, used, capacities)


def poured(
    amount: float, used: Mapping[int, float], capacities: Mapping[int, float]
) -> dict[int, float]:
    """How much each region gets so that `used` and it, by capacity, come to the same level.

    Regions that are above the level already get nothing.
    """
    order = sorted(capacities, key=lambda region: used[region] / capacities[region])
    for count in range(len(order), 0, -1):
        among = order[:count]
        level = (amount + sum(used[region] for region in among)) / sum(
            capacities[region] for region in among
        )
        if level >= used[among[-1]] / capacities[among[-1]]:
            return {region: level * capacities[region] - used[region] for region in among}
    return {}
