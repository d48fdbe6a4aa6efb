"""Area tables: from the networks of a geo database to the areas of a set of regions.

An area is a set of client networks that get the same decision whatever is up: those of which the
policy's view is the same. Neighbouring networks of one area are merged and cut again into the
widest aligned prefixes, so that the prefix found for an address is also the widest that can be
promised to a resolver as the scope of the answer (RFC 7871 section 7.2.1).
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations

from gtm.geo import Ranges, crunch
from gtm.snapshot import AreaTable, PrefixTable
from gtm.steering.places import Places
from gtm.steering.policies import Chooser

HALF = (1 << 64) - 1  # the last 64 bits of an IPv6 address
MOST_TRIED = 1 << 18  # decisions made to find areas that are alike: about a second
TOP_BITS = 16  # of an address index a prefix table: 65,536 entries, few prefixes behind each


def build_areas(places: Places, chooser: Chooser, regions: int) -> AreaTable:
    """Maps the whole database once, for so many regions; a query never touches it again."""
    return area_table(places, chooser, *areas_of(places, chooser, regions))


def areas_of(
    places: Places, chooser: Chooser, regions: int
) -> tuple[dict[Hashable, int], list[int]]:
    """The areas' numbers by view, and each place's area."""
    every = frozenset(range(regions))
    areas: dict[Hashable, int] = {}
    by_place = [areas.setdefault(chooser.view(place, every), len(areas)) for place in places.list]
    return _merged_alike(areas, by_place, chooser, every)


def area_table(
    places: Places,
    chooser: Chooser,
    areas: dict[Hashable, int],
    by_place: Sequence[int],
    counted: bool = False,
) -> AreaTable:
    """The table of areas whose numbers are known; answers are counted by area if asked for."""
    return AreaTable(
        views=tuple(areas),
        hashed=frozenset(area for view, area in areas.items() if chooser.hashed(view)),
        v4=prefix_table(places.v4, by_place),
        v6=prefix_table(places.v6, by_place),
        asked=[0] * len(areas) if counted else None,
    )


def _merged_alike(
    areas: dict[Hashable, int], by_place: list[int], chooser: Chooser, every: frozenset[int]
) -> tuple[dict[Hashable, int], list[int]]:
    """The areas of a loose policy without those that decide alike for every set of regions up.

    Differently written rules, say, may come to the same; where there are few enough regions to
    try all sets, their clients are one area. Beyond that more areas are no less right, only
    smaller.
    """
    if not chooser.loose or len(areas) << len(every) > MOST_TRIED:
        return areas, by_place
    sets = [
        frozenset(up) for size in range(len(every) + 1) for up in combinations(sorted(every), size)
    ]
    kept: dict[Hashable, int] = {}
    number: dict[Hashable, int] = {}
    renumbered = []
    for view in areas:
        decisions = (chooser.hashed(view), tuple(chooser.choose(view, up) for up in sets))
        if decisions not in number:
            number[decisions] = kept[view] = len(number)
        renumbered.append(number[decisions])
    return kept, [renumbered[area] for area in by_place]


def prefix_table(ranges: Ranges, area_of: Sequence[int]) -> PrefixTable:
    """The ranges' values turned into areas, merged, and cut into aligned prefixes."""
    if crunch.BUILT:
        found = crunch.cut(ranges.bits, ranges.starts, ranges.values, area_of)
        return PrefixTable(ranges.bits, *found)
    starts: list[int] = []
    values = array("I")
    for first, end, area in _merged(ranges, area_of):
        for start, length in _prefixes(first, end, ranges.bits):
            starts.append(start)
            values.append(area << 8 | length)
    drop, packed = _packed(starts, ranges.bits)
    return PrefixTable(ranges.bits, drop, packed, values, _first(starts, ranges.bits))


def _packed(starts: list[int], bits: int) -> tuple[int, Sequence[int]]:
    """How many last bits can be dropped, and the starts without them in as little memory.

    No database says different things of one IPv6 /64, so 64 bits tell its prefixes apart; an
    operator may, and then all 128 are kept.
    """
    if bits == 32:
        return 0, array("I", starts)
    if any(start & HALF for start in starts):
        return 0, starts
    return 64, array("Q", [start >> 64 for start in starts])


def _merged(ranges: Ranges, area_of: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(first address, address behind the last, area) of each run of one area."""
    begin, current = 0, area_of[ranges.values[0]]
    for start, value in zip(ranges.starts, ranges.values, strict=True):
        area = area_of[value]
        if area != current:
            yield begin, start, current
            begin, current = start, area
    yield begin, 1 << ranges.bits, current


def _prefixes(first: int, end: int, bits: int) -> Iterator[tuple[int, int]]:
    """The fewest aligned prefixes that make up [first, end), as (first address, length)."""
    while first < end:
        aligned = (first & -first).bit_length() - 1 if first else bits
        size = min(aligned, (end - first).bit_length() - 1)
        yield first, bits - size
        first += 1 << size


def _first(starts: list[int], bits: int) -> array[int]:
    """For each value of an address's top bits, how many prefixes begin below it."""
    first = array("I", bytes(4 * ((1 << TOP_BITS) + 1)))
    shift, index = bits - TOP_BITS, 0
    for top in range((1 << TOP_BITS) + 1):
        bound = top << shift
        while index < len(starts) and starts[index] < bound:
            index += 1
        first[top] = index
    return first
