"""What was counted over time: rates between readings of counters, kept in bounded arrays. Pure."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from gtm.live.histogram import PARTS, percentile

MOST_COLUMNS = 512  # names (rcodes, and regions) that rates are kept for: each is an array
SLACK = 0.1  # of a step that a reading may come early
NOTHING = math.nan  # where there is no number: before the first one, or nothing was timed


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters as they stood: since the start, by (rcode, region), and by bucket of duration.

    `at` is Unix time, `clock` seconds of a clock that only goes on.
    """

    at: float
    clock: float
    counts: Sequence[int]
    durations: Sequence[int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The last while of a series: one number for each time in each list, per second.

    `percentiles` are seconds, in the order of PARTS; None where nothing was timed.
    """

    step: float
    at: list[float]
    queries: list[float]
    rcodes: dict[str, list[float]]
    regions: dict[str, list[float]]
    percentiles: tuple[list[float | None], ...]


class Series:
    """Rates every `step` seconds, the last `slots` of them."""

    def __init__(self, step: float, slots: int, window: int = 1) -> None:
        """Percentiles are of what was timed in the last `window` steps."""
        self.step = step
        self._slots = slots
        self._rows = 0
        self._at = array("d", bytes(8 * slots))
        self._queries = array("f", bytes(4 * slots))
        self._rcodes: dict[str, array[float]] = {}
        self._regions: dict[str, array[float]] = {}
        self._percentiles = tuple(array("f", [NOTHING]) * slots for _ in PARTS)
        self._timed: deque[Sequence[int]] = deque(maxlen=window + 1)
        self._last: Reading | None = None

    def add(self, reading: Reading, labels: Sequence[tuple[str, str]]) -> bool:
        """Takes a reading in if the time for one has come; whether that made a new row.

        `labels` are the (rcode, region) of its counts.
        """
        before = self._last
        if before is None:
            self._last = reading
            self._timed.append(reading.durations)
            return False
        elapsed = reading.clock - before.clock
        if elapsed < self.step * (1 - SLACK):
            return False
        self._last = reading
        self._timed.append(reading.durations)
        self._write(reading, before, labels, elapsed)
        return True

    def last(self, seconds: float) -> Stretch:
        """The rows of the last so many seconds, oldest first. Columns of zeros are left out."""
        kept = min(self._rows, self._slots, math.ceil(seconds / self.step))
        places = [(self._rows - kept + number) % self._slots for number in range(kept)]
        return Stretch(
            self.step,
            [self._at[place] for place in places],
            [self._queries[place] for place in places],
            _columns(self._rcodes, places),
            _columns(self._regions, places),
            tuple(
                [None if math.isnan(column[place]) else column[place] for place in places]
                for column in self._percentiles
            ),
        )

    def _write(
        self,
        reading: Reading,
        before: Reading,
        labels: Sequence[tuple[str, str]],
        elapsed: float,
    ) -> None:
        place = self._rows % self._slots
        self._rows += 1
        for column in (*self._rcodes.values(), *self._regions.values()):
            column[place] = 0.0
        self._at[place] = reading.at
        total = 0
        older = len(before.counts)
        for number, count in enumerate(reading.counts):
            more = count - (before.counts[number] if number < older else 0)
            if more > 0:
                total += more
                rcode, region = labels[number]
                self._raise(self._rcodes, rcode, place, more / elapsed)
                if region:
                    self._raise(self._regions, region, place, more / elapsed)
        self._queries[place] = total / elapsed
        timed = [now - then for now, then in zip(self._timed[-1], self._timed[0], strict=True)]
        for column, part in zip(self._percentiles, PARTS, strict=True):
            found = percentile(timed, part)
            column[place] = NOTHING if found is None else found

    def _raise(self, columns: dict[str, array[float]], name: str, place: int, rate: float) -> None:
        column = columns.get(name)
        if column is None:
            if len(columns) >= MOST_COLUMNS:
                return
            column = columns[name] = array("f", bytes(4 * self._slots))
        column[place] += rate


def _columns(columns: dict[str, array[float]], places: Sequence[int]) -> dict[str, list[float]]:
    found = {name: [column[place] for place in places] for name, column in list(columns.items())}
    return {name: values for name, values in found.items() if any(values)}
