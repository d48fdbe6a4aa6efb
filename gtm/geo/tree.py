"""The search tree of a MaxMind DB file, read whole (MaxMind DB format 2.0, "Binary Search Tree
Section").

The tree is unpacked once into one array of records: node n has its left record at 2n and its
right one at 2n + 1. A record below the number of nodes is a node, equal to it means that
nothing is known, and above it points into the data section. Asking the C reader for each of some
million networks, as an address each, takes several times as long.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gtm.errors import GeoError
from gtm.geo import crunch
from gtm.geo.networks import UNKNOWN, Ranges, RangeWriter, selected

# A tree visits each node once. Writers may share equal subtrees, but a file whose tree unfolds to
# many times its size was made to keep us busy.
MAX_UNFOLDING = 4

# Zero bits in front of an IPv4 address in an IPv6 tree: IPv4 lives under ::/96.
IPV4_PREFIX = 96


@dataclass(frozen=True, slots=True)
class Reached:
    """What a tree says of one family: the values of `ranges` are indices of `data`.

    `data` has each data record that is reached once, in the order of addresses.
    """

    ranges: Ranges
    data: Sequence[int]


@dataclass(frozen=True, slots=True)
class SearchTree:
    """A search tree over IPv4 (`bits` 32) or both families (`bits` 128)."""

    records: array[int]
    node_count: int
    bits: int

    def find(self, address: int, bits: int) -> tuple[int, int]:
        """The record that an address of a family leads to, and how many of its bits lead there.

        `node_count` stands for unknown. Agrees with `ranges`, aliases included.
        """
        record, alias = self._root(bits), self._alias(bits)
        for depth in range(bits + 1):
            if record >= self.node_count:
                return record, depth
            if record == alias or depth == bits:
                break
            record = self.records[2 * record + (address >> (bits - 1 - depth) & 1)]
        return self.node_count, depth

    @property
    def network_count(self) -> int:
        """How many networks lead to data.

        Every node but the root is pointed to once, and an alias of IPv4 once more.
        """
        alias = self._alias(self.bits)
        extra = crunch.counted(self.records, alias) - 1 if alias > 0 else 0
        return self.node_count + 1 - crunch.counted(self.records, self.node_count) - extra

    def ranges(self, bits: int, value_of: Callable[[int], int]) -> Ranges:
        """All ranges of one family; `value_of` is asked once for each distinct data record."""
        found = self.reached(bits)
        return selected(found.ranges, [value_of(record) for record in found.data])

    def reached(self, bits: int) -> Reached:
        """All ranges of one family, by the data record that they lead to.

        IPv4 inside an IPv6 tree is reached as IPv4 only: ::/96 and its aliases (::ffff:0:0/96,
        2001::/32, 2002::/16) count as unknown in the IPv6 ranges, or IPv4 would be there four
        times over. Raises GeoError when the tree is cyclic, too deep or shared out of measure.
        """
        root, alias = self._root(bits), self._alias(bits)
        if not crunch.BUILT:
            return self._reached(root, bits, alias)
        try:
            starts, values, data = crunch.reached(self.records, self.node_count, root, alias, bits)
        except ValueError as error:
            raise GeoError(str(error)) from error
        return Reached(Ranges(bits, starts, values), data)

    def _reached(self, root: int, bits: int, alias: int) -> Reached:
        numbers = {self.node_count: UNKNOWN, alias: UNKNOWN}
        data = array("I")
        writer = RangeWriter(bits)
        for record, first in self._leaves(root, bits, alias):
            value = numbers.get(record)
            if value is None:
                value = numbers[record] = len(data)
                data.append(record)
            writer.add(first, value)
        return Reached(writer.ranges(), data)

    def _leaves(self, root: int, bits: int, alias: int) -> Iterator[tuple[int, int]]:
        """What ends a path, with its first address, from the lowest up; `alias` is not entered."""
        records, node_count = self.records, self.node_count
        steps = MAX_UNFOLDING * node_count + bits
        # (record, first address, half the size of its network; 0 for a single address)
        waiting = [(root, 0, 1 << (bits - 1))]
        while waiting:
            record, first, half = waiting.pop()
            while record < node_count and record != alias:
                steps -= 1
                if not half or not steps:
                    raise GeoError("the search tree is cyclic")
                right = records[2 * record + 1]
                record = records[2 * record]
                if record >= node_count:
                    yield record, first
                    record = right
                    first += half
                else:
                    waiting.append((right, first + half, half >> 1))
                half >>= 1
            yield record, first

    def _alias(self, bits: int) -> int:
        """The node where IPv4 begins, which the IPv6 ranges leave out; -1 for no such node."""
        start = self._root(32) if bits == 128 else 0
        return start if 0 < start < self.node_count else -1

    def _root(self, bits: int) -> int:
        """Where the tree of one family begins."""
        if bits == self.bits:
            return 0
        record = 0
        if self.bits == 32:
            return self.node_count  # an IPv4 file knows nothing of IPv6
        for _ in range(IPV4_PREFIX):
            if record >= self.node_count:
                break
            record = self.records[2 * record]
        return record


def unpack(tree: memoryview, record_size: int) -> array[int]:
    """The records of a tree of 24, 28 or 32 bits each as integers.

    Whole columns of bytes are copied by slices, which is C speed without a C module.
    """
    if crunch.BUILT and record_size in (24, 28, 32):
        return crunch.unpacked(tree, record_size)
    columns = {24: _columns_24, 28: _columns_28, 32: _columns_32}[record_size](tree)
    records = array("I")
    packed = bytearray(len(columns[0]) * 4)
    for place, column in enumerate(columns):
        packed[3 - place :: 4] = column
    records.frombytes(packed)
    if sys.byteorder == "big":
        records.byteswap()
    return records


def _columns_24(tree: memoryview) -> list[bytes]:
    """Most significant byte first: column i holds byte i of every record."""
    size = len(tree) // 3
    return [bytes(size), *(bytes(tree[byte::3]) for byte in range(3))]


def _columns_28(tree: memoryview) -> list[bytes]:
    """The middle byte of a node's seven holds the top four bits of left and of right record."""
    middle = bytes(tree[3::7])
    columns = [_zip(middle.translate(_HIGH), middle.translate(_LOW))]
    columns += [_zip(bytes(tree[byte::7]), bytes(tree[byte + 4 :: 7])) for byte in range(3)]
    return columns


def _columns_32(tree: memoryview) -> list[bytes]:
    return [bytes(tree[byte::4]) for byte in range(4)]


def _zip(left: bytes, right: bytes) -> bytes:
    joined = bytearray(2 * len(left))
    joined[0::2] = left
    joined[1::2] = right
    return bytes(joined)


_HIGH = bytes(byte >> 4 for byte in range(256))
_LOW = bytes(byte & 15 for byte in range(256))
