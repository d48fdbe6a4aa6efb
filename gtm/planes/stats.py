"""What a plane counts, for one socket each; read by the control side for /metrics and status."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gtm.snapshot import Tally

# upper bounds in seconds of the request duration histogram (CoreDNS's, two finer ones before)
BUCKETS = (0.00001, 0.00005, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.064, 0.256, 1.0)


@dataclass(slots=True)
class SocketStats:
    """Counters of one socket, written by the plane's thread alone.

    `fast` has a number for each of the snapshot's tallies; `slow` counts what the reference
    responder answered. `durations` counts answers by bucket of BUCKETS, the last one unbounded.
    """

    proto: str
    family: str
    fast: list[int] = field(default_factory=list)
    slow: Counter[Tally] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    durations: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0

    def reserve(self, tallies: int) -> None:
        """Makes room for so many tallies; called before a snapshot that has them is published."""
        self.fast.extend([0] * (tallies - len(self.fast)))

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
        found = [*zip(tallies, list(stats.fast), strict=False), *list(stats.slow.items())]
        for tally, count in found:
            if tally.region and count:
                counts[tally.zone, tally.service] += count
    return counts
