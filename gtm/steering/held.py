"""Measured values that stand still while they change little, so that nobody moves for noise. Pure.

A held value follows its measurement only when that has come to differ by 10 %, and by at least
1 ms, and not more often than once in a while. So answers change when something did, and not
back and forth with every probe.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

PART = 0.10  # of the held value: a smaller change of measured cost moves nobody
LEAST = 1.0  # milliseconds: below that clocks and schedulers are measured, not endpoints
PAUSE = 10.0  # seconds between two changes of one value


class Held(Generic[Key]):
    """Values by key, in milliseconds, as they are gone by. Its memory is their last changes."""

    def __init__(self, part: float = PART, least: float = LEAST, pause: float = PAUSE) -> None:
        """A value moves when it is off by `part` of itself and by `least`, after `pause` s."""
        self._part = part
        self._least = least
        self._pause = pause
        self._moved: dict[Key, float] = {}
        self.values: Mapping[Key, float] = {}

    def follow(self, measured: Mapping[Key, float | None], now: float) -> frozenset[Key]:
        """Takes in what is measured `now` (monotonic seconds); gives the keys that changed.

        The first measurement of a key is taken as it is. A key measured as None keeps its value;
        one that is not there is forgotten. `values` is replaced, never changed in place.
        """
        changed = frozenset(
            key
            for key, value in measured.items()
            if value is not None and self._moves(key, value, now)
        )
        gone = self.values.keys() - measured.keys()
        if changed or gone:
            kept = {key: value for key, value in self.values.items() if key not in gone}
            news = {key: value for key in changed if (value := measured[key]) is not None}
            self.values = {**kept, **news}
        for key in gone:
            del self._moved[key]
        self._moved.update(dict.fromkeys(changed, now))
        return changed

    def _moves(self, key: Key, value: float, now: float) -> bool:
        held = self.values.get(key)
        if held is None:
            return True
        if abs(value - held) < max(self._part * held, self._least):
            return False
        return now - self._moved[key] >= self._pause
