"""The state machine that turns outcomes into a verdict. Pure: time comes with each outcome.

`rise` successes in a row bring a target up. `fall` failures take it down: they add up until `ok`
successes in a row forget them, so with `ok: 1` they have to be in a row. Where nothing is known
yet the first outcome decides alone, so that a server that starts is not blind for rise or fall
intervals. A target that changes too often is held down (`damping`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gtm.checks import Damping, Judgement
from gtm.health.outcome import Outcome, ordinal, span
from gtm.model import State, Verdict


@dataclass(frozen=True, slots=True)
class Flaps:
    """How restless a target is. Times are Unix seconds.

    `changes` are the moments at which it went up or down of late, oldest first, as far as damping
    goes by them. `hold` is for how many seconds it is, or was last, held down for that, and `until`
    when that ends; 0 is never. `changed` and `held` count changes and holds from the beginning.
    """

    changes: tuple[float, ...] = ()
    hold: float = 0.0
    until: float = 0.0
    changed: int = 0
    held: int = 0


CALM = Flaps()


@dataclass(frozen=True, slots=True)
class Health:
    """What is believed of a target, and what it takes to change that.

    `successes` and `failures` are in a row: one of them is 0. `strikes` are the failures of a
    target that is up which nothing has forgotten yet.
    """

    verdict: Verdict
    successes: int = 0
    failures: int = 0
    strikes: int = 0
    flaps: Flaps = CALM


def unprobed(since: float, reason: str = "not probed yet") -> Health:
    """The health of a target of which nothing is known. `since` is Unix time."""
    return Health(Verdict(State.UNKNOWN, reason, since))


def step(health: Health, outcome: Outcome, judgement: Judgement) -> Health:
    """The health after one more outcome.

    `since` moves only when the state does. The reason is always that of the latest outcome, with
    its place in the row where a row is being counted.
    """
    if is_slow(outcome, judgement):
        outcome = _failed_as_slow(outcome, judgement)
    elif outcome.ok and health.verdict.state is State.UP and not health.strikes:
        return _well_again(health, outcome)
    counted = _counted(health, outcome, judgement)
    before, after = health.verdict.state, _next_state(counted, outcome.at, judgement)
    flaps = health.flaps
    if after is not before and before is not State.UNKNOWN:
        flaps = _after_change(flaps, after, outcome.at, judgement.damping)
    reason = outcome.reason + _row(counted, judgement)
    if after is State.DOWN and judgement.damping is not None:
        reason += _held(flaps, outcome.at)
    since = health.verdict.since if after is before else outcome.at
    strikes = counted.strikes if after is before else 0
    return replace(counted, verdict=Verdict(after, reason, since), strikes=strikes, flaps=flaps)


def _well_again(health: Health, outcome: Outcome) -> Health:
    """What nearly every probe finds, made without a detour: there are thousands a second."""
    verdict = Verdict(State.UP, outcome.reason, health.verdict.since)
    return Health(verdict, health.successes + 1, flaps=health.flaps)


def is_slow(outcome: Outcome, judgement: Judgement) -> bool:
    """Whether an answer was good, but came later than `max_latency`."""
    most = judgement.max_latency
    return most is not None and outcome.ok and outcome.latency > most


def is_changing(health: Health) -> bool:
    """Whether the next outcomes may change the state: then `fast_interval` holds."""
    match health.verdict.state:
        case State.UP:
            return health.strikes > 0
        case State.DOWN:
            return health.successes > 0
        case State.UNKNOWN:
            return True


def _failed_as_slow(outcome: Outcome, judgement: Judgement) -> Outcome:
    reason = f"{outcome.reason}, slower than {span(judgement.max_latency or 0.0)}"
    return replace(outcome, ok=False, reason=reason)


def _counted(health: Health, outcome: Outcome, judgement: Judgement) -> Health:
    """The health with the outcome counted, and the verdict still as before."""
    strikes = health.strikes
    if not outcome.ok:
        if health.verdict.state is State.UP:
            strikes += 1
        return replace(health, successes=0, failures=health.failures + 1, strikes=strikes)
    successes = health.successes + 1
    if successes >= judgement.ok:
        strikes = 0
    return replace(health, successes=successes, failures=0, strikes=strikes)


def _next_state(counted: Health, at: float, judgement: Judgement) -> State:
    match counted.verdict.state:
        case State.UNKNOWN:
            return State.UP if counted.successes else State.DOWN
        case State.UP:
            # only a failure takes it down: a reload may have lowered `fall` to what was counted
            falls = counted.failures > 0 and counted.strikes >= judgement.fall
            return State.DOWN if falls else State.UP
        case State.DOWN:
            held = judgement.damping is not None and at < counted.flaps.until
            rises = counted.successes >= judgement.rise and not held
            return State.UP if rises else State.DOWN


def _after_change(flaps: Flaps, after: State, at: float, damping: Damping | None) -> Flaps:
    """Notes a change; going down one time too many begins a hold, each longer than the last."""
    flaps = replace(flaps, changed=flaps.changed + 1)
    if damping is None:
        return replace(flaps, changes=(), hold=0.0, until=0.0)
    recent = [time for time in flaps.changes if at - time < damping.within]
    # quiet is counted from the end of a hold: while one lasts a target can't be restless
    quiet = not recent and at - flaps.until >= damping.within
    hold = 0.0 if quiet else flaps.hold
    changes = (*recent, at)[-damping.changes - 1 :]
    if after is not State.DOWN or len(changes) <= damping.changes:
        return replace(flaps, changes=changes, hold=hold)
    hold = min(damping.most, max(hold * 2, damping.hold))
    return replace(flaps, changes=changes, hold=hold, until=at + hold, held=flaps.held + 1)


def _held(flaps: Flaps, at: float) -> str:
    if at >= flaps.until:
        return ""
    times, took = len(flaps.changes), span(flaps.changes[-1] - flaps.changes[0])
    left = span(flaps.until - at)
    return f"; changed state {times} times within {took}, so it is held down for {left} more"


def _row(counted: Health, judgement: Judgement) -> str:
    """Where the outcome stands in its row: `, 2nd of 3` towards a change, `, 5th in a row` after.

    Empty where there is nothing to count: the first outcome of all, a success while up, a change
    that takes only one, successes beyond `rise` while held down.
    """
    state = counted.verdict.state
    if state is State.UP and counted.failures and judgement.fall > 1:
        return f", {ordinal(counted.strikes)} of {judgement.fall}"
    if state is State.DOWN and counted.successes and judgement.rise > 1:
        if counted.successes <= judgement.rise:
            return f", {ordinal(counted.successes)} of {judgement.rise}"
        return f", {ordinal(counted.successes)} in a row"
    if state is State.DOWN and counted.failures > 1:
        return f", {ordinal(counted.failures)} in a row"
    return ""
