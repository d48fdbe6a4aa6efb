"""Puts the control side together, and lets it hear of everything that moves what is served.

Everything here happens on the control loop; what takes long (reading files, compiling all of it)
runs in a worker thread on values of its own, and only its result is taken over.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace

import structlog

from gtm.checks import Target
from gtm.compile.compiled import CompiledApp
from gtm.compile.compiler import Compiled
from gtm.control.acts import Acts, Added
from gtm.control.aftermath import Aftermath
from gtm.control.lasting import Conditions
from gtm.control.loading import Loader
from gtm.control.measured import Change as Measurement
from gtm.control.measured import Measured
from gtm.control.resigning import Ahead, Resigning
from gtm.control.sources import Reader, Sources
from gtm.control.telling import Teller
from gtm.control.transitionlog import log_down
from gtm.control.writer import Basis, Writer
from gtm.errors import ServerError
from gtm.events import Sink, conditions, ignore
from gtm.feeds import Feeds, HoldStore, LatencyStore
from gtm.health import Checker, Ending, Frozen, HealthStore, Remembering, Report, place
from gtm.load.loop import CapacityLoop, Surroundings
from gtm.model import State, Verdict, Zone
from gtm.overrides import Change, Override, Register, Store, Wanted
from gtm.planes import Plane
from gtm.planes.stats import answers_by_service
from gtm.steering.overlay import Overlays
from gtm.steering.readings import Readings
from gtm.transfer.exchange import Exchange

log = structlog.get_logger("gtm")


def unheard(epoch: int) -> None:
    """For a publication that nobody wants to hear of."""


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
        self.now = now
        self._clock = clock
        self._tell = tell
        self.aftermath = Aftermath()
        self._teller = Teller(tell, self.aftermath.add)
        self._held = False  # another process takes over, and has read what is kept here
        # called on the control loop after each publication; may not block
        self.on_epoch: Callable[[int], None] = unheard
        self.plane = plane
        self.exchange = exchange
        if exchange is not None:
            plane.peers = exchange.reception
        basis = Basis(self.readings, self._words, self._measured)
        later = self.aftermath.add
        self.writer = Writer(plane, exchange, basis, self._published, now, clock, later)
        self.checker = checker(self._verdict_changed)
        self.feeds = Feeds(
            self.checker.report, self._words, self._verdict_changed, now, clock, latency, holds
        )
        self.capacity = CapacityLoop(
            Surroundings(
                lambda: self.writer.served,
                self._probed_load,
                self._answers,
                self.writer.admit,
                plane.count,
            ),
            clock,
        )
        load = self.capacity.endpoint_load
        self.measured = Measured(self.feeds.verdict, self.checker.pace, load)
        self.checker.tell_patience(self.writer.note_patience)
        self.checker.tell_frozen(self._frozen)
        self.remembering = Remembering(self.checker, memory, now)
        self.checker.tell_endings(self._certificate_ends)
        self._acts = Acts(self._apps, self.feeds.verdict, now, self._require_free)
        self.overrides = Register(
            store,
            now,
            self._overrides_changed,
            lambda one: self._acts.objection(self.overrides, one),
        )
        self.signing = Resigning(now, self.writer.compiler.signatures)
        self._ahead = Ahead(self.readings)
        self.reader = Reader(sources, now, clock)
        self.conditions = Conditions(
            self.overrides,
            self.checker.census,
            lambda: self.reader.geo_error,
            self.capacity,
            tell,
            lambda: self.signing.standings,
        )
        self.loader = Loader(
            self.reader, self.checker, self.feeds, exchange, self.writer, tell, loaded, now
        )

    @property
    def compiled(self) -> Compiled:
        """What is served now; only asked for once `start` has returned."""
        return self.writer.compiled

    @property
    def ready(self) -> bool:
        """Whether it answers: files are loaded, and everything was probed once."""
        return self.writer.served is not None

    def report(self, target: Target) -> Report:
        """How a target is doing."""
        return self.checker.report(target)

    async def start(self) -> None:
        """Loads, makes one full round of probes, and starts answering.

        Raises GtmError when the zones, a database or the state can't be used.
        """
        await self.overrides.open()
        await self.feeds.open()
        await self.remembering.open()
        if self.exchange is not None:
            await self.exchange.open(self._serve_exchanged)
        await self.loader.start()
        self.aftermath.finish()
        log_down(self.compiled.apps.values())
        self.overrides.begin()
        self.conditions.look(self.now())

    # --- what is compiled beside files --------------------------------------------------

    def readings(self) -> Readings:
        """What is measured and believed now, as steering goes by it."""
        return replace(
            self.measured.readings(self.now()),
            patience=self.checker.patience,
            expires=lambda target: self.checker.report(target).expires,
        )

    def _words(self) -> Overlays:
        return self.overrides.book.overlay

    def _measured(self, zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
        self.measured.follow(zones, self._clock())
        return self.feeds.laid_over(zones)

    def _published(self, compiled: Compiled) -> None:
        """Called by the writer."""
        self.capacity.changed()
        self._teller.published(compiled, self.overrides.book, self.now())
        self.on_epoch(compiled.snapshot.epoch)

    # --- what the checker says ----------------------------------------------------------

    def _verdict_changed(self, target: Target, before: Verdict, after: Verdict) -> None:
        self.writer.note(target)
        if not self.ready:
            return
        say = log.warning if after.state is State.DOWN else log.info
        say(f"endpoint_{after.state.value}", endpoint=place(target), reason=after.reason)

    def _frozen(self, frozen: Frozen | None) -> None:
        """It believes itself cut off, or (None) no longer does."""
        reason = "verdicts are believed again" if frozen is None else frozen.reason
        self._tell(conditions.frozen(self.now(), reason, over=frozen is None))

    def _certificate_ends(self, ending: Ending) -> None:
        region = next((use.region for use in self.writer.uses(ending.target)), "")
        at, where = self.now(), place(ending.target)
        over, ended = ending.over, ending.ended
        self._tell(conditions.certificate(at, where, region, ending.reason, over=over, ended=ended))

    # --- what probes, planes, gateways and clients tell ---------------------------------

    def _probed_load(self, target: Target) -> tuple[float, float] | None:
        outcome = self.checker.outcome(target)
        if outcome is None or outcome.load is None:
            return None
        return outcome.load, max(0.0, self.now() - outcome.at)

    def _answers(self) -> Counter[tuple[str, str]]:
        return answers_by_service(self.plane.stats, self.compiled.snapshot.tallies)

    async def follow_measurements(self) -> Measurement:
        """Takes in what probes measured; answers change where it differs enough.

        A region's service time moves areas, so they are compiled beside the control loop. It
        waits for a load that runs, and loads wait for it.
        """
        async with self.writer.turn:
            zones = self.compiled.zones
            change = await asyncio.to_thread(self.measured.follow, zones, self._clock())
            if change.regions:
                await self.writer.renew(zones)
            elif change.shares:
                self.writer.refresh(change.shares)
        for zone, region in change.regions:
            ms = round(self.measured.service_times[zone, region], 1)
            log.info("service_time", zone=zone.rstrip("."), region=region, milliseconds=ms)
        return change

    def follow_reports(self) -> None:
        """Takes out what reports call for, and puts back what probes have found well since."""
        if self.ready:
            self.feeds.step()

    async def follow_latency(self) -> bool:
        """Takes in what latency samples come to; whether any value that steers is another now.

        It moves areas, so they are compiled beside the control loop. It waits for a load that
        runs, and loads wait for it.
        """
        async with self.writer.turn:
            if not self.feeds.measure(self.compiled.zones):
                return False
            await self.writer.renew(self.compiled.zones)
        log.info("latency_followed", epoch=self.writer.epoch)
        return True

    # --- other name servers, and who changes zones over DNS -----------------------------

    async def _serve_exchanged(self) -> None:
        """Serves the zones as updates and serials have them now; waits for a load that runs."""
        assert self.exchange is not None  # noqa: S101  # it is what calls this
        async with self.writer.turn:
            await self.writer.renew(await asyncio.to_thread(self.exchange.laid_again))

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
        async with self.writer.turn:
            return await self.signing.follow(self.compiled, self._sign_anew)

    async def sign_ahead(self) -> bool:
        """Signs for a while what is one verdict away; whether anything is left to do."""
        return await self._ahead.step(self.compiled)

    async def _sign_anew(self) -> None:
        """Compiles everything; where zones are copied, new signatures are a new serial."""
        zones = self.compiled.zones
        if self.exchange is not None:
            zones = await asyncio.to_thread(self.exchange.signed_anew)
        await self.writer.renew(zones)

    # --- operators ----------------------------------------------------------------------

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
        """Called by the register; words that change no answer are told of all the same."""
        if self.ready and not self.writer.relay():
            self._teller.published(self.compiled, self.overrides.book, self.now())
