"""What the checker keeps about one target, and what it tells others of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from gtm.checks import Check, Target
from gtm.health.outcome import Outcome
from gtm.health.pace import UNMEASURED, Pace
from gtm.health.state import Health
from gtm.model import Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """How a target is doing, for status and metrics.

    `outcome` is the latest, None before the first. `successes` and `failures` are in a row: one
    of them is 0. `probes` counts those that had an outcome since the target was added.
    `impairment` is why this machine could not make the latest probe; None if it could. `pace` is
    how fast its successful probes were. `expires` is when the certificate ends that was verified
    last (Unix time); None if there was none.
    """

    verdict: Verdict
    outcome: Outcome | None = None
    successes: int = 0
    failures: int = 0
    probes: int = 0
    impairment: str | None = None
    pace: Pace = UNMEASURED
    expires: float | None = None

    @property
    def latency(self) -> float | None:
        """Seconds that the latest probe took; None before the first."""
        return self.outcome.latency if self.outcome else None


@dataclass(slots=True, eq=False)
class Watch:
    """One target under check. At most one of `timer` and `task` is set: due later, or running.

    `complaints` holds the log events already written about it, so that a fault of ours that
    comes back with every probe is said once.
    """

    target: Target
    phase: float
    health: Health
    outcome: Outcome | None = None
    impairment: str | None = None
    probes: int = 0
    pace: Pace = UNMEASURED
    expires: float | None = None
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None
    stopped: bool = False
    complaints: set[str] = field(default_factory=set)

    def stop(self) -> None:
        """Start no more probes and cancel the one that is running."""
        self.stopped = True
        if self.timer is not None:
            self.timer.cancel()
        if self.task is not None:
            self.task.cancel()

    def report(self) -> Report:
        """How the target is doing now."""
        return Report(
            verdict=self.verdict(),
            outcome=self.outcome,
            successes=self.health.successes,
            failures=self.health.failures,
            probes=self.probes,
            impairment=self.impairment,
            pace=self.pace,
            expires=self.expires,
        )

    def verdict(self) -> Verdict:
        """The verdict that stands, and that it can't be looked after at the moment."""
        verdict = self.health.verdict
        if self.impairment is None:
            return verdict
        known = f"; before that: {verdict.reason}" if self.outcome else ""
        return replace(verdict, reason=f"not probed: {self.impairment}{known}")


def question(target: Target) -> Target:
    """The target without how often it is asked and how its answers are judged.

    Two targets with one question have one history: a new `interval` or `fall` does not make what
    was learnt untrue.
    """
    check = target.check
    return replace(
        target, check=Check("", check.probe, check.port, check.address, check.source, check.family)
    )
