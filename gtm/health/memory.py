"""What was learnt of a target before a restart, and how far it is still believed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gtm.checks import Target
from gtm.health.freshness import stale_after
from gtm.health.outcome import rough
from gtm.health.pace import UNMEASURED, Pace
from gtm.health.state import Health, unprobed
from gtm.model import State

# How many times as long as without a restart a verdict is believed: the first round asks anew
# before the first answer, and what it finds is counted onto what was known.
TRUST = 3.0

# Seconds for which what was measured tells how fast a target is: endpoints change less than that.
PACE_TRUST = 3600.0


@dataclass(frozen=True, slots=True)
class Memory:
    """A target's health and pace as of its latest probe, which ended at `at` (Unix seconds)."""

    health: Health
    pace: Pace
    at: float


@dataclass(frozen=True, slots=True)
class Recalled:
    """What to begin with. `trusted` says that the verdict still holds."""

    health: Health
    pace: Pace
    trusted: bool


def recall(memory: Memory, target: Target, now: float) -> Recalled:
    """What of a memory still holds. What is too old is kept in words alone."""
    age, before = now - memory.at, memory.health
    pace = memory.pace if 0 <= age <= PACE_TRUST else UNMEASURED
    if 0 <= age <= TRUST * stale_after(target.check) and before.verdict.state is not State.UNKNOWN:
        words = f"as before the restart: {before.verdict.reason.removeprefix(_SAME)}"
        verdict = before.verdict._replace(reason=words)
        return Recalled(replace(before, verdict=verdict), pace, trusted=True)
    was = before.verdict.state.value
    ago = f"{rough(age)} ago" if age >= 0 else "by a clock that ran ahead"
    reason = f"not probed yet; was {was} {ago}, before the restart"
    return Recalled(replace(unprobed(now, reason), flaps=before.flaps), pace, trusted=False)


_SAME = "as before the restart: "
