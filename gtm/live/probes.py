"""The latest probes of every target: how long each took, in arrays of a fixed length. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from math import isnan, nan

from gtm.checks import Target
from gtm.health.outcome import Outcome

KEPT = 60  # probes of each target: with its arrays a kilobyte, ten megabytes of ten thousand


class Track:
    """The last probes of one target, as a ring."""

    __slots__ = ("_at", "_latency", "_next")

    def __init__(self) -> None:
        """No probe was made yet."""
        self._at = array("d")
        self._latency = array("f")
        self._next = 0

    def add(self, at: float, latency: float | None) -> None:
        """A probe that ended `at` a Unix time, after `latency` seconds; None if it failed."""
        taken = nan if latency is None else latency
        if len(self._at) < KEPT:
            self._at.append(at)
            self._latency.append(taken)
        else:
            self._at[self._next], self._latency[self._next] = at, taken
            self._next = (self._next + 1) % KEPT

    def listed(self) -> tuple[list[float], list[float | None]]:
        """Ends in Unix time, oldest first, and latencies in seconds."""
        at = [*self._at[self._next :], *self._at[: self._next]]
        latency = [*self._latency[self._next :], *self._latency[: self._next]]
        return at, [None if isnan(each) else each for each in latency]


class Probed:
    """The tracks of all targets. Lives on the control loop; what stays keeps its own on a load."""

    def __init__(self) -> None:
        """No target is known."""
        self._tracks: dict[Target, Track] = {}

    def __len__(self) -> int:
        """How many targets have one."""
        return len(self._tracks)

    def note(self, target: Target, outcome: Outcome) -> None:
        """A probe of a target; one that this machine could not make tells nothing."""
        if outcome.impairment is not None:
            return
        track = self._tracks.get(target)
        if track is None:
            track = self._tracks[target] = Track()
        track.add(outcome.at, outcome.latency if outcome.ok else None)

    def of(self, target: Target | None) -> tuple[list[float], list[float | None]]:
        """What was found of a target, oldest first; nothing of one that is not known."""
        track = None if target is None else self._tracks.get(target)
        return ([], []) if track is None else track.listed()

    def keep(self, known: Callable[[Target], bool]) -> None:
        """Lets go of targets that are not known any more."""
        gone = [target for target in self._tracks if not known(target)]
        for target in gone:
            del self._tracks[target]
