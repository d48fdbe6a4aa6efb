"""How soon a target's verdict could change: what a TTL of `{min, max}` goes by. Pure."""

from __future__ import annotations

from gtm.checks import Check
from gtm.health.state import Health
from gtm.model import State


def patience(health: Health, check: Check) -> float:
    """Seconds until probes could change the verdict at the soonest.

    They are the probes in a row that it takes yet, times their interval: a step for each state,
    failures and successes in a row, that does not move with the clock. 0 before the first outcome,
    which decides alone.
    """
    match health.verdict.state:
        case State.UNKNOWN:
            return 0.0
        case State.UP:
            left = check.judgement.fall - health.failures
        case State.DOWN:
            left = check.judgement.rise - health.successes
    # a reload may have lowered `fall` or `rise` below what was counted; the next probe tells
    return max(1, left) * check.schedule.interval


def undisturbed(check: Check) -> float:
    """The patience of a target that is up and has not failed."""
    return check.judgement.fall * check.schedule.interval
