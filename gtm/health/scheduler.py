"""Runs the probes of all targets on time and keeps their verdicts.

An idle target costs one timer of the event loop; a task exists only while its probe runs. The
probes that run at once are bounded, and those that wait go in the order in which they fell due.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from random import Random
from typing import Protocol

import structlog

from gtm.checks import Target
from gtm.health.certificates import Certificates, Ending
from gtm.health.dial import Dial, direct
from gtm.health.measure import Clock
from gtm.health.outcome import Outcome, place, span
from gtm.health.pace import UNMEASURED, Pace
from gtm.health.patience import patience
from gtm.health.probes import Probes
from gtm.health.schedule import next_due, phase
from gtm.health.spells import Spells
from gtm.health.state import step, unprobed
from gtm.health.watch import Report, Watch, question
from gtm.model import Verdict

# Probes that run at once, each with one socket: half of the 1024 open files that a process gets
# by default, the rest is for DNS and the API. When every probe times out after t seconds, this
# many targets are probed every t seconds.
CONCURRENCY = 512

_log = structlog.get_logger(__name__)


class Prober(Protocol):
    """What runs one probe; `Probes` is the real one."""

    async def probe(self, target: Target) -> Outcome:
        """Run the target's check once."""
        ...

    async def close(self) -> None:
        """Let go of what probes share."""
        ...


def ignore(target: Target, outcome: Outcome) -> None:
    """The `on_probe` of who does not care."""


def unheard(target: Target) -> None:
    """What a change of patience comes to while nobody listens."""


def unconcerned(ending: Ending) -> None:
    """What the end of a certificate comes to while nobody listens."""


