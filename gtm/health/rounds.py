"""Runs the probes of all targets on time, and hands on what they found.

An idle target costs one timer of the event loop; a task exists only while its probe runs, and
most probes do without (swift.py). The probes that run at once are bounded, and those that wait go
in the order in which they fell due.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Protocol

from gtm.checks import Target
from gtm.health.impairment import not_made
from gtm.health.lateness import Lateness
from gtm.health.measure import Clock
from gtm.health.outcome import Outcome
from gtm.health.schedule import next_due, phase
from gtm.health.swift import Running, Swift

# Probes that run at once, each with one socket: half of the 1024 open files that a process gets
# by default, the rest is for DNS and the API. When every probe times out after t seconds, this
# many targets are probed every t seconds.
CONCURRENCY = 512


HELD_UP = "this machine is too busy to probe in time"


class Prober(Protocol):
    """What runs one probe; `Probes` is the real one."""

    async def probe(self, target: Target) -> Outcome:
        """Run the target's check once."""
        ...

    async def close(self) -> None:
        """Let go of what probes share."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """A probe that failed inside gtm: why, and the traceback. It says nothing of its target."""

    why: str
    trace: str


Heard = Callable[[Target, Outcome | Fault], None]
"""Called for each probe that ended. May not block."""


class Probing(Protocol):
    """What makes the probes, wherever it does so. All calls come from one event loop."""

    def add(self, target: Target, *, at_once: bool) -> None:
        """Probe a target from now on: at once, or first when its turn comes."""
        ...

    def remove(self, target: Target) -> None:
        """Probe it no more: a probe that runs is cut short and not heard of."""
        ...

    def hasten(self, target: Target, fast: bool) -> None:
        """Probe it at its `fast_interval` from now on, or no longer."""
        ...

    async def close(self) -> None:
        """Stop everything; returns when no probe runs any more and no socket is open."""
        ...


@dataclass(slots=True, eq=False)
class _Turn:
    """One target. At most one of `timer` and `task` is set: due later, or running."""

    target: Target
    phase: float
    fast: bool = False
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | Running | None = None
    swift: Swift | None = None
    stopped: bool = False


class Rounds:
    """Probing in this process, by a `Prober`. `random` draws the jitter."""

    def __init__(
        self,
        heard: Heard,
        prober: Prober,
        *,
        clock: Clock = time.monotonic,
        random: Random | None = None,
        concurrency: int = CONCURRENCY,
        swift: Callable[[Target], Swift | None] = lambda _: None,
    ) -> None:
        """`clock` is monotonic seconds. `swift` says what probes a target without a task."""
        self._heard = heard
        self._prober = prober
        self._clock = clock
        self._random = random or Random()
        self._concurrency = concurrency
        self._swift = swift
        self._launching = False
        self._turns: dict[Target, _Turn] = {}
        self._waiting: deque[_Turn] = deque()
        self._running: set[asyncio.Task[None] | Running] = set()
        self._lateness = Lateness(clock)

    def add(self, target: Target, *, at_once: bool) -> None:
        """See Probing."""
        self._lateness.follow()
        turn = self._turns[target] = _Turn(target, phase(target), swift=self._swift(target))
        if at_once:
            self._due(turn)
        else:
            self._plan(turn)

    def remove(self, target: Target) -> None:
        """See Probing."""
        turn = self._turns.pop(target)
        turn.stopped = True
        if turn.timer is not None:
            turn.timer.cancel()
        if turn.task is not None:
            turn.task.cancel()
            if isinstance(turn.task, Running):  # a task tells by itself that it ended
                self._running.discard(turn.task)
                asyncio.get_running_loop().call_soon(self._launch_waiting)

    def hasten(self, target: Target, fast: bool) -> None:
        """See Probing."""
        turn = self._turns.get(target)
        if turn is None or turn.fast is fast or target.check.schedule.fast_interval is None:
            return
        turn.fast = fast
        if turn.timer is not None:
            turn.timer.cancel()
            self._plan(turn)

    async def close(self) -> None:
        """See Probing."""
        self._lateness.close()
        for target in list(self._turns):
            self.remove(target)
        tasks = [each for each in self._running if isinstance(each, asyncio.Task)]
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._prober.close()

    # --- a probe falls due, runs and ends -----------------------------------------------

    def _plan(self, turn: _Turn) -> None:
        """Set the timer for the next probe. Only called when none is due or running."""
        now, schedule = self._clock(), turn.target.check.schedule
        interval, after = schedule.interval, now
        if turn.fast and schedule.fast_interval is not None:
            interval = schedule.fast_interval
            after += interval / 2  # what was asked a moment ago would answer the same
        due = next_due(after, interval, turn.phase, self._random.random())
        turn.timer = asyncio.get_running_loop().call_later(due - now, self._due, turn)

    def _due(self, turn: _Turn) -> None:
        turn.timer = None
        self._waiting.append(turn)
        self._launch_waiting()

    def _launch_waiting(self) -> None:
        if self._launching:  # a probe that ended as it began, below
            return
        self._launching = True
        while self._waiting and len(self._running) < self._concurrency:
            turn = self._waiting.popleft()
            if turn.stopped:
                continue
            if turn.swift is None:
                self._launch(turn)
            else:
                self._launch_swift(turn, turn.swift)
        self._launching = False

    def _launch(self, turn: _Turn) -> None:
        task = asyncio.get_running_loop().create_task(self._probe(turn))
        turn.task = task
        self._running.add(task)
        task.add_done_callback(partial(self._ended, turn))

    def _launch_swift(self, turn: _Turn, swift: Swift) -> None:
        turn.task = running = swift.begin(partial(self._found, turn, self._clock()))
        self._running.add(running)
        running.start()

    def _found(self, turn: _Turn, begun: float, outcome: Callable[[], Outcome]) -> None:
        found: Outcome | Fault
        try:
            found = self._fair(outcome(), turn.target, begun)
        except Exception as error:
            found = _fault(error)
        self._heard(turn.target, found)
        if turn.task is not None:
            self._ended(turn, turn.task)

    def _ended(self, turn: _Turn, task: asyncio.Task[None] | Running) -> None:
        """A callback, not the end of the task: one cancelled before it began runs no code."""
        self._running.discard(task)
        turn.task = None
        if not turn.stopped:
            self._plan(turn)
        self._launch_waiting()

    async def _probe(self, turn: _Turn) -> None:
        found: Outcome | Fault
        begun = self._clock()
        try:
            found = self._fair(await self._prober.probe(turn.target), turn.target, begun)
        except Exception as error:
            found = _fault(error)
        if not turn.stopped:
            self._heard(turn.target, found)

    def _fair(self, outcome: Outcome, target: Target, begun: float) -> Outcome:
        """A failure that may be for want of time to run is no word on the target."""
        if outcome.reached or outcome.impairment is not None:
            return outcome
        if not self._lateness.spoilt(begun, target.check.schedule.timeout):
            return outcome
        return not_made(HELD_UP, outcome.latency, outcome.at)


def _fault(error: Exception) -> Fault:
    """A fault of ours says nothing about the target, so it must not move a verdict."""
    return Fault(f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))
