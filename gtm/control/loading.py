"""From what is on disk to what is served: read, probed, compiled; at the start and whenever asked.

Bad input never replaces good: what does not load leaves the old snapshot serving, and is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gtm.checks import Target
from gtm.collector import let_go, settled
from gtm.compile.compiler import Compiled
from gtm.control.sources import Read, Reader, watched
from gtm.control.writer import Writer
from gtm.errors import GtmError, Mistake, ZoneFileError
from gtm.events import Sink, conditions
from gtm.feeds import Feeds, Known
from gtm.health import Checker
from gtm.model import Zone
from gtm.steering.lacking import lacking
from gtm.transfer.exchange import Exchange

log = structlog.get_logger("gtm")

FIRST_ROUND = 15.0  # seconds at most from start to the first answer, whatever the checks' timeouts
# seconds beyond the longest timeout: a prober takes some to start on a busy machine, and targets
# wait their turn; the round ends sooner where they don't
FIRST_ROUND_SLACK = 5.0
NO_MEMORY = (
    "cannot load: there is not enough memory for what is served and for what is to be served; "
    "allow more (MemoryMax=, ulimit -v), or load less"
)
FIRST_ROUND_RATE = 1000.0  # probes a second that a busy machine can be trusted to make


@dataclass(frozen=True, slots=True)
class Reload:
    """How the last attempt to load went; `at` is Unix time. Mistakes are for a failed one."""

    at: float
    error: str | None = None
    mistakes: tuple[Mistake, ...] = ()


@dataclass(slots=True)
class ReloadCounts:
    """Loads since the start, by how they ended."""

    succeeded: int = 0
    failed: int = 0


def unheard(reload: Reload) -> None:
    """For a load that nobody wants to hear of."""


class Loader:
    """Loads what `reader` reads, one load at a time. `last` is how the last one went.

    `on_reload` is called on the control loop after each load, and may not block.
    """

    def __init__(
        self,
        reader: Reader,
        checker: Checker,
        feeds: Feeds,
        exchange: Exchange | None,
        writer: Writer,
        tell: Sink,
        loaded: Callable[[tuple[Zone, ...]], None],
        now: Callable[[], float],
    ) -> None:
        """`tell` hears of loads that fail, `loaded` of the zones before they are served.

        `now` is Unix time.
        """
        self.reader = reader
        self.counts = ReloadCounts()
        self.last: Reload | None = None
        self.on_reload: Callable[[Reload], None] = unheard
        self._checker = checker
        self._feeds = feeds
        self._exchange = exchange
        self._writer = writer
        self._tell = tell
        self._loaded = loaded
        self._now = now
        self._next: asyncio.Task[Reload] | None = None

    async def start(self) -> None:
        """Loads for the first time. Raises GtmError if the zones or a database can't be used."""
        with settled():  # else the first load would look at all that is made here, at once
            read = await asyncio.to_thread(self.reader.read)
            await self._first_round(read)
            zones, known = await self._laid_over(read.loaded.zones)
            self._feeds.serve(known)
            self._feeds.recall()
            compiled = await self._writer.compile_beside(zones, read.geo, read.loaded.keys)
            self._succeeded(read, compiled, known)

    async def load(self) -> Reload:
        """Loads everything again; what does not load changes nothing. Never raises.

        Calls that come while a load runs share one that begins after it: it sees all they saw.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._load_in_turn())
        return await asyncio.shield(self._next)

    async def load_if_changed(self) -> None:
        """Loads again if a file differs from what was last looked at."""
        if await asyncio.to_thread(self.reader.changed):
            await self.load()

    async def _load_in_turn(self) -> Reload:
        async with self._writer.turn:
            self._next = None
            try:
                with settled():
                    return await self._load()
            except GtmError as error:
                return self._failed(error)
            except MemoryError:
                return self._failed(GtmError(NO_MEMORY))
            except Exception as error:  # a fault of ours must not end reloading, or go unsaid
                log.exception("load_failed_internally")
                return self._failed(GtmError(f"cannot load: a fault of gtm's own: {error!r}"))

    async def _load(self) -> Reload:
        read = await asyncio.to_thread(self.reader.read)
        # what is new is probed before it is answered; the old snapshot serves meanwhile
        await self._probe(read)
        zones, known = await self._laid_over(read.loaded.zones)
        compiled = await self._writer.compile_beside(zones, read.geo, read.loaded.keys)
        served = self._writer.served
        parts = [] if served is None else served.parts()
        done = self._succeeded(read, compiled, known)
        del read, compiled, served
        await asyncio.to_thread(let_go, parts)
        return done

    async def _first_round(self, read: Read) -> None:
        if not read.targets:
            return
        limit = _patience(read.targets)
        log.info("probing", targets=len(read.targets), at_most_seconds=limit)
        if not await self._probe(read):
            log.warning("first_round_incomplete", seconds=limit)

    async def _probe(self, read: Read) -> bool:
        """Probes what is new once; whether all of it was probed in time."""
        self._checker.look_from(read.vantage)
        self._checker.retarget(read.targets)
        return await self._checker.first_round(_patience(read.targets))

    async def _laid_over(self, zones: tuple[Zone, ...]) -> tuple[tuple[Zone, ...], Known]:
        """The zones with what was added over DNS, and what may be reported about in them."""
        if self._exchange is not None:
            zones = await asyncio.to_thread(self._exchange.laid_over, zones)
        self._feeds.measure(zones)
        return zones, await asyncio.to_thread(Known, zones)

    def _succeeded(self, read: Read, compiled: Compiled, known: Known) -> Reload:
        self._loaded(compiled.zones)
        if self.last is not None and self.last.error is not None:
            self._tell(conditions.reload(self._now(), "what is on disk is served", over=True))
        self._feeds.serve(known)
        self._writer.publish_loaded(compiled)
        self.counts.succeeded += 1
        self.last = Reload(self._now())
        for warning in (*read.loaded.warnings, *lacking(compiled.zones, compiled.geo)):
            log.warning("zone_file", at=str(warning))
        log.info(
            "loaded",
            zones=len(compiled.zones),
            names=compiled.names,
            epoch=self._writer.epoch,
            read_seconds=round(read.seconds, 2),
            compile_seconds=round(self._writer.seconds, 2),
        )
        self.on_reload(self.last)
        return self.last

    def _failed(self, error: GtmError) -> Reload:
        self.counts.failed += 1
        mistakes = error.mistakes if isinstance(error, ZoneFileError) else ()
        self.last = Reload(self._now(), str(error), mistakes)
        if self._writer.served is not None:
            targets, vantage = watched(self._writer.served.zones)
            self._checker.look_from(vantage)
            self._checker.retarget(targets)
        self._tell(conditions.reload(self.last.at, str(error)))
        log.error("load_failed", error=str(error), still_serving_epoch=self._writer.epoch)
        for mistake in mistakes:
            log.error("zone_file", at=str(mistake))
        self.on_reload(self.last)
        return self.last


def _patience(targets: frozenset[Target]) -> float:
    """Seconds that a round of first probes may take."""
    longest = max((target.check.schedule.timeout for target in targets), default=0.0)
    return min(FIRST_ROUND, longest + FIRST_ROUND_SLACK + len(targets) / FIRST_ROUND_RATE)
