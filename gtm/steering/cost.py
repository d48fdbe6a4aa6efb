"""What a region costs a client: the round trip, measured or estimated, then biased.

    cost = RTT(client, region) + latency_weight * service time(region),
    biased by Route 53's form:
    cost * (1 - bias/100) for bias > 0, cost / (1 + bias/100) for bias < 0

RTT is the measured value for the smallest area that has one, else 1 ms and 0.015 ms for each
great-circle kilometre: light in fibre takes 0.01 ms there and back, routes are about half as
long again. The service time is what the region's endpoints take to answer a probe, without the
network's part: gtm probes from one place, and distance must not count twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gtm.model import GeoCode, Location, MeasuredLatency, Region

EARTH_RADIUS = 6371.0088  # kilometres, mean (IUGG)
BASE_RTT = 1.0  # milliseconds: the last mile and the servers
RTT_PER_KILOMETRE = 0.015  # milliseconds
NOTHING_ADDED: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Cost:
    """A region's cost for a client with its parts; milliseconds and kilometres.

    `measured` is the area whose measurement was taken, None where the RTT is an estimate.
    `service` is what the region's service time adds, as the policy weighs it.
    """

    region: Region
    rtt: float
    distance: float
    measured: GeoCode | None
    cost: float
    service: float = 0.0


Point = tuple[float, float, float]


def point(location: Location) -> Point:
    """The location as a unit vector from the globe's centre."""
    latitude, longitude = math.radians(location.latitude), math.radians(location.longitude)
    return (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )


def distance(a: Point, b: Point) -> float:
    """Great-circle kilometres between two points, by the chord (exact for near ones too)."""
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.dist(a, b) / 2))


def biased(cost: float, bias: int) -> float:
    """The cost after Route 53's bias: above 0 draws clients in, below 0 pushes them away."""
    return cost * (1 - bias / 100) if bias >= 0 else cost / (1 + bias / 100)


class CostModel:
    """Costs of a set of regions, for clients anywhere.

    `order` of the regions is the operator's; it breaks ties, and decides alone for clients whose
    place is not known.
    """

    def __init__(
        self,
        regions: Sequence[Region],
        latency: Sequence[MeasuredLatency],
        service: Mapping[str, float] = NOTHING_ADDED,
    ) -> None:
        """Measurements for the smallest areas are looked at first.

        `service` is what service time adds (milliseconds), by region name.
        """
        self.regions = tuple(regions)
        self._service = service
        self._points = [point(region.location) for region in regions]
        self._latency = sorted(latency, key=lambda measured: -measured.area.depth)
        self._estimated = [
            (here, service.get(region.name, 0.0), region.bias)
            for here, region in zip(self._points, self.regions, strict=True)
        ]

    def costs(self, location: Location) -> tuple[Cost, ...]:
        """The cost of each region for a client there, in the regions' order."""
        there = point(location)
        areas = [measured for measured in self._latency if measured.area.covers(location)]
        return tuple(
            self._cost(region, distance(there, here), areas)
            for region, here in zip(self.regions, self._points, strict=True)
        )

    def figures(self, location: Location) -> list[tuple[bool, float]]:
        """Of each region whether its round trip is an estimate, and its cost, as `costs` has them.

        Without what only people want to know, as this is asked for every place of a database.
        """
        if any(measured.area.covers(location) for measured in self._latency):
            return [(cost.measured is None, cost.cost) for cost in self.costs(location)]
        there, dist, asin = point(location), math.dist, math.asin
        figures = []
        for here, added, bias in self._estimated:
            far = 2 * EARTH_RADIUS * asin(min(1.0, dist(there, here) / 2))
            cost = BASE_RTT + RTT_PER_KILOMETRE * far + added
            figures.append((True, biased(cost, bias) if bias else cost))
        return figures

    def _cost(self, region: Region, far: float, areas: list[MeasuredLatency]) -> Cost:
        for measured in areas:
            rtt = measured.milliseconds.get(region.name)
            if rtt is not None:
                return self._with_service(region, rtt, far, measured.area)
        return self._with_service(region, BASE_RTT + RTT_PER_KILOMETRE * far, far, None)

    def _with_service(
        self, region: Region, rtt: float, far: float, measured: GeoCode | None
    ) -> Cost:
        added = self._service.get(region.name, 0.0)
        return Cost(region, rtt, far, measured, biased(rtt + added, region.bias), added)

    def ranking(self, location: Location | None) -> tuple[int, ...]:
        """Indices of the regions from the cheapest on; the regions' order if nothing is known."""
        indices = range(len(self.regions))
        if location is None:
            return tuple(indices)
        costs = self.costs(location)
        return tuple(sorted(indices, key=lambda index: costs[index].cost))
