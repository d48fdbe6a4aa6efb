"""All that gateways and clients tell: reports, latency, and how much of either one may send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gtm.checks import Target
from gtm.feeds.client import Client
from gtm.feeds.known import Known
from gtm.feeds.latency import LatencyFeed
from gtm.feeds.limits import Limits
from gtm.feeds.reports import Reports
from gtm.feeds.store import LatencyStore, entries_of
from gtm.health import Report, place
from gtm.model import Verdict, Zone
from gtm.steering.overlay import Overlays
from gtm.steering.verdicts import Look

SAVE_EVERY = 300.0  # seconds: what a crash may forget of the latency feed

log = structlog.get_logger("gtm.feeds")


class Feeds:
    """The layer between what probes find and what steering goes by. `now` is Unix time."""

    def __init__(
        self,
        report: Callable[[Target], Report],
        overlays: Callable[[], Overlays],
        on_change: Callable[[Target, Verdict, Verdict], None],
        now: Callable[[], float],
        clock: Callable[[], float],
        store: LatencyStore | None = None,
    ) -> None:
        """`clock` is monotonic seconds. Without a store latency does not outlive the process."""
        self.reports = Reports(report, overlays, on_change, _log_refusal, now)
        self.latency = LatencyFeed()
        self.limits = Limits()
        self._store = store
        self._now = now
        self._clock = clock
        self._saved = (clock(), 0)

    @property
    def verdict(self) -> Look:
        """What is believed of a target, by probes and reports."""
        return self.reports.verdict

    async def open(self) -> None:
        """Reads what was kept."""
        if self._store is not None:
            await asyncio.to_thread(self._store.load, self.latency, self._now())

    async def close(self) -> None:
        """Keeps what was told."""
        await self._save()

    def serve(self, known: Known) -> None:
        """Reports are about what these zones serve from now on."""
        self.reports.follow(known)

    def step(self) -> None:
        """Takes out and puts back what reports and probes call for. Once a second or so."""
        self.reports.step(self._clock())

    def measure(self, zones: tuple[Zone, ...]) -> bool:
        """Takes in what latency samples come to; whether it differs from what the zones have."""
        self.latency.follow(zones, self._now(), self._clock())
        laid = self.laid_over(zones)
        return any(one.latency != other.latency for one, other in zip(zones, laid, strict=True))

    def laid_over(self, zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
        """The zones with what was measured."""
        return tuple(self.latency.laid_over(zone) for zone in zones)

    def sample(
        self, reporter: str, client: Client, region: str, milliseconds: float, count: int = 1
    ) -> None:
        """One round trip, or `count` alike."""
        self.reports.hear(reporter).items += 1
        self.latency.add(reporter, client, region, milliseconds, self._now(), count)

    async def save_if_due(self) -> None:
        """Keeps what was told since it was last kept, every few minutes."""
        at, samples = self._saved
        if self._clock() - at >= SAVE_EVERY and self.latency.samples != samples:
            await self._save()

    async def _save(self) -> None:
        if self._store is None or self._saved[1] == self.latency.samples:
            return
        self._saved = (self._clock(), self.latency.samples)
        try:
            await asyncio.to_thread(self._store.save, entries_of(self.latency))
        except OSError as error:
            log.warning("latency_not_saved", path=str(self._store.path), error=str(error))


def _log_refusal(target: Target, words: str) -> None:
    log.warning("reports_not_followed", endpoint=place(target), reason=words)
