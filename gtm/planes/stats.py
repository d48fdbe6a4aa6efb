"""What a plane counts, for one socket each; read by the control side for /metrics and status."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gtm.snapshot import Tally

# upper bounds in seconds of the request duration histogram (CoreDNS's, two finer ones before)
BUCKETS = (0.00001, 0.00005, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.064, 0.256, 1.0)


@dataclass(slots=True)
class SocketStats:
    """Counters of one socket, written by the plane's thread alone.

    `fast` has a number for each of the snapshot's tallies; `slow` counts what the reference
    responder answered; `native` has pairs of a tally's number and what threads of Rust counted for
    it, where there is something. `limited` counts answers over the rate limit, by what became of
    them: `cut` or `drop`. `durations` counts answers by bucket of BUCKETS, the last one
    unbounded. `open` connections are there now, `opened` came so far.
    """

    proto: str
    family: str
    fast: list[int] = field(default_factory=list)
    native: Sequence[tuple[int, int]] = ()
    slow: Counter[Tally] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    durations: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0
    open: int = 0
    opened: int = 0

    def reserve(self, tallies: int) -> None:
        """Makes room for so many tallies; called before a snapshot that has them is published."""
        self.fast.extend([0] * (tallies - len(self.fast)))

    def answers(self, tallies: Sequence[Tally]) -> Iterator[tuple[Tally, int]]:
        """What was answered, with counts above 0; `tallies` are the snapshot's."""
        for tally, count in zip(tallies, list(self.fast), strict=False):
            if count:
                yield tally, count
        for number, count in self.native:
            if number < len(tallies):  # what was counted just now may be newer than they are
                yield tallies[number], count
        yield from list(self.slow.items())

    def total(self) -> int:
        """How many answers."""
        return sum(self.fast) + sum(count for _, count in self.native) + self.slow.total()

    def observe(self, seconds: float) -> None:
        """How long one answer took; not every answer is timed."""
        self.durations[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds


def answers_by_service(
    every: Iterable[SocketStats], tallies: Sequence[Tally]
) -> Counter[tuple[str, str]]:
    """Steered answers so far, by zone and service, over all sockets."""
    counts: Counter[tuple[str, str]] = Counter()
    for stats in every:
        for tally, count in stats.answers(tallies):
            if tally.region:
                counts[tally.zone, tally.service] += count
    return counts


# --- few numbers, for who looks every second ----------------------------------------------


class Kinds(Protocol):
    """Tallies put in kinds, of which there are `count`; `numbers` has the kind of each by number.

    Tallies that are newer than that have no kind yet, and are left out.
    """

    numbers: array[int]

    @property
    def count(self) -> int:
        """How many kinds there are."""
        ...

    def of(self, tally: Tally) -> int:
        """The kind of a tally, a new one if need be."""
        ...


@dataclass(frozen=True, slots=True)
class Sums:
    """Answers so far by kind of tally, and timed ones by bucket of BUCKETS."""

    counts: array[int]
    durations: list[int]

    @classmethod
    def none(cls, kinds: int) -> Sums:
        """Nothing of so many kinds."""
        return cls(array("Q", bytes(8 * kinds)), [0] * (len(BUCKETS) + 1))

    def add(self, every: Iterable[SocketStats], kinds: Kinds) -> None:
        """Adds what sockets have counted in Python. For a worker thread: it may take a while."""
        counts, numbers = self.counts, kinds.numbers
        for stats in every:
            for kind, count in zip(numbers, list(stats.fast), strict=False):
                if count:
                    counts[kind] += count
            for tally, count in list(stats.slow.items()):
                kind = kinds.of(tally)
                counts.extend([0] * (kind + 1 - len(counts)))  # if there was none like it
                counts[kind] += count
            for bucket, count in enumerate(stats.durations):
                self.durations[bucket] += count
