"""What a policy decides for an area: options with shares, and how one of them is picked.

A choice becomes a plan: shares become slot counts, so that a plane only has to pick a slot.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_128

from gtm.model import AllDown
from gtm.snapshot import NOBODY, Pick, Plan

SLOTS = 2000  # of a plan whose shares have no small common measure: 0.05 % a slot
NEARLY = 1e-9  # what floating point may leave of a whole number of hundredths
STICKY_SLOTS = 1 << 16  # of a hashed plan: the shares of 65,536 hashed slots are within 0.6 %

Option = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Options (indices of the regions an answer names, nearest first), each with its share.

    Shares need not add up to 1. A choice of one option needs no picking. `names` are the options'
    own, for a hashed pick. `fallback` is set when no region was up. Where regions take only a
    fraction of their clients, the shares of a `scaled` choice are scaled by it.
    """

    options: tuple[tuple[Option, float], ...]
    pick: Pick = Pick.DRAW
    names: tuple[str, ...] = ()
    fallback: AllDown | None = None
    scaled: bool = False

    def plan(self) -> Plan:
        """The slot table."""
        if len(self.options) == 1:
            option = self.options[0][0]
            return Plan(Pick.FIRST, option, len(option), self.fallback)
        shares = [share for _, share in self.options]
        hashed = self.pick is Pick.HASH
        winners = _hashed(shares, self.names) if hashed else _in_proportion(shares)
        width = max(len(option) for option, _ in self.options)
        filled = [option + (NOBODY,) * (width - len(option)) for option, _ in self.options]
        slots = tuple(region for winner in winners for region in filled[winner])
        return Plan(self.pick, slots, width, self.fallback)


def _in_proportion(shares: Sequence[float]) -> list[int]:
    """Indices of the shares, each as often as its part of all slots."""
    counts = _exact(shares) or _exact([share * 100 for share in shares]) or _rounded(shares)
    return [index for index, count in enumerate(counts) for _ in range(count)]


def _exact(shares: Sequence[float]) -> list[int] | None:
    """The shares themselves, divided by what they have in common, if they are small and whole."""
    whole = [round(share) for share in shares]
    if not all(whole) or any(
        abs(share - near) > NEARLY for share, near in zip(shares, whole, strict=True)
    ):
        return None
    common = math.gcd(*whole)
    counts = [share // common for share in whole]
    return counts if sum(counts) <= SLOTS else None


def _rounded(shares: Sequence[float]) -> list[int]:
    """SLOTS slots by largest remainder; every share that is not zero has one at least."""
    total = sum(shares)
    exact = [share / total * SLOTS for share in shares]
    counts = [max(1, int(count)) for count in exact]
    order = sorted(range(len(exact)), key=lambda index: int(exact[index]) - exact[index])
    for index in order[: max(0, SLOTS - sum(counts))]:
        counts[index] += 1
    return counts


def _hashed(shares: Sequence[float], names: Sequence[str]) -> list[int]:
    """For each slot the option that wins it, by weighted rendezvous.

    Each option draws a number for each slot, from its own name alone; the smallest, as weighted,
    wins. So an option that goes loses its slots to the others, and no slot moves between them.
    """
    scores = [
        [draw / share for draw in _draws(name)] for name, share in zip(names, shares, strict=True)
    ]
    return [row.index(min(row)) for row in zip(*scores, strict=True)]


@lru_cache(maxsize=256)
def _draws(name: str) -> Sequence[float]:
    """Exponentially distributed numbers of an option, one for each slot."""
    octets = shake_128(name.encode()).digest(8 * STICKY_SLOTS)
    return array("d", (-math.log((number + 1) / 2**64) for number in array("Q", octets)))


ENDPOINT_SLOTS = 1024  # of a region whose endpoints are picked by hash


@lru_cache(maxsize=4096)
def hashed_starts(rdata: tuple[bytes, ...], weights: tuple[int, ...]) -> tuple[int, ...]:
    """Which record begins the answer, for each hashed slot: by weighted rendezvous, as above."""
    scores = [
        [draw / (weight or 1e-9) for draw in _draws(packed.hex())[:ENDPOINT_SLOTS]]
        for packed, weight in zip(rdata, weights, strict=True)
    ]
    return tuple(row.index(min(row)) for row in zip(*scores, strict=True))