class Checker:
    """Probes targets and tells of every verdict whose state changes.

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
    ) -> None:
        """`prober` replaces the real probes (then `dial` is unused); `random` draws the jitter."""
        self._on_change = on_change
        self._on_probe = on_probe
        self._on_patience: Callable[[Target], None] = unheard
        self._clock = clock
        self._now = now
        self._random = random or Random()
        self._prober = prober or Probes(dial=dial, clock=clock, now=now)
        self._concurrency = concurrency
        self._watches: dict[Target, Watch] = {}
        self._waiting: deque[Watch] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._untried: set[Target] = set()
        self._all_tried = asyncio.Event()
        self._spells = Spells(clock)
        self._on_ending: Callable[[Ending], None] = unconcerned
        self._certificates = Certificates(now, lambda ending: self._on_ending(ending))
        self._note_round()

    def tell_patience(self, on_patience: Callable[[Target], None]) -> None:
        """Call this, too, when a target's patience changes though its state does not."""
        self._on_patience = on_patience

    def tell_endings(self, on_ending: Callable[[Ending], None]) -> None:
        """Call this, too, when a target's certificate is about to end, and when it is not."""
        self._on_ending = on_ending

    def retarget(self, targets: Collection[Target]) -> None:
        """Check exactly these targets from now on.

        Removed ones stop at once and those that stay keep their history. A new one is probed at
        once, unless it asks the question of a removed one (only times or thresholds differ):
        then it takes over what was learnt.
        """
        wanted = dict.fromkeys(targets)
        gone = [watch for target, watch in self._watches.items() if target not in wanted]
        learnt = {question(watch.target): watch for watch in gone if watch.outcome}
        for watch in gone:
            self._remove(watch)
        for target in wanted:
            if target not in self._watches:
                self._add(target, learnt.get(question(target)) if learnt else None)
        for watch in gone:
            self._spells.note(watch.target, None)
        self._note_round()

    async def first_round(self, limit: float) -> bool:
        """Wait until every target has been tried once, at most `limit` seconds.

        True if each has an outcome; one that has none stays `unknown` and its reason says so. May
        be called again when targets were added, and while probes run: it waits for those alone
        that were never tried. A probe that could not be made counts as tried, since the next one
        may fare no better.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while self._untried:  # more may have been added before this woke up
                    await self._all_tried.wait()
        for target in self._untried:
            watch = self._watches[target]
            reason = f"still without an outcome when the first round ended after {span(limit)}"
            watch.health = unprobed(watch.health.verdict.since, reason)
        return all(watch.outcome for watch in self._watches.values())

    def verdict(self, target: Target) -> Verdict:
        """What is believed of the target; `unknown` if it was never probed."""
        watch = self._watches.get(target)
        return watch.verdict() if watch else unprobed(self._now()).verdict

    def report(self, target: Target) -> Report:
        """How the target is doing."""
        watch = self._watches.get(target)
        return watch.report() if watch else Report(unprobed(self._now()).verdict)

    def pace(self, target: Target) -> Pace:
        """How fast the target's successful probes were; may be asked from any thread."""
        watch = self._watches.get(target)
        return watch.pace if watch else UNMEASURED

    def patience(self, target: Target) -> float:
        """Seconds until the target's verdict could change at the soonest."""
        watch = self._watches.get(target)
        return patience(watch.health, target.check) if watch else 0.0

    async def close(self) -> None:
        """Stop everything; returns when no probe runs any more and no socket is open."""
        self._spells.close()
        for watch in list(self._watches.values()):
            self._remove(watch)
        self._note_round()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._prober.close()

    # --- targets come and go ------------------------------------------------------------

    def _add(self, target: Target, learnt: Watch | None) -> None:
        watch = Watch(target, phase(target), unprobed(self._now()))
        self._watches[target] = watch
        if learnt is None:
            self._untried.add(target)
            self._due(watch)
        else:
            watch.health, watch.outcome = learnt.health, learnt.outcome
            watch.pace, watch.expires = learnt.pace, learnt.expires
            self._note_impairment(watch, learnt.impairment)
            self._plan(watch)

    def _remove(self, watch: Watch) -> None:
        watch.stop()
        del self._watches[watch.target]
        self._untried.discard(watch.target)
        self._certificates.forget(watch.target)

    def _note_round(self) -> None:
        if self._untried:
            self._all_tried.clear()
        else:
            self._all_tried.set()

    # --- a probe falls due, runs and ends -----------------------------------------------

    def _plan(self, watch: Watch) -> None:
        """Set the timer for the next probe. Only called when none is due or running."""
        now = self._clock()
        due = next_due(
            now, watch.target.check.schedule.interval, watch.phase, self._random.random()
        )
        watch.timer = asyncio.get_running_loop().call_later(due - now, self._due, watch)

    def _due(self, watch: Watch) -> None:
        watch.timer = None
        self._waiting.append(watch)
        self._launch_waiting()

    def _launch_waiting(self) -> None:
        while self._waiting and len(self._running) < self._concurrency:
            watch = self._waiting.popleft()
            if not watch.stopped:
                self._launch(watch)

    def _launch(self, watch: Watch) -> None:
        task = asyncio.get_running_loop().create_task(self._probe(watch))
        watch.task = task
        self._running.add(task)
        task.add_done_callback(partial(self._ended, watch))

    def _ended(self, watch: Watch, task: asyncio.Task[None]) -> None:
        """A callback, not the end of the task: one cancelled before it began runs no code."""
        self._running.discard(task)
        watch.task = None
        if not watch.stopped:
            self._plan(watch)
        self._launch_waiting()

    async def _probe(self, watch: Watch) -> None:
        try:
            outcome = await self._prober.probe(watch.target)
        except Exception as error:
            # A fault of ours says nothing about the target, so it must not move a verdict.
            self._complain(watch, "probe_failed_internally")
            if not watch.stopped:
                self._note_impairment(watch, None)
            if watch.outcome is None:
                reason = f"the probe failed inside gtm: {type(error).__name__}: {error}"
                watch.health = unprobed(watch.health.verdict.since, reason)
        else:
            if not watch.stopped:
                self._note_impairment(watch, outcome.impairment)
                if outcome.impairment is None:
                    self._judge(watch, outcome)
        if not watch.stopped:
            self._untried.discard(watch.target)
            self._note_round()

    def _note_impairment(self, watch: Watch, why: str | None) -> None:
        watch.impairment = why
        self._spells.note(watch.target, why)

    def _judge(self, watch: Watch, outcome: Outcome) -> None:
        before, check = watch.health.verdict, watch.target.check
        waited = patience(watch.health, check)
        watch.health = step(watch.health, outcome, check.judgement)
        watch.outcome = outcome
        watch.pace = watch.pace.after(outcome)
        watch.probes += 1
        if outcome.expires is not None:
            watch.expires = outcome.expires
            self._tell(watch, partial(self._certificates.note, watch.target, outcome.expires))
        after = watch.health.verdict
        if after.state is not before.state:
            self._tell(watch, partial(self._on_change, watch.target, before, after))
        elif patience(watch.health, check) != waited:
            self._tell(watch, partial(self._on_patience, watch.target))
        self._tell(watch, partial(self._on_probe, watch.target, outcome))

    def _tell(self, watch: Watch, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:
            self._complain(watch, "health_callback_failed")

    def _complain(self, watch: Watch, event: str) -> None:
        """Log the exception being handled, the first time it happens to this target."""
        if event not in watch.complaints:
            watch.complaints.add(event)
            _log.error(event, target=place(watch.target), exc_info=True)
