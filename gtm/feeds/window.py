"""Outcomes of the last while, by reporter: a ring of sub-windows, so that old ones fall out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PARTS = 10  # sub-windows: what is counted is between nine tenths of a window old and a whole one
REPORTERS = 32  # told apart in a sub-window; further ones count as one, so memory is bounded
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Tally:
    """Outcomes of one reporter."""

    ok: int = 0
    failed: int = 0

    @property
    def outcomes(self) -> int:
        """All of them."""
        return self.ok + self.failed

    def with_more(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(self.ok + other.ok, self.failed + other.failed)


class Window:
    """Tallies by reporter over `seconds`. Times are monotonic seconds."""

    def __init__(self, seconds: float) -> None:
        """Nothing was told yet."""
        self.seconds = seconds
        self._part = seconds / PARTS
        self._parts: dict[int, dict[str, Tally]] = {}

    def add(self, reporter: str, tally: Tally, now: float) -> None:
        """Takes in what a reporter tells now."""
        number = self._forget(now)
        part = self._parts.setdefault(number, {})
        if reporter not in part and len(part) >= REPORTERS:
            reporter = OTHERS
        part[reporter] = part.get(reporter, Tally()).with_more(tally)

    def tallies(self, now: float) -> Mapping[str, Tally]:
        """What each reporter told within the window."""
        self._forget(now)
        found: dict[str, Tally] = {}
        for part in self._parts.values():
            for reporter, tally in part.items():
                found[reporter] = found.get(reporter, Tally()).with_more(tally)
        return found

    def clear(self) -> None:
        """Forgets everything."""
        self._parts.clear()

    def _forget(self, now: float) -> int:
        """Drops what is older than the window; gives the number of the sub-window of now."""
        number = int(now // self._part)
        if self._parts and min(self._parts) <= number - PARTS:
            self._parts = {at: part for at, part in self._parts.items() if at > number - PARTS}
        return number
