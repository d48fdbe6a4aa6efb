"""The one writer: what is served now, and everything that puts another snapshot in its place.

It lives on the control loop. What takes long, compiling all of it, runs in a worker thread on
values of its own; what changes meanwhile is put in before the result is served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from gtm.checks import Target
from gtm.collector import paused
from gtm.compile.compiler import Compiled, Compiler
from gtm.compile.uses import Use
from gtm.control.transitionlog import log_changes
from gtm.dnssec.keys import KeySet
from gtm.geo import Geo
from gtm.load.spill import Intakes
from gtm.model import Zone
from gtm.planes import Plane
from gtm.steering.overlay import Overlays
from gtm.steering.readings import Readings
from gtm.transfer.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Basis:
    """What is compiled beside files, asked for at the moment that it is needed.

    `words` are those of operators. `measured` lays what was measured over zones; it may take long,
    and is called in worker threads.
    """

    readings: Callable[[], Readings]
    words: Callable[[], Overlays]
    measured: Callable[[tuple[Zone, ...]], tuple[Zone, ...]]


class Writer:
    """Owns what is served. `served` is None until something was published.

    `epoch` is the number of the last snapshot, `seconds` how long everything took to compile the
    last time. Who compiles everything holds `turn` while doing so, as one at a time may.
    """

    def __init__(
        self,
        plane: Plane,
        exchange: Exchange | None,
        basis: Basis,
        published: Callable[[Compiled], None],
        now: Callable[[], float],
        clock: Callable[[], float],
        later: Callable[[Iterator[object]], None],
    ) -> None:
        """`published` is called on the control loop after each publication.

        `now` is Unix time, `clock` monotonic seconds. `later` gets the lines of the log that a
        publication leads to, and has them written one after the other.
        """
        self.compiler = Compiler(now)
        self.served: Compiled | None = None
        self.epoch = 0
        self.seconds = 0.0
        self.turn = asyncio.Lock()
        self._plane = plane
        self._exchange = exchange
        self._basis = basis
        self._published = published
        self._now = now
        self._clock = clock
        self._later = later
        self._changed: set[Target] = set()
        self._meanwhile: set[Target] | None = None  # what changes while everything is compiled
        self._ramp_timer: asyncio.TimerHandle | None = None

    @property
    def compiled(self) -> Compiled:
        """What is served now; only asked for once something is."""
        assert self.served is not None  # noqa: S101  # whoever asks has waited for the start
        return self.served

    # --- everything ---------------------------------------------------------------------

    async def compile_beside(
        self, zones: tuple[Zone, ...], geo: Geo, keys: Mapping[str, KeySet]
    ) -> Compiled:
        """Compiles in a worker thread, and puts in what changed meanwhile. In one's `turn`."""
        begun = self._clock()
        self._meanwhile = set()
        try:
            compiled = await asyncio.to_thread(self._compile, zones, geo, keys)
            changed, words, now = self._meanwhile, self._basis.words(), self._basis.readings()
            self.seconds = self._clock() - begun
            return self.compiler.caught_up(compiled, changed, words, now, self.epoch)
        finally:
            self._meanwhile = None

    def _compile(self, zones: tuple[Zone, ...], geo: Geo, keys: Mapping[str, KeySet]) -> Compiled:
        words, before = self._basis.words(), self.served
        measured = self._basis.measured(zones)
        now = self._basis.readings()
        compiled = self.compiler.compile(measured, geo, now, self.epoch, words, before, keys)
        self._plane.prepare(compiled.snapshot)
        return compiled

    async def renew(self, zones: tuple[Zone, ...]) -> None:
        """Serves zones, compiled anew with the databases and keys of now. In one's `turn`."""
        served = self.compiled
        self._take_over(await self.compile_beside(zones, served.geo, served.keys))

    def publish_loaded(self, compiled: Compiled) -> None:
        """Serves what was compiled from files, which may be altogether other ones."""
        # what changed while it compiled is not all that differs from what was served before
        self._publish(replace(compiled, touched={}))

    # --- what changed -------------------------------------------------------------------

    def uses(self, target: Target) -> Collection[Use]:
        """Where a target counts in what is served."""
        return () if self.served is None else self.served.uses.get(target, ())

    def note(self, target: Target) -> None:
        """A target's readings changed; changes of one turn of the loop are answered together."""
        if self._meanwhile is not None:
            self._meanwhile.add(target)
        if self.served is None:
            return
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._apply)
        self._changed.add(target)

    def note_patience(self, target: Target) -> None:
        """A target's verdict may change sooner or later than before: so may answers' TTLs."""
        chosen = [
            self.compiled.apps[use.zone, use.app].zone.min_ttl is not None
            for use in self.uses(target)
        ]
        # what is being compiled may let health choose where what is served does not
        if self._meanwhile is not None or any(chosen):
            self.note(target)

    def _apply(self) -> None:
        changed, self._changed = self._changed, set()
        with paused():
            self.refresh(changed)

    def refresh(self, changed: Collection[Target | Use]) -> None:
        """Serves other answers where readings changed."""
        now = self._basis.readings()
        self._take_over(self.compiler.refresh(self.compiled, changed, now, self.epoch))

    def relay(self) -> bool:
        """Lays operators' words over verdicts anew; whether that changes what is served."""
        before, now = self.compiled, self._basis.readings()
        with paused():
            after = self.compiler.relaid(before, self._basis.words(), now, self.epoch)
            if after is not before:
                self._take_over(after)
        return after is not before

    def admit(self, seen: Compiled, intakes: Intakes) -> None:
        """Deals clients out as the capacity loop says, where what it saw still holds."""
        before = self.compiled
        if before.zones is not seen.zones:
            return
        holding = {
            number: intake
            for number, intake in intakes.items()
            if before.groups[number].up == seen.groups[number].up
        }
        after = self.compiler.admitted(before, holding, self.epoch)
        if after is not before:
            self._publish(after)

    # --- publication --------------------------------------------------------------------

    def _take_over(self, after: Compiled) -> None:
        before = self.compiled
        self._publish(after)
        self._later(log_changes(before.apps, after.apps, after.touched))

    def _publish(self, compiled: Compiled) -> None:
        self.epoch += 1
        snapshot = replace(compiled.snapshot, epoch=self.epoch)
        if self._exchange is not None:
            self._exchange.published(compiled)
            snapshot = replace(snapshot, keys=self._exchange.keys)
        self.served = replace(compiled, snapshot=snapshot)
        self._plane.publish(snapshot)
        self._published(self.served)
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
        after = self.compiler.ramped(before, self._now(), self.epoch)
        if after is before:
            self._plan_ramp()
        else:
            self._publish(after)
