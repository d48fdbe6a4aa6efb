"""Traffic cut and summed by cell: by all that steering may ask of a client, before and after.

A day's queries from millions of networks become a few thousand cells, and each decision is then
counted over cells instead of clients. The cuts are the steering's own (gtm.steering.places); which
area a cell is in is asked of the area table, by an address of the cell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from gtm.geo import Geo, Ranges
from gtm.model import Location, Network, Zone
from gtm.simulate.traffic import Clients, Span
from gtm.steering.places import Places, places
from gtm.steering.policies import networks_in

FAMILIES = (32, 128)


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


def named(zone: Zone) -> frozenset[Network]:
    """The client networks that rules of the zone name."""
    return frozenset(network for app in zone.apps for network in networks_in(app.steering))


def cells(clients: Clients, before: Places, after: Places) -> tuple[Cell, ...]:
    """The clients in cells; networks wider than a cell are split by their number of addresses."""
    sums: dict[tuple[int, int], float] = {}
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for bits in FAMILIES:
        sides = (_ranges(before, bits), _ranges(after, bits))
        for span in clients.spans(bits):
            _count(span, sides, bits, sums, found)
    return tuple(
        Cell(*found[key], weight, before.list[key[0]].location, after.list[key[1]].location)
        for key, weight in sums.items()
    )


def _ranges(side: Places, bits: int) -> Ranges:
    return side.v4 if bits == 32 else side.v6


def _count(
    span: Span,
    sides: tuple[Ranges, Ranges],
    bits: int,
    sums: dict[tuple[int, int], float],
    found: dict[tuple[int, int], tuple[int, int]],
) -> None:
    first, last, weight = span
    before, after = sides
    each = weight / (last - first + 1)
    at = first
    while at <= last:
        one = bisect_right(before.starts, at)
        two = one if after is before else bisect_right(after.starts, at)
        end = min(last + 1, _start(before.starts, one, last), _start(after.starts, two, last))
        key = (before.values[one - 1], after.values[two - 1])
        if key in sums:
            sums[key] += each * (end - at)
        else:
            sums[key] = each * (end - at)
            found[key] = (bits, at)
        at = end


def _start(starts: Sequence[int], index: int, last: int) -> int:
    return starts[index] if index < len(starts) else last + 1
