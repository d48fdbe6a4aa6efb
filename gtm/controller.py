"""The one writer: turns zones, geo and verdicts into snapshots and hands them to the plane.

Everything here happens on the control loop; what takes long (reading files, compiling all of it)
runs in a worker thread on values of its own, and only its result is taken over. Bad input never
replaces good: what does not load leaves the old snapshot serving, and is said.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import structlog

from gtm.acts import Acts, Added
from gtm.aftermath import Aftermath
from gtm.checks import Target
from gtm.collector import let_go, paused, settled
from gtm.compile.app import CompiledApp
from gtm.compile.compiler import Compiled, Compiler
from gtm.dnssec.keys import KeySet
from gtm.errors import GtmError, Mistake, ServerError, ZoneFileError
from gtm.events import Sink, conditions, ignore
from gtm.feeds import Feeds, HoldStore, Known, LatencyStore
from gtm.geo import Geo
from gtm.health import Checker, Ending, Frozen, HealthStore, Remembering, Report, place
from gtm.lasting import Conditions
from gtm.load.loop import CapacityLoop, Surroundings
from gtm.load.spill import Intakes
from gtm.measured import Change as Measurement
from gtm.measured import Measured
from gtm.model import State, Verdict, Zone
from gtm.overrides import Change, Override, Register, Store, Wanted
from gtm.planes import Plane
from gtm.planes.stats import answers_by_service
from gtm.resigning import Ahead, Resigning
from gtm.sources import Read, Reader, Sources, watched
from gtm.steering.lacking import lacking
from gtm.steering.overlay import Overlays
from gtm.steering.readings import Readings
from gtm.telling import Teller
from gtm.transfer.exchange import Exchange
from gtm.transitionlog import log_changes, log_down

log = structlog.get_logger("gtm")

FIRST_ROUND = 15.0  # seconds at most from start to the first answer, whatever the checks' timeouts
FIRST_ROUND_SLACK = 1.0  # seconds beyond the longest timeout, for targets that wait their turn
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


def unheard(news: object) -> None:
    """For news that nobody listens to."""


class Controller:
    """Owns what is served. `now` is Unix time, for what people read."""

    def __init__(
        self,
        sources: Sources,
        plane: Plane,
        checker: Callable[[Callable[[Target, Verdict, Verdict], None]], Checker],
        now: Callable[[], float],
        store: Store | None = None,
        clock: Callable[[], float] = time.monotonic,
        tell: Sink = ignore,
        loaded: Callable[[tuple[Zone, ...]], None] = lambda zones: None,
        latency: LatencyStore | None = None,
        memory: HealthStore | None = None,
        holds: HoldStore | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        """`checker` makes the health checker, given what to call when a verdict changes.

        Without a store overrides do not outlive the process, without `latency` what was measured
        does not, without `memory` verdicts do not, without `holds` what reports hold out does not.
        `clock` is monotonic seconds. `tell` is called, on the control loop, with everything that
        happens, `loaded` with the zones before they are served. Without `exchange` no zone is
        copied or updated.
        """
        self.tell = tell
        self._on_loaded = loaded
        self.reader = Reader(sources, now, clock)
        self.aftermath = Aftermath()
        self._teller = Teller(tell, self.aftermath.add)
        self.plane = plane
        self.exchange = exchange
        if exchange is not None:
            plane.peers = exchange.reception
        self.checker = checker(self._verdict_changed)
        self.feeds = Feeds(
            self.checker.report, self._words, self._verdict_changed, now, clock, latency, holds
        )
        self.capacity = CapacityLoop(
            Surroundings(self._served, self._probed_load, self._answers, self._admit, plane.count),
            clock,
        )
        load = self.capacity.endpoint_load
        self.measured = Measured(self.feeds.verdict, self.checker.pace, load)
        self.checker.tell_patience(self._patience_changed)
        self.checker.tell_frozen(self._frozen)
        self.remembering = Remembering(self.checker, memory, now)
        self.checker.tell_endings(self._certificate_ends)
        self._acts = Acts(self._apps, self.feeds.verdict, self._time, self._require_free)
        self.overrides = Register(
            store,
            now,
            self._overrides_changed,
            lambda one: self._acts.objection(self.overrides, one),
        )
        self.conditions = Conditions(
            self.overrides,
            self.checker.census,
            lambda: self.reader.geo_error,
            self.capacity,
            tell,
            lambda: self.signing.standings,
        )
        self.loads = ReloadCounts()
        self.reload: Reload | None = None
        self.ready = False
        self._held = False  # another process takes over, and has read what is kept here
        # called on the control loop after each publication, and after each load; may not block
        self.on_epoch: Callable[[int], None] = unheard
        self.on_reload: Callable[[Reload], None] = unheard
        self._now = now
        self._clock = clock
        self._compiling = 0.0  # seconds that the last compile took
        self._compiler = Compiler(now)
        self.signing = Resigning(now, self._compiler.signatures)
        self._ahead = Ahead(self.readings)
        self._compiled: Compiled | None = None
        self._epoch = 0
        self._changed: set[Target] = set()
        self._ramp_timer: asyncio.TimerHandle | None = None
        self._since_load: set[Target] | None = None
        self._loading = asyncio.Lock()
        self._next_load: asyncio.Task[Reload] | None = None

    @property
    def compiled(self) -> Compiled:
        """What is served now; only asked for once `start` has returned."""
        assert self._compiled is not None  # noqa: S101  # start() either sets it or raises
        return self._compiled

    def now(self) -> float:
        """Unix time, as all here goes by it."""
        return self._now()

    def report(self, target: Target) -> Report:
        """How a target is doing."""
        return self.checker.report(target)

    # --- loading ------------------------------------------------------------------------

    async def start(self) -> None:
        """Loads, makes one full round of probes, and starts answering.

        Raises GtmError when the zones, a database or the state can't be used.
        """
        await self.overrides.open()
        await self.feeds.open()
        await self.remembering.open()
        if self.exchange is not None:
            await self.exchange.open(self._serve_exchanged)
        with settled():  # else the first load would look at all that is made here, at once
            read = await asyncio.to_thread(self.reader.read)
            await self._first_round(read)
            zones = await asyncio.to_thread(self._exchanged, read.loaded.zones)
            self.feeds.measure(zones)
            known = await asyncio.to_thread(Known, zones)
            self.feeds.serve(known)
            self.feeds.recall()
            self._since_load = set()  # probes go on while it compiles
            compiled = await self._compile_beside(zones, read.geo, read.loaded.keys)
            self._since_load = None
            self._succeeded(read, compiled, known)
        self.aftermath.finish()
        self.ready = True
        log_down(compiled.apps.values())
        self.overrides.begin()
        self.conditions.look(self._now())

    async def load(self) -> Reload:
        """Loads everything again; what does not load changes nothing. Never raises.

        Calls that come while a load runs share one that begins after it: it sees all they saw.
        """
        if self._next_load is None:
            self._next_load = asyncio.create_task(self._load_in_turn())
        return await asyncio.shield(self._next_load)

    async def _load_in_turn(self) -> Reload:
        async with self._loading:
            self._next_load = None
            self._since_load = set()
            try:
                with settled():
                    return await self._load()
            except GtmError as error:
                return self._failed(error)
            except Exception as error:  # a fault of ours must not end reloading, or go unsaid
                log.exception("load_failed_internally")
                return self._failed(GtmError(f"cannot load: a fault of gtm's own: {error!r}"))
            finally:
                self._since_load = None

    async def _load(self) -> Reload:
        read = await asyncio.to_thread(self.reader.read)
        self.checker.look_from(read.vantage)
        self.checker.retarget(read.targets)
        # what is new is probed before it is answered; the old snapshot serves meanwhile
        await self.checker.first_round(_patience(read.targets))
        zones = await asyncio.to_thread(self._exchanged, read.loaded.zones)
        self.feeds.measure(zones)
        known = await asyncio.to_thread(Known, zones)
        compiled = await self._compile_beside(zones, read.geo, read.loaded.keys)
        parts = [] if self._compiled is None else self._compiled.parts()
        done = self._succeeded(read, compiled, known)
        del read, compiled
        await asyncio.to_thread(let_go, parts)
        return done

    async def _compile_beside(
        self, zones: tuple[Zone, ...], geo: Geo, keys: Mapping[str, KeySet]
    ) -> Compiled:
        """Compiles in a worker thread, and puts in what changed meanwhile."""
        begun = self._clock()
        compiled = await asyncio.to_thread(self._compile, zones, geo, keys)
        self._compiling = self._clock() - begun
        now, words = self.readings(), self.overrides.book.overlay
        if self._since_load:
            compiled = self._compiler.refresh(compiled, self._since_load, now, self._epoch)
        return self._compiler.relaid(compiled, words, now, self._epoch)

    async def load_if_changed(self) -> None:
        """Loads again if a file differs from what was last looked at."""
        if await asyncio.to_thread(self.reader.changed):
            await self.load()

    def _compile(self, zones: tuple[Zone, ...], geo: Geo, keys: Mapping[str, KeySet]) -> Compiled:
        words, before = self.overrides.book.overlay, self._compiled
        self.measured.follow(zones, self._clock())
        measured = self.feeds.laid_over(zones)
        now = self.readings()
        compiled = self._compiler.compile(measured, geo, now, self._epoch, words, before, keys)
        self.plane.prepare(compiled.snapshot)
        return compiled

    def _time(self) -> float:
        return self._now()

    def readings(self) -> Readings:
        """What is measured and believed now, as steering goes by it."""
        return replace(
            self.measured.readings(self._now()),
            patience=self.checker.patience,
            expires=lambda target: self.checker.report(target).expires,
        )

    def _words(self) -> Overlays:
        return self.overrides.book.overlay

    async def _first_round(self, read: Read) -> None:
        if not read.targets:
            return
        limit = _patience(read.targets)
        log.info("probing", targets=len(read.targets), at_most_seconds=limit)
        self.checker.look_from(read.vantage)
        self.checker.retarget(read.targets)
        if not await self.checker.first_round(limit):
            log.warning("first_round_incomplete", seconds=limit)

    def _succeeded(self, read: Read, compiled: Compiled, known: Known) -> Reload:
        self._on_loaded(compiled.zones)
        if self.reload is not None and self.reload.error is not None:
            self.tell(conditions.reload(self._now(), "what is on disk is served", over=True))
        self.feeds.serve(known)
        # what changed while it compiled is not all that differs from what was served before
        self._publish(replace(compiled, touched={}))
        self.loads.succeeded += 1
        self.reload = Reload(self._now())
        for warning in (*read.loaded.warnings, *lacking(compiled.zones, compiled.geo)):
            log.warning("zone_file", at=str(warning))
        log.info(
            "loaded",
            zones=len(compiled.zones),
            names=compiled.names,
            epoch=self._epoch,
            read_seconds=round(read.seconds, 2),
            compile_seconds=round(self._compiling, 2),
        )
        self.on_reload(self.reload)
        return self.reload

    def _failed(self, error: GtmError) -> Reload:
        self.loads.failed += 1
        mistakes = error.mistakes if isinstance(error, ZoneFileError) else ()
        self.reload = Reload(self._now(), str(error), mistakes)
        if self._compiled is not None:
            targets, vantage = watched(self._compiled.zones)
            self.checker.look_from(vantage)
            self.checker.retarget(targets)
        self.tell(conditions.reload(self.reload.at, str(error)))
        log.error("load_failed", error=str(error), still_serving_epoch=self._epoch)
        for mistake in mistakes:
            log.error("zone_file", at=str(mistake))
        self.on_reload(self.reload)
        return self.reload

    # --- verdicts -----------------------------------------------------------------------

    def _verdict_changed(self, target: Target, before: Verdict, after: Verdict) -> None:
        """Called by the checker."""
        self._note(target)
        if not self.ready:
            return
        say = log.warning if after.state is State.DOWN else log.info
        say(f"endpoint_{after.state.value}", endpoint=place(target), reason=after.reason)

    def _frozen(self, frozen: Frozen | None) -> None:
        """Called by the checker: it believes itself cut off, or (None) no longer does."""
        reason = "verdicts are believed again" if frozen is None else frozen.reason
        self.tell(conditions.frozen(self._now(), reason, over=frozen is None))

    def _certificate_ends(self, ending: Ending) -> None:
        """Called by the checker."""
        uses = () if self._compiled is None else self._compiled.uses.get(ending.target, ())
        region = next((use.region for use in uses), "")
        at, where = self._now(), place(ending.target)
        over, ended = ending.over, ending.ended
        self.tell(conditions.certificate(at, where, region, ending.reason, over=over, ended=ended))

    def _patience_changed(self, target: Target) -> None:
        """Called by the checker: where health chooses the TTL, answers change with it."""
        uses = () if self._compiled is None else self._compiled.uses.get(target, ())
        chosen = [self.compiled.apps[use.zone, use.app].zone.min_ttl is not None for use in uses]
        # a file that is being loaded may let health choose where the one before did not
        if self._since_load is not None or any(chosen):
            self._note(target)

    def _note(self, target: Target) -> None:
        """A target's readings changed; changes of one turn of the loop are answered together."""
        if self._since_load is not None:
            self._since_load.add(target)
        if not self.ready:
            return
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._apply)
        self._changed.add(target)

    def _apply(self) -> None:
        changed, self._changed = self._changed, set()
        before = self.compiled
        with paused():
            after = self._compiler.refresh(before, changed, self.readings(), self._epoch)
            self._take_over(before, after)

    def _take_over(self, before: Compiled, after: Compiled) -> None:
        self._publish(after)
        self.aftermath.add(log_changes(before.apps, after.apps, after.touched))

    def _publish(self, compiled: Compiled) -> None:
        self._epoch += 1
        snapshot = replace(compiled.snapshot, epoch=self._epoch)
        if self.exchange is not None:
            self.exchange.published(compiled)
            snapshot = replace(snapshot, keys=self.exchange.keys)
        self._compiled = replace(compiled, snapshot=snapshot)
        self.plane.publish(snapshot)
        self.capacity.changed()
        self._teller.published(self._compiled, self.overrides.book, self._now())
        self.on_epoch(self._epoch)
        self._plan_ramp()

    def _plan_ramp(self) -> None:
        """Sets the timer for when a region that came up takes more of its clients."""
        wait = self.compiled.next_ramp_step(self._now())
        loop, timer = asyncio.get_running_loop(), self._ramp_timer
        if timer is not None:
            if wait is not None and timer.when() <= loop.time() + wait:
                return  # whatever is published meanwhile must not put it off
            timer.cancel()
        self._ramp_timer = None if wait is None else loop.call_later(wait, self._ramp)

    def _ramp(self) -> None:
        self._ramp_timer = None
        before = self.compiled
        after = self._compiler.ramped(before, self._now(), self._epoch)
        if after is before:
            self._plan_ramp()
        else:
            self._publish(after)

    # --- measurements -------------------------------------------------------------------

    async def follow_measurements(self) -> Measurement:
        """Takes in what probes measured; answers change where it differs enough.

        A region's service time moves areas, so they are compiled beside the control loop. It
        waits for a load that runs, and loads wait for it.
        """
        async with self._loading:
            before = self.compiled
            self._since_load = set()
            try:
                change = await asyncio.to_thread(self.measured.follow, before.zones, self._clock())
                if change.regions:
                    after = await self._compile_beside(before.zones, before.geo, before.keys)
                    self._take_over(self.compiled, after)
                elif change.shares:
                    before, now = self.compiled, self.readings()
                    after = self._compiler.refresh(before, change.shares, now, self._epoch)
                    self._take_over(before, after)
            finally:
                self._since_load = None
        for zone, region in change.regions:
            ms = round(self.measured.service_times[zone, region], 1)
            log.info("service_time", zone=zone.rstrip("."), region=region, milliseconds=ms)
        return change

    # --- load -------------------------------------------------------------------------

    def _served(self) -> Compiled | None:
        return self._compiled

    def _probed_load(self, target: Target) -> tuple[float, float] | None:
        outcome = self.checker.outcome(target)
        if outcome is None or outcome.load is None:
            return None
        return outcome.load, max(0.0, self._now() - outcome.at)

    def _answers(self) -> Counter[tuple[str, str]]:
        return answers_by_service(self.plane.stats, self.compiled.snapshot.tallies)

    def _admit(self, seen: Compiled, intakes: Intakes) -> None:
        """Deals clients out as the capacity loop says, where what it saw still holds."""
        before = self.compiled
        if before.zones is not seen.zones:
            return
        holding = {
            number: intake
            for number, intake in intakes.items()
            if before.groups[number].up == seen.groups[number].up
        }
        after = self._compiler.admitted(before, holding, self._epoch)
        if after is not before:
            self._publish(after)

    # --- feeds --------------------------------------------------------------------------

    def follow_reports(self) -> None:
        """Takes out what reports call for, and puts back what probes have found well since."""
        if self.ready:
            self.feeds.step()

    async def follow_latency(self) -> bool:
        """Takes in what latency samples come to; whether any value that steers is another now.

        It moves areas, so they are compiled beside the control loop. It waits for a load that
        runs, and loads wait for it.
        """
        async with self._loading:
            before = self.compiled
            if not self.feeds.measure(before.zones):
                return False
            self._since_load = set()
            try:
                after = await self._compile_beside(before.zones, before.geo, before.keys)
                self._take_over(self.compiled, after)
            finally:
                self._since_load = None
        log.info("latency_followed", epoch=self._epoch)
        return True

    # --- other name servers, and who changes zones over DNS -----------------------------------

    def _exchanged(self, zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
        """The zones with what was added over DNS, and their serials. For a worker thread."""
        return zones if self.exchange is None else self.exchange.laid_over(zones)

    async def _serve_exchanged(self) -> None:
        """Serves the zones as updates and serials have them now; waits for a load that runs."""
        assert self.exchange is not None  # noqa: S101  # it is what calls this
        async with self._loading:
            before = self.compiled
            self._since_load = set()
            try:
                zones = await asyncio.to_thread(self.exchange.laid_again)
                after = await self._compile_beside(zones, before.geo, before.keys)
                self._take_over(self.compiled, after)
            finally:
                self._since_load = None

    async def follow_copies(self) -> None:
        """Gives zones another serial whose steered names are others now in copies."""
        if self.exchange is not None and self.ready:
            await self.exchange.follow(self.compiled)

    # --- signatures ---------------------------------------------------------------------

    async def follow_signatures(self) -> bool:
        """Signs anew what ends before long; whether anything was.

        It is compiled beside the control loop, and old signatures serve until then. It waits for a
        load that runs, and loads wait for it.
        """
        async with self._loading:
            return await self.signing.follow(self.compiled, self._sign_anew)

    async def sign_ahead(self) -> bool:
        """Signs for a while what is one verdict away; whether anything is left to do."""
        return await self._ahead.step(self.compiled)

    async def _sign_anew(self) -> None:
        before = self.compiled
        self._since_load = set()
        try:
            zones = await asyncio.to_thread(self._resigned, before.zones)
            after = await self._compile_beside(zones, before.geo, before.keys)
            self._take_over(self.compiled, after)
        finally:
            self._since_load = None

    def _resigned(self, zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
        """The zones for new signatures: copies get these by a new serial alone."""
        return zones if self.exchange is None else self.exchange.signed_anew()

    # --- overrides ----------------------------------------------------------------------

    def _apps(self) -> Collection[CompiledApp]:
        return self.compiled.apps.values()

    async def add_override(self, wanted: Wanted) -> Added:
        """Puts an operator's word in force; raises as `Acts.add` does."""
        self._require_free()
        return await self._acts.add(self.overrides, wanted)

    async def remove_override(self, one: Override, by: str) -> tuple[Change, ...] | None:
        """Takes an operator's word back; says what that changed. None if it is gone by then."""
        self._require_free()
        return await self._acts.remove(self.overrides, one, by, self._teller.taken_back)

    def hold(self, held: bool) -> None:
        """Refuses changes while another process takes over, or takes them again."""
        self._held = held
        if self.exchange is not None:
            self.exchange.updates.held = held

    def _require_free(self) -> None:
        if self._held:
            raise ServerError(
                "cannot change anything now: another gtm is taking over; try again in a moment"
            )

    def _overrides_changed(self) -> None:
        """Called by the register; one that changes nothing makes no new snapshot."""
        if not self.ready:
            return
        before, words = self.compiled, self.overrides.book.overlay
        with paused():
            after = self._compiler.relaid(before, words, self.readings(), self._epoch)
            if after is not before:
                self._take_over(before, after)
            else:
                self._teller.published(before, self.overrides.book, self._now())


def _patience(targets: frozenset[Target]) -> float:
    """Seconds that a round of first probes may take."""
    longest = max((target.check.schedule.timeout for target in targets), default=0.0)
    return min(FIRST_ROUND, longest + FIRST_ROUND_SLACK + len(targets) / FIRST_ROUND_RATE)
