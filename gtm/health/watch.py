"""What the checker keeps about one target, and what it tells others of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from gtm.checks import Target, Unknown
from gtm.health.freshness import stale_after
from gtm.health.memory import Memory
from gtm.health.outcome import Outcome, span
from gtm.health.pace import UNMEASURED, Pace
from gtm.health.patience import patience
from gtm.health.state import CALM, Flaps, Health
from gtm.model import State, Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """How a target is doing, for status and metrics.

    `outcome` is the latest, None before the first. `successes` and `failures` are in a row: one
    of them is 0. `probes` counts those that had an outcome since the target was added.
    `impairment` is why this machine could not make the latest probe; None if it could. `pace` is
    how fast its successful probes were, `flaps` how restless it is. `expires` is when the
    certificate ends that was seen last (Unix time); None if there was none.
    """

    verdict: Verdict
    outcome: Outcome | None = None
    successes: int = 0
    failures: int = 0
    probes: int = 0
    impairment: str | None = None
    pace: Pace = UNMEASURED
    flaps: Flaps = CALM
    expires: float | None = None

    @property
    def latency(self) -> float | None:
        """Seconds that the latest probe took; None before the first."""
        return self.outcome.latency if self.outcome else None


@dataclass(slots=True, eq=False)
class Watch:
    """One target under check.

    `targets` are all that its probes serve, itself first. `learnt` is the Unix time of the latest
    probe that its health goes by, which may have been before a restart. `before` is its health
    before it began not to answer, for a checker that finds out that it was cut off. `disbelieved`
    says that the latest outcome was not counted for that reason, `stale` since when (Unix time)
    the verdict is too old to be believed. `complaints` holds the log events already written about
    it, so that a fault of ours that comes back with every probe is said once.
    """

    target: Target
    health: Health
    targets: tuple[Target, ...] = ()
    canary: bool = False
    outcome: Outcome | None = None
    learnt: float | None = None
    impairment: str | None = None
    probes: int = 0
    pace: Pace = UNMEASURED
    before: Health | None = None
    disbelieved: bool = False
    stale: float | None = None
    expires: float | None = None
    complaints: set[str] = field(default_factory=set)

    def take_over(self, other: Watch) -> None:
        """Begin with what was learnt by asking the same question."""
        self.health, self.outcome, self.learnt = other.health, other.outcome, other.learnt
        self.pace, self.expires = other.pace, other.expires

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
            flaps=self.health.flaps,
            expires=self.expires,
        )

    def verdict(self) -> Verdict:
        """The verdict that stands, and why it can't be looked after at the moment."""
        verdict = self.health.verdict
        if self.impairment is not None:
            known = f"; before that: {verdict.reason}" if self.learnt is not None else ""
            verdict = verdict._replace(reason=f"not probed: {self.impairment}{known}")
        elif self.disbelieved and self.outcome is not None:
            said = f"{self.outcome.reason}, not believed while the checker seems to be cut off"
            verdict = verdict._replace(reason=f"{said}; before that: {verdict.reason}")
        return verdict if self.stale is None else self._as_stale(verdict, self.stale)

    def patience(self) -> float:
        """Seconds until the verdict could change at the soonest."""
        return 0.0 if self.stale is not None else patience(self.health, self.target.check)

    def memory(self) -> Memory | None:
        """What is worth keeping over a restart; None if nothing was learnt yet."""
        return None if self.learnt is None else Memory(self.health, self.pace, self.learnt)

    def _as_stale(self, verdict: Verdict, since: float) -> Verdict:
        taken = _taken(self.target.check.judgement.unknown, verdict.state)
        age = span(stale_after(self.target.check))
        words = f"no probe for more than {age}: {verdict.reason}; taken to be {taken.value}"
        return Verdict(State.UNKNOWN, words, since, taken=taken)


def _taken(rule: Unknown, before: State) -> State:
    match rule:
        case Unknown.KEEP:
            return before
        case Unknown.UP:
            return State.UP
        case Unknown.DOWN:
            return State.DOWN
