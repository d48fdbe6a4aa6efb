"""Numbers of 128 bits in a row, which fit in no array type: IPv6 addresses.

A list of them takes 44 octets for each, this takes 16, and Rust reads it as it stands.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

HALF = 64
LOW = (1 << HALF) - 1


class Wide(Sequence[int]):
    """A sequence of numbers that grows at its end.

    `pairs` holds two halves of 64 bits for each number, the upper one first.
    """

    __slots__ = ("pairs",)

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        """Begins with these."""
        self.pairs = array("Q")
        self.extend(numbers)

    @classmethod
    def of_pairs(cls, pairs: array[int]) -> Wide:
        """Of halves that are there already."""
        found = cls()
        found.pairs = pairs
        return found

    def append(self, number: int) -> None:
        """Add a number from 0 to 2**128 - 1; OverflowError for others."""
        self.pairs.extend((number >> HALF, number & LOW))

    def extend(self, numbers: Iterable[int]) -> None:
        """Add them all."""
        if isinstance(numbers, Wide):
            self.pairs.extend(numbers.pairs)
            return
        for number in numbers:
            self.append(number)

    def __len__(self) -> int:
        """How many numbers there are."""
        return len(self.pairs) >> 1

    def __iter__(self) -> Iterator[int]:
        """The numbers in order."""
        halves = iter(self.pairs)
        return (high << HALF | low for high, low in zip(halves, halves, strict=True))

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> Wide: ...
    def __getitem__(self, at: int | slice) -> int | Wide:
        """A number, or some of them."""
        if isinstance(at, int):
            place = range(len(self))[at]
            return self.pairs[2 * place] << HALF | self.pairs[2 * place + 1]
        begin, end, step = at.indices(len(self))
        if step == 1:
            return Wide.of_pairs(self.pairs[2 * begin : 2 * end])
        return Wide(self[place] for place in range(begin, end, step))

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same numbers."""
        if isinstance(other, Wide):
            return self.pairs == other.pairs
        if isinstance(other, Sequence):
            return len(self) == len(other) and all(
                one == two for one, two in zip(self, other, strict=True)
            )
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it can grow

    def __repr__(self) -> str:
        """As it would be made."""
        return f"Wide({list(self)})"
