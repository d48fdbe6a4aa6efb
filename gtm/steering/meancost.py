"""What regions cost the clients of an area on average: who loses most by going elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from gtm.geo import Ranges
from gtm.steering.cost import CostModel
from gtm.steering.places import Places


def mean_costs(
    places: Places, by_place: Sequence[int], areas: int, model: CostModel
) -> tuple[tuple[float, ...], ...]:
    """For each area the mean cost of each region, over its IPv4 addresses, in milliseconds.

    An address stands for a client. Places without IPv4 addresses count as one, and clients whose
    place is not known cost the same everywhere.
    """
    sizes = _sizes(places.v4, len(places.list))
    sums = [[0.0] * len(model.regions) for _ in range(areas)]
    counts = [0.0] * areas
    for place, area, size in zip(places.list, by_place, sizes, strict=True):
        if place.location is None:
            continue
        counts[area] += size
        for index, cost in enumerate(model.costs(place.location)):
            sums[area][index] += size * cost.cost
    return tuple(
        tuple(each / (count or 1.0) for each in row)
        for row, count in zip(sums, counts, strict=True)
    )


def _sizes(ranges: Ranges, places: int) -> list[float]:
    """How many addresses each place has; one at least."""
    sizes = [1.0] * places
    ends = [*ranges.starts[1:], 1 << ranges.bits]
    for start, end, place in zip(ranges.starts, ends, ranges.values, strict=True):
        sizes[place] += end - start
    return sizes
