"""The state machine that turns outcomes into a verdict. Pure: time comes with each outcome.

`rise` successes in a row bring a target up and `fall` failures in a row take it down. Where
nothing is known yet the first outcome decides alone, so that a server that starts is not blind
for rise or fall intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtm.checks import Judgement
from gtm.health.outcome import Outcome, ordinal
from gtm.model import State, Verdict


@dataclass(frozen=True, slots=True)
class Health:
    """What is believed of a target, with its successes and failures in a row (one of them is 0)."""

    verdict: Verdict
    successes: int = 0
    failures: int = 0


def unprobed(since: float, reason: str = "not probed yet") -> Health:
    """The health of a target of which nothing is known. `since` is Unix time."""
    return Health(Verdict(State.UNKNOWN, reason, since))


def step(health: Health, outcome: Outcome, rules: Judgement) -> Health:
    """The health after one more outcome.

    `since` moves only when the state does. The reason is always that of the latest outcome, with
    its place in the row where a row is being counted.
    """
    successes = health.successes + 1 if outcome.ok else 0
    failures = 0 if outcome.ok else health.failures + 1
    before = health.verdict
    state = _next_state(before.state, successes, failures, rules)
    verdict = Verdict(
        state=state,
        reason=outcome.reason + _row(before.state, successes, failures, rules),
        since=before.since if state is before.state else outcome.at,
    )
    return Health(verdict, successes, failures)


def _next_state(state: State, successes: int, failures: int, rules: Judgement) -> State:
    """Exactly one of `successes` and `failures` is not 0."""
    if state is State.UNKNOWN:
        return State.UP if successes else State.DOWN
    if successes >= rules.rise:
        return State.UP
    if failures >= rules.fall:
        return State.DOWN
    return state


def _row(state: State, successes: int, failures: int, rules: Judgement) -> str:
    """Where the outcome stands in its row: `, 2nd of 3` towards a change, `, 5th in a row` after.

    `state` is the one before the outcome. Empty where there is nothing to count: the first
    outcome of all, a success while up, a change that takes only one.
    """
    if state is State.UP and failures and rules.fall > 1:
        return f", {ordinal(failures)} of {rules.fall}"
    if state is State.DOWN and successes and rules.rise > 1:
        return f", {ordinal(successes)} of {rules.rise}"
    if state is State.DOWN and failures > 1:
        return f", {ordinal(failures)} in a row"
    return ""
