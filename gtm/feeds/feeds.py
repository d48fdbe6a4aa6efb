"""All that gateways and clients tell: reports, latency, and how much of either one may send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gtm.checks import Target
from gtm.feeds.client import Client
from gtm.feeds.holdstore import HoldStore, KeptHolds
from gtm.feeds.known import Known
from gtm.feeds.latency import LatencyFeed
from gtm.feeds.limits import Limits
from gtm.feeds.reports import Reports
from gtm.feeds.store import LatencyStore, entries_of
from gtm.health import Report, place
from gtm.model import Verdict, Zone
from gtm.steering.overlay import Overlays
from gtm.steering.verdicts import Look

SAVE_HOLDS_EVERY = 10.0  # seconds: they are believed by how long ago they were kept
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
        holds: HoldStore | None = None,
    ) -> None:
        """`clock` is monotonic seconds.

        Without a store latency does not outlive the process, without `holds` what reports hold out
        does not.
        """
        self.reports = Reports(report, overlays, on_change, _log_refusal, now)
        self.latency = LatencyFeed()
        self.limits = Limits()
        self._store = store
        self._now = now
        self._clock = clock
        self._saved = (clock(), 0)
        self._holds = holds
        self._recalled = KeptHolds()
        self._serving = False
        self._saved_holds = (clock(), 0)
        self._holds_trouble = False

    @property
    def verdict(self) -> Look:
        """What is believed of a target, by probes and reports."""
        return self.reports.verdict

    async def open(self) -> None:
        """Reads what was kept. Raises StartError."""
        if self._store is not None:
            await asyncio.to_thread(self._store.load, self.latency, self._now())
        if self._holds is not None:
            kept = await asyncio.to_thread(self._holds.load, self._now())
            self._recalled = kept.value or KeptHolds()
            if kept.trouble is not None:
                log.warning("reports_damaged", trouble=kept.trouble)

    async def close(self) -> None:
        """Keeps what was told."""
        await self._save()
        await self._save_holds()

    def serve(self, known: Known) -> None:
        """Reports are about what these zones serve from now on."""
        self.reports.follow(known)

    def recall(self) -> None:
        """Takes up what reports held out before a restart, of what is served now."""
        self.reports.recall(self._recalled, self._clock())
        self._recalled, self._serving = KeptHolds(), True

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

    async def save_holds_if_due(self) -> None:
        """Keeps what reports hold out: when that changed, and while there is any, as of now."""
        at, changes = self._saved_holds
        due = self.reports.held and self._clock() - at >= SAVE_HOLDS_EVERY
        if due or changes != self.reports.changes:
            await self._save_holds()

    async def _save_holds(self) -> None:
        if self._holds is None or not self._serving:
            return  # a start that fails must not forget what is kept
        self._saved_holds = (self._clock(), self.reports.changes)
        holds = self.reports.kept(self._clock())
        try:
            await asyncio.to_thread(self._holds.save, self._now(), holds)
        except OSError as error:
            if not self._holds_trouble:
                log.warning("reports_not_saved", error=str(error))
            self._holds_trouble = True
        else:
            self._holds_trouble = False

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
