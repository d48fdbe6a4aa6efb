"""How soon a target's verdict could change: what a TTL of `{min, max}` goes by. Pure."""

from __future__ import annotations

from gtm.checks import Check, Schedule
from gtm.health.state import Health, is_changing
from gtm.model import State


def patience(health: Health, check: Check) -> float:
    """Seconds until probes could change the verdict at the soonest.

    They are the probes in a row that it takes yet, times the intervals between them: a step for
    each state and row, that does not move with the clock. 0 before the first outcome, which
    decides alone. It is never too long, but too short while a target is held down for changing
    too often: what is left of a hold moves with the clock.
    """
    match health.verdict.state:
        case State.UNKNOWN:
            return 0.0
        case State.UP:
            left = check.judgement.fall - health.strikes
        case State.DOWN:
            left = check.judgement.rise - health.successes
    # a reload may have lowered `fall` or `rise` below what was counted; the next probe tells
    return _until(max(1, left), check.schedule, changing=is_changing(health))


def undisturbed(check: Check) -> float:
    """The patience of a target that is up and has not failed."""
    return _until(check.judgement.fall, check.schedule, changing=False)


def _until(probes: int, schedule: Schedule, *, changing: bool) -> float:
    """Seconds that so many probes take: the first comes as it is planned, the rest faster."""
    fast = schedule.interval if schedule.fast_interval is None else schedule.fast_interval
    first = fast if changing else schedule.interval
    return first + (probes - 1) * fast
