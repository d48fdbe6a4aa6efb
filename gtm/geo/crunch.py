"""Work on millions of ranges done in Rust, where the native module is built.

Each function does what its namesake in Python does (gtm.geo.networks, gtm.geo.tree,
gtm.steering.areas), which is the reference; Python's lock is let go meanwhile, so that packets are
answered. First addresses are arrays of "I" for IPv4, and `Wide` for IPv6.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from gtm.geo.wide import Wide

try:
    from gtm import _native

    BUILT = True
except ImportError:
    BUILT = False

PART = 1 << 18  # octets, a multiple of every number's

Starts = Sequence[int]
Written = tuple[Starts, "array[int]"]  # first addresses and values of ranges


def unpacked(tree: memoryview, record_size: int) -> array[int]:
    """The records of a search tree of 24, 28 or 32 bits each as integers."""
    return _array("I", _native.unpacked(tree, record_size))


def reached(
    records: array[int], nodes: int, root: int, alias: int, bits: int
) -> tuple[Starts, array[int], array[int]]:
    """What a search tree says of a family: ranges whose values are indices of data records.

    `alias` is a node that is not entered, -1 for none. Raises ValueError for a tree that is cyclic,
    too deep or shared out of measure.
    """
    starts, values, data = _native.reached(records, nodes, root, alias, bits)
    return _starts(bits, starts), _array("i", values), _array("I", data)


def counted(numbers: array[int], wanted: int) -> int:
    """How many of the numbers (an array of "I") are the one wanted."""
    return _native.counted(numbers, wanted) if BUILT else numbers.count(wanted)


def selected(bits: int, starts: Starts, values: array[int], meaning: Sequence[int]) -> Written:
    """Ranges with another value for each of theirs, merged."""
    found = _native.selected(bits, _flat(bits, starts), values, array("i", meaning))
    return _starts(bits, found[0]), _array("i", found[1])


def crossed(bits: int, one: Written, two: Written, numbers: dict[tuple[int, int], int]) -> Written:
    """Ranges whose values number the pairs of the values of both; new pairs are added."""
    known = array("i", (value for pair in numbers for value in pair))
    starts, values, flat = _native.crossed(
        bits, _flat(bits, one[0]), one[1], _flat(bits, two[0]), two[1], known
    )
    pairs = iter(_array("i", flat)[len(known) :])
    for pair in zip(pairs, pairs, strict=True):
        numbers[pair] = len(numbers)
    return _starts(bits, starts), _array("i", values)


def filled(bits: int, upper: Written, lower: Written) -> Written:
    """The upper ranges wherever they know a value, else the lower ones."""
    starts, values = _native.filled(
        bits, _flat(bits, upper[0]), upper[1], _flat(bits, lower[0]), lower[1]
    )
    return _starts(bits, starts), _array("i", values)


def cut(
    bits: int, starts: Starts, values: array[int], area_of: Sequence[int]
) -> tuple[int, Starts, array[int], array[int]]:
    """Ranges as aligned prefixes, as `PrefixTable` has them.

    How many last bits are dropped, first addresses without them, `area << 8 | length`, the index.
    """
    drop, octets, found, first = _native.cut(bits, _flat(bits, starts), values, array("I", area_of))
    packed: Starts = _array("Q", octets) if drop else _starts(bits, octets)
    if isinstance(packed, Wide):
        packed = list(packed)
    return drop, packed, _array("I", found), _array("I", first)


def _flat(bits: int, starts: Starts) -> array[int]:
    """Numbers as Rust reads them."""
    if bits == 128:
        return starts.pairs if isinstance(starts, Wide) else Wide(starts).pairs
    return starts if isinstance(starts, array) else array("I", starts)


def _starts(bits: int, octets: _native.Octets) -> Starts:
    return _array("I", octets) if bits == 32 else Wide.of_pairs(_array("Q", octets))


def _array(kind: str, octets: _native.Octets) -> array[int]:
    """Taken part by part, as other threads wait while a part is copied."""
    found: array[int] = array(kind)
    for begin in range(0, len(octets), PART):
        found.frombytes(octets.part(begin, PART))
    return found
