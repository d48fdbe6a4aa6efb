"""Which regions the clients of each service were sent to in the last minute. Pure."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Sequence
from heapq import nlargest
from operator import sub
from typing import NamedTuple

SPAN = 60.0  # seconds that shares are counted over, at least
STEPS = 6  # of a span: the counts that are kept of it, each a few megabytes at the most


class Share(NamedTuple):
    """Answers a second of a service that gave a region, over the last minute."""

    zone: str
    service: str
    region: str
    per_second: float


class Shares:
    """Counts by (zone, service, region) as they stood, for as long as they are compared with."""

    def __init__(self) -> None:
        """Nothing was counted yet."""
        self._kept: deque[tuple[float, array[int]]] = deque()
        self._latest: tuple[float, array[int]] | None = None

    def note(self, clock: float, counts: array[int]) -> None:
        """How the counters stand now, by a clock that only goes on."""
        self._latest = clock, counts
        if not self._kept or clock - self._kept[-1][0] >= SPAN / STEPS:
            self._kept.append(self._latest)
        while len(self._kept) > 1 and clock - self._kept[1][0] >= SPAN:
            self._kept.popleft()

    def rates(
        self,
        labels: Sequence[tuple[str, str, str]],
        most: int,
        fits: Callable[[str, str], bool] | None = None,
    ) -> tuple[list[Share], int]:
        """The largest ones of the zones and services that fit, and how many there are in all.

        `labels` are those of the counts. For a worker thread: there may be hundreds of thousands.
        """
        if self._latest is None or self._latest[0] <= self._kept[0][0]:
            return [], 0
        (clock, now), (began, then) = self._latest, self._kept[0]
        before = then + array("Q", bytes(8 * (len(now) - len(then))))
        more = map(sub, now, before)
        counted = [
            (count, number)
            for number, count in enumerate(more)
            if count and labels[number][2] and (fits is None or fits(*labels[number][:2]))
        ]
        largest = nlargest(most, counted)
        found = [Share(*labels[number], count / (clock - began)) for count, number in largest]
        return found, len(counted)
