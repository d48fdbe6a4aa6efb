"""Samples the planes' counters once a second, as long as the server runs.

Counters are summed in a worker thread, by kinds of which there are few; the control loop gets the
sums. Hundreds of thousands of counters cost it nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from gtm.live.kinds import Sorted, by_end, by_region
from gtm.live.series import Reading, Series, Stretch
from gtm.live.shares import Share, Shares
from gtm.planes.stats import Kinds, Sums
from gtm.snapshot import Tally

log = structlog.get_logger("gtm")

EVERY = 1.0  # seconds between two samples
SHARES_EVERY = 5.0  # seconds between two counts by service and region: the largest sums
REST = 20.0  # times as long as these took, the rest after them: they cost under 5 % of a core
SHOWN = 200  # shares in `largest`: every second they are sent to every reader
SECONDS = 900  # rows at a second each
MINUTES = 1440  # rows at a minute each
SMOOTHED = 10  # seconds that percentiles by the second are over: one answer in 32 is timed


class Traffic:
    """What was asked lately. Lives on the control loop."""

    def __init__(
        self,
        summed: Callable[[Kinds], Sums],
        tallies: Callable[[], Sequence[Tally]],
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        """`summed` sums counters by kind and may take a while, `tallies` are all of them.

        `now` is Unix time, `clock` seconds of a clock that only goes on.
        """
        self._summed = summed
        self._tallies = tallies
        self._now = now
        self._clock = clock
        self._ends = Sorted(by_end)
        self._places = Sorted(by_region)
        self._shares = Shares()
        self._due = float("-inf")  # when shares are counted again
        self._seconds = Series(EVERY, SECONDS, SMOOTHED)
        self._minutes = Series(60.0, MINUTES)
        self._heard: Callable[[], None] = lambda: None
        self._wanted: Callable[[], bool] = lambda: False
        self.largest: list[Share] = []

    def listen(self, heard: Callable[[], None], wanted: Callable[[], bool]) -> None:
        """Call this after each sample; it may not block.

        While shares are `wanted`, the largest ones are in `largest`.
        """
        self._heard, self._wanted = heard, wanted

    def shares(
        self, most: int, fits: Callable[[str, str], bool] | None = None
    ) -> tuple[list[Share], int]:
        """The largest shares of zones and services that fit, and how many there are in all.

        For a worker thread.
        """
        return self._shares.rates(self._places.labels, most, fits)

    def last(self, seconds: float) -> Stretch:
        """The last so many seconds: by the second up to 15 minutes, by the minute beyond."""
        fine = seconds <= SECONDS * EVERY
        return (self._seconds if fine else self._minutes).last(seconds)

    async def run(self) -> None:
        """Samples until it is cancelled."""
        due = self._clock()
        while True:
            try:
                await self.step()
            except Exception:  # a fault of ours must not end it: the next sample may fare better
                log.exception("sampling_traffic_failed")
            due = max(due + EVERY, self._clock() + EVERY / 2)
            await asyncio.sleep(due - self._clock())

    async def step(self) -> None:
        """One sample."""
        reading = await asyncio.to_thread(self._read)
        self._seconds.add(reading, self._ends.labels)
        self._minutes.add(reading, self._ends.labels)
        self._heard()
        if self._clock() >= self._due:
            await self._count()

    async def _count(self) -> None:
        begun = self._clock()
        most = SHOWN if self._wanted() else 0
        self.largest = await asyncio.to_thread(self._count_shares, most)
        took = self._clock() - begun
        self._due = begun + max(SHARES_EVERY - EVERY / 2, REST * took)

    def _read(self) -> Reading:
        """In a worker thread, one at a time."""
        tallies = self._tallies()
        self._ends.follow(tallies)
        sums = self._summed(self._ends)
        return Reading(self._now(), self._clock(), sums.counts, sums.durations)

    def _count_shares(self, most: int) -> list[Share]:
        """In a worker thread, one at a time."""
        self._places.follow(self._tallies())
        self._shares.note(self._clock(), self._summed(self._places).counts)
        return self.shares(most)[0] if most else []
