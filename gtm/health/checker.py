"""Judges what the probes of all targets found, and keeps their verdicts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from random import Random

import structlog

from gtm.checks import Freeze, Target
from gtm.health.certificates import Certificates, Ending
from gtm.health.cutoff import CutOff, Finding, Standing
from gtm.health.dial import Dial, direct
from gtm.health.freshness import Freshness, cycle, stale_after
from gtm.health.listeners import Listeners
from gtm.health.measure import Clock
from gtm.health.memory import Memory, recall
from gtm.health.outcome import Outcome, place, span
from gtm.health.pace import UNMEASURED, Pace
from gtm.health.probes import Probes
from gtm.health.question import identity, question
from gtm.health.rounds import CONCURRENCY, Fault, Heard, Prober, Probing, Rounds
from gtm.health.spells import Spells
from gtm.health.state import is_changing, is_slow, step, unprobed
from gtm.health.together import together
from gtm.health.told import Census, Frozen, Vantage, ignore
from gtm.health.watch import Report, Watch
from gtm.model import State, Verdict

# Seconds between two looks for what has gone stale.
LOOK = 1.0

_log = structlog.get_logger(__name__)


class Checker:
    """Probes targets and tells of every verdict that changes what is believed or steered by.

    Lives in one event loop: all calls are made from it. `on_change(target, before, after)` is
    called in the loop as soon as the state of a verdict changes, `on_probe` after each outcome;
    neither may block. `clock` is monotonic seconds, `now` Unix time.
    """

    def __init__(
        self,
        *,
        on_change: Callable[[Target, Verdict, Verdict], None],
        on_probe: Callable[[Target, Outcome], None] = ignore,
        dial: Dial = direct,
        clock: Clock = time.monotonic,
        now: Clock = time.time,
        random: Random | None = None,
        prober: Prober | None = None,
        concurrency: int = CONCURRENCY,
        probing: Callable[[Heard], Probing] | None = None,
    ) -> None:
        """`prober` replaces the real probes (then `dial` is unused); `random` draws the jitter.

        `probing` replaces all of this, given what to call with what was found.
        """
        self._listeners = Listeners(on_change, on_probe)
        self._certificates = Certificates(now)
        self._clock = clock
        self._now = now
        self._probing: Probing
        if probing is not None:
            self._probing = probing(self._heard)
        else:
            asker = prober or Probes(dial=dial, clock=clock, now=now)
            self._probing = Rounds(
                self._heard, asker, clock=clock, random=random, concurrency=concurrency
            )
        self._watches: dict[Target, Watch] = {}  # by the target that is probed
        self._known: dict[Target, Watch] = {}  # by every target that these probes serve
        self._untried: set[Target] = set()
        self._all_tried = asyncio.Event()
        self._spells = Spells(clock)
        self._fresh: Freshness[Target] = Freshness()
        self._cutoff: CutOff[Target] = CutOff(clock(), Freeze())
        self._memories: Mapping[str, Memory] = {}
        self._vantage = Vantage()
        self._look_timer: asyncio.TimerHandle | None = None
        self.frozen: Frozen | None = None
        self._note_round()

    @property
    def ending(self) -> Collection[Target]:
        """Targets whose certificate ends soon, or has ended."""
        found = self._certificates.ending
        if not found:
            return ()
        return {target for target, watch in self._known.items() if watch.target in found}

    def tell_patience(self, on_patience: Callable[[Target], None]) -> None:
        """Call this, too, when a target's patience changes though its state does not."""
        self._listeners.on_patience = on_patience

    def tell_endings(self, on_ending: Callable[[Ending], None]) -> None:
        """Call this, too, when a target's certificate is about to end, and when it is not."""
        self._listeners.on_ending = on_ending

    def tell_probes(self, on_probe: Callable[[Target, Outcome], None]) -> None:
        """Call this, and nothing else, after each outcome; it may not block."""
        self._listeners.on_probe = on_probe

    def tell_frozen(self, on_frozen: Callable[[Frozen | None], None]) -> None:
        """Call this when the checker begins to believe itself cut off, and with None when it ends.

        May not block.
        """
        self._listeners.on_frozen = on_frozen

    def recall(self, memories: Mapping[str, Memory]) -> None:
        """Begin with what was known before a restart. To be called before there are targets."""
        self._memories = memories

    def memories(self) -> list[tuple[Target, Memory]]:
        """What is worth keeping over a restart."""
        found = ((watch.target, watch.memory()) for watch in self._watches.values())
        return [(target, memory) for target, memory in found if memory is not None]

    def look_from(self, vantage: Vantage) -> None:
        """Go by this from the next `retarget` on."""
        self._vantage = vantage

    def retarget(self, targets: Collection[Target]) -> None:
        """Check exactly these targets from now on.

        Removed ones stop at once and those that stay keep their history. A new one is probed at
        once, unless it asks the question of a removed one (only times or thresholds differ):
        then it takes over what was learnt. What no probe can tell apart is probed once.
        """
        wanted = together(targets, self._watches)
        gone = [watch for target, watch in self._watches.items() if target not in wanted]
        learnt = {question(watch.target): watch for watch in gone if watch.learnt is not None}
        for watch in gone:
            self._remove(watch)
        for target in wanted:
            if target not in self._watches:
                self._add(target, learnt.get(question(target)) if learnt else None)
        for watch in gone:
            self._spells.note(watch.target, None)
            if (ending := self._certificates.forget(watch.target)) is not None:
                self._listeners.ending(watch, ending)
        self._known.clear()
        for target, alike in wanted.items():
            self._watches[target].targets = alike
            self._known.update(dict.fromkeys(alike, self._watches[target]))
        self._memories = {}
        self._follow(self._vantage)
        self._note_round()
        if self._look_timer is None and self._watches:
            self._plan_look()

    async def first_round(self, limit: float) -> bool:
        """Wait until every target has been tried once, at most `limit` seconds.

        True if each has an outcome; one of which nothing is known stays `unknown` and its reason
        says so. May be called again when targets were added, and while probes run: it waits for
        those alone that were never tried. A probe that could not be made counts as tried, since
        the next one may fare no better.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while self._untried:  # more may have been added before this woke up
                    await self._all_tried.wait()
        for target in self._untried:
            watch = self._watches[target]
            if watch.health.verdict.state is State.UNKNOWN:
                reason = f"still without an outcome when the first round ended after {span(limit)}"
                watch.health = unprobed(watch.health.verdict.since, reason)
        return all(watch.outcome for watch in self._watches.values())

    def verdict(self, target: Target) -> Verdict:
        """What is believed of the target; `unknown` if it was never probed."""
        watch = self._known.get(target)
        return watch.verdict() if watch else unprobed(self._now()).verdict

    def report(self, target: Target) -> Report:
        """How the target is doing."""
        watch = self._known.get(target)
        return watch.report() if watch else Report(unprobed(self._now()).verdict)

    def outcome(self, target: Target) -> Outcome | None:
        """What the target's latest probe found; None before the first."""
        watch = self._known.get(target)
        return watch.outcome if watch else None

    def probed_as(self, target: Target) -> Target | None:
        """The target whose probes serve this one; None if it is not checked."""
        watch = self._known.get(target)
        return watch.target if watch else None

    def pace(self, target: Target) -> Pace:
        """How fast the target's successful probes were; may be asked from any thread."""
        watch = self._known.get(target)
        return watch.pace if watch else UNMEASURED

    def patience(self, target: Target) -> float:
        """Seconds until the target's verdict could change at the soonest."""
        watch = self._known.get(target)
        return watch.patience() if watch else 0.0

    def census(self) -> Census:
        """How many targets there are, and of how many something is not as it should be."""
        every, now = self._watches.values(), self._now()
        return Census(
            len(every),
            sum(watch.stale is not None for watch in every),
            sum(watch.impairment is not None for watch in every),
            sum(watch.disbelieved for watch in every),
            sum(watch.health.flaps.until > now for watch in every),
            sum(watch.probes for watch in every),
        )

    async def close(self) -> None:
        """Stop everything; returns when no probe runs any more and no socket is open."""
        self._spells.close()
        if self._look_timer is not None:
            self._look_timer.cancel()
        for watch in list(self._watches.values()):
            self._remove(watch)
        self._known.clear()
        self._note_round()
        await self._probing.close()

    # --- targets come and go ------------------------------------------------------------

    def _add(self, target: Target, learnt: Watch | None) -> None:
        watch = Watch(target, unprobed(self._now()))
        self._watches[target] = watch
        if learnt is None:
            self._untried.add(target)
            self._remember(watch)
        else:
            watch.take_over(learnt)
            self._certificates.moved(learnt.target, target)
            self._note_impairment(watch, learnt.impairment)
            self._fresh.note(target, stale_after(target.check), self._clock())
        self._probing.add(target, at_once=learnt is None)
        if learnt is not None:
            self._probing.hasten(target, is_changing(watch.health))

    def _remember(self, watch: Watch) -> None:
        memory = self._memories.get(identity(watch.target)) if self._memories else None
        if memory is None:
            return
        found = recall(memory, watch.target, self._now())
        watch.health, watch.pace = found.health, found.pace
        if found.trusted:
            watch.learnt = memory.at
            self._fresh.note(watch.target, stale_after(watch.target.check), self._clock())

    def _remove(self, watch: Watch) -> None:
        target = watch.target
        self._probing.remove(target)
        del self._watches[target]
        self._untried.discard(target)
        self._fresh.forget(target, stale_after(target.check))

    def _follow(self, vantage: Vantage) -> None:
        """What tells a checker that is cut off follows these targets now."""
        watches = [self._known[target] for target in vantage.canaries if target in self._known]
        canaries = {watch.target: cycle(watch.target.check) for watch in watches}
        for target, watch in self._watches.items():
            watch.canary = target in canaries
        known = self._watches.keys() - canaries.keys()
        regions = {target: _regions(self._watches[target], vantage) for target in known}
        self._cutoff.rules = vantage.freeze
        self._cutoff.follow(regions, [cycle(target.check) for target in known], canaries)
        for target in self._untried & known:
            if self._watches[target].health.verdict.state is State.UP:
                self._cutoff.heard(target, True, self._clock())  # it was, before the restart

    def _note_round(self) -> None:
        if self._untried:
            self._all_tried.clear()
        else:
            self._all_tried.set()

    # --- what a probe found -------------------------------------------------------------

    def _heard(self, target: Target, found: Outcome | Fault) -> None:
        """Called by what makes the probes, which may not know yet that a target was removed."""
        watch = self._watches.get(target)
        if watch is None:
            return
        if isinstance(found, Fault):
            self._failed(watch, found)
        else:
            self._note_impairment(watch, found.impairment)
            if found.impairment is None:
                self._learn(watch, found)
        if target in self._untried:
            self._untried.discard(target)
            self._note_round()

    def _failed(self, watch: Watch, fault: Fault) -> None:
        """A probe failed inside gtm: that says nothing of its target."""
        if "probe_failed_internally" not in watch.complaints:
            watch.complaints.add("probe_failed_internally")
            where = place(watch.target)
            _log.error("probe_failed_internally", target=where, why=fault.why, trace=fault.trace)
        self._note_impairment(watch, None)
        if watch.learnt is None:
            reason = f"the probe failed inside gtm: {fault.why}"
            watch.health = unprobed(watch.health.verdict.since, reason)

    def _note_impairment(self, watch: Watch, why: str | None) -> None:
        if watch.impairment is not None or why is not None:
            watch.impairment = why
            self._spells.note(watch.target, why)

    def _learn(self, watch: Watch, outcome: Outcome) -> None:
        before, waited = watch.verdict(), watch.patience()
        self._fresh.note(watch.target, stale_after(watch.target.check), self._clock())
        watch.outcome, watch.stale = outcome, None
        watch.probes += 1
        watch.expires = watch.expires if outcome.expires is None else outcome.expires
        if watch.expires is not None:  # one that has ended is not shown by a probe that verifies
            ending = self._certificates.note(watch.target, watch.expires)
            if ending is not None:
                self._listeners.ending(watch, ending)
        suspected = not watch.canary and self._suspects(watch, outcome)
        watch.disbelieved = suspected and not outcome.reached
        if not watch.disbelieved:
            self._judge(watch, outcome)
        if watch.canary:
            self._note_canary(watch, outcome)
        self._listeners.verdict(watch, before, waited)
        self._listeners.outcome(watch, outcome)

    def _suspects(self, watch: Watch, outcome: Outcome) -> bool:
        """Whether it is the checker that failed, rather than the target."""
        found = self._cutoff.heard(watch.target, outcome.reached, self._clock())
        self._turn(found)
        return found.disbelieves

    def _note_canary(self, watch: Watch, outcome: Outcome) -> None:
        down = watch.health.verdict.state is State.DOWN
        now = self._clock()
        self._turn(self._cutoff.heard_canary(watch.target, outcome.reached, down, now))

    def _judge(self, watch: Watch, outcome: Outcome) -> None:
        judgement, changing = watch.target.check.judgement, is_changing(watch.health)
        if outcome.reached:
            watch.before = None
        elif watch.before is None:
            watch.before = watch.health
        watch.health = step(watch.health, outcome, judgement)
        watch.learnt = outcome.at
        if not is_slow(outcome, judgement):
            watch.pace = watch.pace.after(outcome)
        if is_changing(watch.health) is not changing:
            self._probing.hasten(watch.target, not changing)

    # --- what no probe tells ------------------------------------------------------------

    def _plan_look(self) -> None:
        due = self._clock() + LOOK
        self._look_timer = asyncio.get_running_loop().call_later(LOOK, self._look, due)

    def _look(self, due: float) -> None:
        """Finds what has gone stale, and what time alone changes for a checker that is cut off."""
        now = self._clock()
        if now - due < LOOK:  # else this loop was held up: outcomes may be waiting to be heard
            for target in self._fresh.expired(now):
                self._expire(self._watches[target])
            self._turn(self._cutoff.at(now))
        self._plan_look()

    def _expire(self, watch: Watch) -> None:
        before, waited = watch.verdict(), watch.patience()
        watch.stale = self._now()
        self._listeners.verdict(watch, before, waited)

    # --- cut off ------------------------------------------------------------------------

    def _turn(self, found: Finding) -> None:
        if found.standing is Standing.FROZEN and self.frozen is None:
            self.frozen = Frozen(found.reason, self._now())
            most = self._cutoff.rules.most
            _log.error("health_frozen", reason=found.reason, at_most_seconds=most)
            for target in self._cutoff.lost():
                self._restore(self._watches[target])
            self._listeners.on_frozen(self.frozen)
        elif found.standing is not Standing.FROZEN and self.frozen is not None:
            seconds = round(self._now() - self.frozen.since, 1)
            _log.warning("health_thawed", reason=found.reason, seconds=seconds)
            self.frozen = None
            self._listeners.on_frozen(None)

    def _restore(self, watch: Watch) -> None:
        """What it failed at the beginning of being cut off was no failure of its own."""
        if watch.before is None:
            return
        before, waited = watch.verdict(), watch.patience()
        watch.health, watch.before, watch.disbelieved = watch.before, None, True
        self._listeners.verdict(watch, before, waited)


def _regions(watch: Watch, vantage: Vantage) -> Collection[str]:
    """Those that any of the targets serves which are probed as one."""
    every = [vantage.regions.get(target, ()) for target in watch.targets]
    return every[0] if len(every) == 1 else {region for each in every for region in each}
