"""Which regions the clients of each service were sent to in the last minute. Pure."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
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

    def rates(self, labels: Sequence[tuple[str, str, str]]) -> list[Share]:
        """What was given, the most first; `labels` are those of the counts. For a thread."""
        if self._latest is None or self._latest is self._kept[0]:
            return []
        (clock, now), (began, then) = self._latest, self._kept[0]
        if clock <= began:
            return []
        fresh = array("Q", bytes(8 * (len(now) - len(then))))
        found = [
            Share(*labels[number], (count - before) / (clock - began))
            for number, (count, before) in enumerate(zip(now, then + fresh, strict=True))
            if count > before and labels[number][2]
        ]
        found.sort(key=lambda share: -share.per_second)
        return found
