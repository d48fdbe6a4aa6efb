"""Traffic cut and summed by cell: by all that steering may ask of a client, before and after.

A day's queries from millions of networks become a few thousand cells, and each decision is then
counted over cells instead of clients. The cuts are the steering's own (gtm.steering.places); which
area a cell is in is asked of the area table, by an address of the cell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtm.geo import Geo, Ranges
from gtm.model import Clients as Named
from gtm.model import Location, Zone
from gtm.steering.places import Places, places
from gtm.steering.policies import words_of

if TYPE_CHECKING:
    from gtm.simulate.traffic import Clients, Span

FAMILIES = (32, 128)
Key = tuple[int, int]  # numbers of the places before and after


@dataclass(frozen=True, slots=True)
class Cell:
    """Clients that no decision of the zone tells apart: one of their addresses, and their weight.

    `before` and `after` are their locations as the zone has it then.
    """

    bits: int
    address: int
    weight: float
    before: Location | None
    after: Location | None


def ground(zone: Zone, geo: Geo) -> Places:
    """Address space as any steering of the zone may cut it; `geo` is the zone's own view."""
    return places(geo, sorted(named(zone), key=str))


def named(zone: Zone) -> frozenset[Named]:
    """The client networks and ASes that rules of the zone name."""
    return frozenset(word for word in words_of(zone))


def cells(clients: Clients, before: Places, after: Places) -> tuple[Cell, ...]:
    """The clients in cells; networks wider than a cell are split by their number of addresses."""
    sums: dict[Key, float] = {}
    found: dict[Key, tuple[int, int]] = {}
    for bits in FAMILIES:
        one, two = _ranges(before, bits), _ranges(after, bits)
        for at, key, weight in _pieces(clients.spans(bits), one, two):
            if key in sums:
                sums[key] += weight
            else:
                sums[key] = weight
                found[key] = (bits, at)
    return tuple(
        Cell(*found[key], weight, before.list[key[0]].location, after.list[key[1]].location)
        for key, weight in sums.items()
    )


def _ranges(side: Places, bits: int) -> Ranges:
    return side.v4 if bits == 32 else side.v6


def _pieces(
    spans: Iterable[Span], before: Ranges, after: Ranges
) -> Iterator[tuple[int, Key, float]]:
    """(an address, places before and after, weight) of each piece of the spans."""
    starts, values = (*before.starts, 1 << before.bits), before.values
    others, other_values = starts, after.values
    if after is not before:
        others = (*after.starts, 1 << after.bits)
    for first, last, weight in spans:
        one = bisect_right(starts, first)
        two = one if others is starts else bisect_right(others, first)
        if last < starts[one] and last < others[two]:  # as nearly all of them are
            yield first, (values[one - 1], other_values[two - 1]), weight
            continue
        each, at = weight / (last - first + 1), first
        while at <= last:
            one, two = bisect_right(starts, at), bisect_right(others, at)
            end = min(last + 1, starts[one], others[two])
            yield at, (values[one - 1], other_values[two - 1]), each * (end - at)
            at = end
