"""Which verdicts are too old to be believed. Pure; times are of one monotonic clock, in seconds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from gtm.checks import Check
from gtm.health.schedule import JITTER

# Intervals without a probe, and a timeout, after which a verdict is stale by default.
INTERVALS = 3

Key = TypeVar("Key", bound=Hashable)


def stale_after(check: Check) -> float:
    """Seconds after its latest probe at which a target's verdict is no longer believed."""
    schedule, judgement = check.schedule, check.judgement
    if judgement.stale_after is not None:
        return judgement.stale_after
    return INTERVALS * schedule.interval + schedule.timeout


def cycle(check: Check) -> float:
    """Seconds within which a target is sure to have been probed once."""
    return check.schedule.interval * (1 + JITTER) + check.schedule.timeout


class Freshness(Generic[Key]):
    """Keeps what was heard when, so that what has gone stale is found without looking at the rest.

    Those that stay fresh for the same time are kept in the order in which they were heard.
    """

    def __init__(self) -> None:
        """Nothing is followed yet."""
        self._heard: dict[float, OrderedDict[Key, float]] = {}

    def note(self, key: Key, patience: float, at: float) -> None:
        """It was heard of, and stays fresh for so many seconds. Times may not run back."""
        row = self._heard.get(patience)
        if row is None:
            row = self._heard[patience] = OrderedDict()
        row[key] = at
        row.move_to_end(key)

    def forget(self, key: Key, patience: float) -> None:
        """It is not followed any more, if it was."""
        row = self._heard.get(patience)
        if row is not None:
            row.pop(key, None)
            if not row:
                del self._heard[patience]

    def expired(self, now: float) -> list[Key]:
        """What has gone stale since it was last heard of, each told once."""
        found: list[Key] = []
        for patience in list(self._heard):
            row = self._heard[patience]
            while row:
                key, heard = next(iter(row.items()))
                if now - heard <= patience:
                    break
                found.append(key)
                self.forget(key, patience)
        return found
