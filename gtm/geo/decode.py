"""The data section of a MaxMind DB file (format 2.0, "Output Data Section").

maxminddb's own decoders don't fit: the C one trusts the data (a damaged file made it read wild
memory here), and it maps the file, so that somebody who truncates the file in place kills the
process; the Python one follows every pointer anew. A city record is mostly pointers to names
that thousands of others point to as well, and remembering those is what makes this one faster.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

# Deeper than any record of a place: nested maps of names are three deep.
MAX_DEPTH = 32

# Values decoded for each byte of the file before we stop: an honest file needs less than one.
MAX_VALUES_PER_BYTE = 16

BEYOND = "a value reaches beyond the end of the data"

POINTER = 1
MAP = 7
ARRAY = 11
BOOLEAN = 14


class DataSection:
    """Decodes values at offsets in the data section; ValueError for what is not well formed."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        """The section lies in `data` from `start` up to `end`, where the metadata begins."""
        self._data = data
        self._start = start
        self._end = end
        self._targets: dict[int, object] = {}
        self._budget = MAX_VALUES_PER_BYTE * (end - start + 1)

    def decode(self, offset: int) -> object:
        """The value at an offset. What pointers lead to is shared: don't change it."""
        try:
            return self._value(self._start + offset, MAX_DEPTH)[0]
        except (IndexError, struct.error) as error:
            raise ValueError(BEYOND) from error

    def _value(self, at: int, depth: int) -> tuple[object, int]:
        """The value at a place in the file, and the place after it."""
        control = self._data[at]
        kind, size = control >> 5, control & 31
        at += 1
        if kind == POINTER:
            return self._target(size, at, depth)
        self._budget -= 1
        if not depth or self._budget < 0 or at > self._end:
            raise ValueError("values are nested too deeply or shared out of measure")
        if not kind:
            kind = self._data[at] + 7
            at += 1
        if size >= 29:
            size, at = self._long_size(size, at)
        if kind == MAP:
            return self._map(size, at, depth)
        if kind == ARRAY:
            return self._array(size, at, depth)
        if kind == BOOLEAN:
            return size != 0, at
        end = at + size
        if end > self._end:
            raise ValueError(BEYOND)
        return _SCALARS[kind](self._data[at:end]), end

    def _long_size(self, size: int, at: int) -> tuple[int, int]:
        """A size of 29 to 31 is continued in one to three bytes."""
        width = size - 28
        more = int.from_bytes(self._data[at : at + width], "big")
        return more + (29, 285, 65821)[width - 1], at + width

    def _target(self, size: int, at: int, depth: int) -> tuple[object, int]:
        """What a pointer leads to, decoded once ("Pointer" of the format)."""
        data = self._data
        if size < 8:
            target, at = size << 8 | data[at], at + 1
        elif size < 16:
            target, at = 2048 + ((size & 7) << 16 | data[at] << 8 | data[at + 1]), at + 2
        elif size < 24:
            high = (size & 7) << 24 | data[at] << 16
            target, at = 526336 + (high | data[at + 1] << 8 | data[at + 2]), at + 3
        else:
            target, at = int.from_bytes(data[at : at + 4], "big"), at + 4
        value = self._targets.get(target)
        if value is None:
            if not depth:
                raise ValueError("pointers lead in a circle")
            value = self._targets[target] = self._value(self._start + target, depth - 1)[0]
        return value, at

    def _map(self, size: int, at: int, depth: int) -> tuple[dict[str, object], int]:
        found: dict[str, object] = {}
        depth -= 1
        for _ in range(size):
            key, at = self._value(at, depth)
            if not isinstance(key, str):
                raise ValueError("the key of a map is no string")  # noqa: TRY004  # of the file
            found[key], at = self._value(at, depth)
        return found, at

    def _array(self, size: int, at: int, depth: int) -> tuple[list[object], int]:
        found = []
        for _ in range(size):
            value, at = self._value(at, depth - 1)
            found.append(value)
        return found, at


def _double(data: bytes) -> float:
    return float(struct.unpack(">d", data)[0])


def _float(data: bytes) -> float:
    return float(struct.unpack(">f", data)[0])


def _unsigned(data: bytes) -> int:
    if len(data) > 16:
        raise ValueError("an integer is longer than 128 bits")
    return int.from_bytes(data, "big")


def _signed(data: bytes) -> int:
    """32 bits in two's complement; leading zeros may be left out."""
    return int(struct.unpack(">i", data.rjust(4, b"\0"))[0])


class _Scalars(dict[int, Callable[[bytes], object]]):
    """How to read a type's bytes; a type that the format lacks is refused."""

    def __missing__(self, kind: int) -> Callable[[bytes], object]:
        raise ValueError(f"there is a value of an unknown type ({kind})")


_SCALARS = _Scalars(
    {
        2: bytes.decode,
        3: _double,
        4: bytes,
        5: _unsigned,
        6: _unsigned,
        8: _signed,
        9: _unsigned,
        10: _unsigned,
        15: _float,
    }
)
