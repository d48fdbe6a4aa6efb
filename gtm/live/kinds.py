"""Tallies put in kinds: hundreds of thousands of counters as the few numbers somebody looks at."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from gtm.snapshot import Tally

K = TypeVar("K", bound=Hashable)


class Sorted(Generic[K]):
    """Numbers the kinds that a key sorts tallies in. Only grows, as tallies do."""

    def __init__(self, key: Callable[[Tally], K]) -> None:
        """No tally is known yet."""
        self.numbers = array("I")
        self.labels: list[K] = []
        self._key = key
        self._known: dict[K, int] = {}

    @property
    def count(self) -> int:
        """How many kinds there are."""
        return len(self.labels)

    def of(self, tally: Tally) -> int:
        """The kind of a tally, a new one if need be."""
        key = self._key(tally)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.labels)
            self.labels.append(key)
        return known

    def follow(self, tallies: Sequence[Tally]) -> None:
        """Sorts the tallies that came since the last time; `tallies` are all of them."""
        self.numbers.extend(map(self.of, tallies[len(self.numbers) :]))


def by_end(tally: Tally) -> tuple[str, str]:
    """How an answer ended, and the region that it gave ("" for none)."""
    return tally.rcode, tally.region


def by_region(tally: Tally) -> tuple[str, str, str]:
    """The zone, the service and the region of an answer, "" where it was not steered."""
    return tally.zone, tally.service, tally.region
