"""The address space of one family, cut into consecutive ranges.

A geo database says the same of many neighbouring networks; ranges that are merged wherever the
value is equal are a fraction of them, and one bisection finds an address.
"""

from __future__ import annotations

import operator
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from gtm.geo import crunch
from gtm.geo.wide import Wide
from gtm.model import Network

UNKNOWN = -1
"""The value of a range of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Consecutive ranges over all addresses of one family, and a value for each.

    `bits` is 32 or 128. `starts` holds the first address of each range as an integer, ascending
    from 0; a range ends where the next one begins. `values` are indexes into a list that the
    owner keeps (UNKNOWN: none). No two neighbours have one value.
    """

    bits: int
    starts: Sequence[int]
    values: array[int]

    def __len__(self) -> int:
        """How many ranges there are."""
        return len(self.starts)

    @property
    def written(self) -> tuple[Sequence[int], array[int]]:
        """First addresses and values."""
        return self.starts, self.values

    def find(self, address: int) -> tuple[int, int, int]:
        """The value at an address, with the first and last address of its range."""
        at = bisect_right(self.starts, address) - 1
        return self.values[at], self.starts[at], self._last(at)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Every range in order, as (first, last, value)."""
        for at, (first, value) in enumerate(zip(self.starts, self.values, strict=True)):
            yield first, self._last(at), value

    def _last(self, at: int) -> int:
        return self.starts[at + 1] - 1 if at + 1 < len(self.starts) else (1 << self.bits) - 1


def new_starts(bits: int) -> array[int] | Wide:
    """Where addresses of one family are collected."""
    return array("I") if bits == 32 else Wide()


class RangeWriter:
    """Writes ranges from the lowest address up, merging neighbours of one value."""

    def __init__(self, bits: int) -> None:
        """`bits` is 32 or 128."""
        self._bits = bits
        self._starts = new_starts(bits)
        self._values = array("i")

    def add(self, first: int, value: int) -> None:
        """Begin a range at `first`, which is above all that was added (0 for the first)."""
        if not self._values or self._values[-1] != value:
            self._starts.append(first)
            self._values.append(value)

    def copy(self, source: Ranges, first: int, last: int) -> None:
        """Add what `source` says from `first` to `last`."""
        if first > last:
            return
        begin = bisect_right(source.starts, first)
        end = bisect_right(source.starts, last)
        self.add(first, source.values[begin - 1])
        if begin < end:
            self.add(source.starts[begin], source.values[begin])
            # Merged in the source, so merged here.
            self._starts.extend(source.starts[begin + 1 : end])
            self._values.extend(source.values[begin + 1 : end])

    def ranges(self) -> Ranges:
        """What was written."""
        return Ranges(self._bits, self._starts, self._values)


@dataclass(frozen=True, slots=True)
class Layer:
    """Ranges over both families, with values of one kind."""

    v4: Ranges
    v6: Ranges

    def of(self, bits: int) -> Ranges:
        """Those of the family with that many bits."""
        return self.v4 if bits == 32 else self.v6

    def selected(self, meaning: Sequence[int]) -> Layer:
        """The same with other values: `meaning` has one for each; UNKNOWN stays what it is."""
        return Layer(selected(self.v4, meaning), selected(self.v6, meaning))


def no_layer() -> Layer:
    """Nothing known of any address."""
    return Layer(unknown(32), unknown(128))


def unknown(bits: int) -> Ranges:
    """Nothing known of any address."""
    writer = RangeWriter(bits)
    writer.add(0, UNKNOWN)
    return writer.ranges()


def overlay(base: Ranges, networks: Iterable[tuple[Network, int]]) -> Ranges:
    """Lay networks over ranges: inside a network its value stands instead of the range's.

    Of nested networks the longest prefix wins; of equal ones the last. Networks of the other
    address family are left out.
    """
    writer = RangeWriter(base.bits)
    free = 0
    for first, last, value in _pieces(base.bits, networks):
        writer.copy(base, free, first - 1)
        writer.add(first, value)
        free = last + 1
    writer.copy(base, free, (1 << base.bits) - 1)
    return writer.ranges()


def _pieces(bits: int, networks: Iterable[tuple[Network, int]]) -> Iterator[tuple[int, int, int]]:
    """Cut nested networks into disjoint pieces (first, last, value), in ascending order."""
    spans = [
        (int(network.network_address), int(network.broadcast_address), value)
        for network, value in networks
        if network.max_prefixlen == bits
    ]
    # Outer before inner; the sort is stable, so of equal networks the last is the innermost.
    spans.sort(key=lambda span: (span[0], -span[1]))
    open_spans: list[tuple[int, int, int]] = []
    at = 0
    for span in [*spans, (1 << bits, 1 << bits, UNKNOWN)]:
        while open_spans and open_spans[-1][1] < span[0]:
            _, last, value = open_spans.pop()
            if at <= last:
                yield at, last, value
            at = max(at, last + 1)
        if open_spans and at < span[0]:
            yield at, span[0] - 1, open_spans[-1][2]
        open_spans.append(span)
        at = span[0]


def fill(upper: Ranges, lower: Ranges) -> Ranges:
    """`upper` wherever it knows a value, else `lower`. Both are of one family."""
    nothing = unknown(upper.bits)
    if nothing in (upper, lower):
        return lower if upper == nothing else upper
    if crunch.BUILT:
        return Ranges(upper.bits, *crunch.filled(upper.bits, upper.written, lower.written))
    writer = RangeWriter(upper.bits)
    for first, last, value in upper:
        if value == UNKNOWN:
            writer.copy(lower, first, last)
        else:
            writer.add(first, value)
    return writer.ranges()


def selected(ranges: Ranges, meaning: Sequence[int]) -> Ranges:
    """The ranges with another value for each of theirs, merged again; UNKNOWN stays UNKNOWN."""
    if crunch.BUILT:
        return Ranges(
            ranges.bits, *crunch.selected(ranges.bits, ranges.starts, ranges.values, meaning)
        )
    table = [*meaning, UNKNOWN]  # UNKNOWN is the last one's index
    values = array("i", map(table.__getitem__, ranges.values))
    writer = RangeWriter(ranges.bits)
    writer.add(0, values[0])
    changes = map(operator.ne, values, values[1:])
    for at in compress(range(1, len(values)), changes):
        writer.add(ranges.starts[at], values[at])
    return writer.ranges()


def crossed(one: Ranges, two: Ranges, numbers: dict[tuple[int, int], int]) -> Ranges:
    """Both together: ranges whose values number the pairs of theirs, in the order of `numbers`.

    One sweep over both; new pairs are added to `numbers`.
    """
    if crunch.BUILT:
        return Ranges(one.bits, *crunch.crossed(one.bits, one.written, two.written, numbers))
    writer = RangeWriter(one.bits)
    limit = 1 << one.bits
    ends, other_ends = [*one.starts[1:], limit], [*two.starts[1:], limit]
    at = index = other = 0
    while at < limit:
        pair = (one.values[index], two.values[other])
        writer.add(at, numbers.setdefault(pair, len(numbers)))
        end, other_end = ends[index], other_ends[other]
        at = min(end, other_end)
        index += end == at
        other += other_end == at
    return writer.ranges()
