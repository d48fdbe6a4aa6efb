"""Tells "every target failed" from "the checker is cut off", which looks the same from here. Pure.

Datacenters fail one at a time; a fault of the checker's own uplink hits all of them at once. So
when nearly all targets that were well begin to fail within the time in which each is probed once,
in more than one region, that is taken for a fault on this side, and no failure is believed:

    clear -> suspected: nearly all of the latest probes began to fail, or all canaries fail
    suspected -> frozen: so did nearly all targets, or all canaries are down
    suspected -> clear: others answer
    frozen -> clear: half of the targets answer again
    suspected, frozen -> believed: a canary answers, or `most` has passed
    believed -> clear: half of the targets answer again

Canaries are what the operator says must answer whenever the checker is connected. Without them
even a true outage of everything is believed only after `most`; nothing is lost by that, as there is
no region left to send clients to.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from math import ceil
from types import MappingProxyType
from typing import Generic, TypeVar

from gtm.checks import Freeze
from gtm.health.outcome import span

# The probes by which a suspicion begins, where there are so many targets: few enough to come
# within moments of each other, and too many for a region to fill them by chance.
SAMPLE = 20

# The share of the targets that were well which must answer again for all to be as before.
BACK = 0.5

Key = TypeVar("Key", bound=Hashable)


class Standing(Enum):
    """What is made of failures: see this module."""

    CLEAR = "clear"
    SUSPECTED = "suspected"
    FROZEN = "frozen"
    BELIEVED = "believed"


@dataclass(frozen=True, slots=True)
class Finding:
    """How the checker itself stands, why in an operator's words, and since when (Unix time)."""

    standing: Standing
    reason: str
    since: float

    @property
    def disbelieves(self) -> bool:
        """Whether a failure is no word on its target now."""
        return self.standing in (Standing.SUSPECTED, Standing.FROZEN)


@dataclass(frozen=True, slots=True)
class _Canary:
    """What a canary's latest probe found, and whether it is believed to be down."""

    ok: bool
    down: bool


class CutOff(Generic[Key]):
    """Follows what all targets' probes found. Times are Unix seconds."""

    def __init__(self, now: float, rules: Freeze) -> None:
        """Knows of no target yet."""
        self.rules = rules
        self.finding = Finding(Standing.CLEAR, "probes are answered", now)
        self._regions: Mapping[Key, Collection[str]] = {}
        self._window = 0.0
        self._well: set[Key] = set()
        self._lost: dict[Key, float] = {}  # they were well; since when they fail, oldest first
        self._latest: OrderedDict[Key, bool] = OrderedDict()  # of those: whose probe, was it well
        self._canaries: dict[Key, _Canary | None] = {}
        self._baseline = 0  # targets that were well when a suspicion began

    def follow(
        self,
        regions: Mapping[Key, Collection[str]],
        cycles: Iterable[float],
        canaries: Mapping[Key, float] = MappingProxyType({}),
    ) -> None:
        """These are the targets from now on, each with the regions that it serves.

        `cycles` are the seconds in which each of them is sure to be probed once, as are the values
        of `canaries`.
        """
        self._regions = regions
        self._window = self.rules.within or max(
            _quantile(cycles, self.rules.share), *canaries.values(), 0.0
        )
        self._canaries = {key: self._canaries.get(key) for key in canaries}
        self._well.intersection_update(regions)
        for key in [key for key in self._lost if key not in regions]:
            del self._lost[key]
        for key in [key for key in self._latest if key not in regions]:
            del self._latest[key]
        self._baseline = min(self._baseline, len(regions))

    def heard(self, key: Key, ok: bool, at: float) -> Finding:
        """A probe of a target was made."""
        if ok:
            self._well.add(key)
            self._lost.pop(key, None)
        elif key in self._well:
            self._well.remove(key)
            self._lost[key] = at
        if ok or key in self._lost:
            self._latest[key] = ok
            self._latest.move_to_end(key)
            if len(self._latest) > SAMPLE:
                self._latest.popitem(last=False)
        return self.at(at)

    def heard_canary(self, key: Key, ok: bool, down: bool, at: float) -> Finding:
        """A probe of a canary was made; `down` is what is believed of it now."""
        self._canaries[key] = _Canary(ok, down)
        if ok and self.finding.disbelieves:
            self._turn(Standing.BELIEVED, "a canary answers: failures are the targets' own", at)
        return self.at(at)

    def at(self, now: float) -> Finding:
        """How the checker stands now; to be asked once in a while even if no probe ends."""
        match self.finding.standing:
            case Standing.CLEAR:
                self._forget(now - self._window)
                if why := self._suspicion():
                    self._baseline = len(self._well) + len(self._lost)
                    self._turn(Standing.SUSPECTED, why, now)
                    self._confirm(now)
            case Standing.SUSPECTED:
                self._confirm(now)
            case Standing.FROZEN:
                self._hold(now)
            case Standing.BELIEVED:
                self._forget(now - self._window)
                self._recover(now)
        return self.finding

    def lost(self) -> list[Key]:
        """The targets that were well until they began to fail with the others."""
        return list(self._lost)

    # --- from one standing to the next --------------------------------------------------

    def _suspicion(self) -> str | None:
        """Why the latest probes look as if the checker were cut off; None if they do not."""
        if not self._lost:
            return None
        if self._canaries_fail() and len(self._well) <= len(self._lost):
            return f"{_canaries(len(self._canaries))} fail, and targets with them"
        known = len(self._well) + len(self._lost)
        if len(self._latest) < min(SAMPLE, known):
            return None
        failing = [key for key, ok in self._latest.items() if not ok]
        if not self._is_burst(failing, len(self._latest)):
            return None
        return f"{len(failing)} of the {len(self._latest)} targets probed last began to fail"

    def _confirm(self, now: float) -> None:
        if self._canaries_fail() and all(each and each.down for each in self._canaries.values()):
            self._freeze(f"{_canaries(len(self._canaries))} are down", now)
        elif self._is_burst(list(self._lost), len(self._well) + len(self._lost)):
            since = span(max(self._lost.values()) - min(self._lost.values()))
            every = len(self._well) + len(self._lost)
            self._freeze(f"{len(self._lost)} of {every} targets began to fail in {since}", now)
        elif self._suspicion() is None:
            self._turn(Standing.CLEAR, "other targets answer", now)
        elif now - self.finding.since >= self.rules.most:
            self._turn(Standing.BELIEVED, f"it has lasted for {span(self.rules.most)}", now)

    def _freeze(self, why: str, now: float) -> None:
        words = f"{why}: this looks like a fault on the checker's own side"
        self._turn(Standing.FROZEN, words, now)

    def _hold(self, now: float) -> None:
        if not self._recover(now) and now - self.finding.since >= self.rules.most:
            self._turn(Standing.BELIEVED, f"it has lasted for {span(self.rules.most)}", now)

    def _recover(self, now: float) -> bool:
        """Whether enough targets answer for all to be as before."""
        if len(self._well) < max(1.0, self._baseline * BACK):
            return False
        self._turn(Standing.CLEAR, "most targets answer", now)
        return True

    def _turn(self, standing: Standing, reason: str, now: float) -> None:
        self.finding = Finding(standing, reason, now)

    # --- what the probes say ------------------------------------------------------------

    def _forget(self, before: float) -> None:
        """Those that began to fail longer ago than the window did not fail with the others."""
        while self._lost:
            key, since = next(iter(self._lost.items()))
            if since >= before:
                return
            del self._lost[key]
            self._latest.pop(key, None)

    def _canaries_fail(self) -> bool:
        found = self._canaries.values()
        return bool(found) and all(each is not None and not each.ok for each in found)

    def _is_burst(self, failing: Collection[Key], of: int) -> bool:
        """Whether these are enough, nearly all, and of enough regions."""
        rules = self.rules
        if len(failing) < rules.targets or len(failing) < rules.share * of:
            return False
        found: set[str] = set()
        for key in failing:
            found.update(self._regions.get(key, ()))
            if len(found) >= rules.regions:
                return True
        return False


def _quantile(values: Iterable[float], share: float) -> float:
    """The smallest of the values that so large a share of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _canaries(number: int) -> str:
    return "the canary" if number == 1 else f"all {number} canaries"
