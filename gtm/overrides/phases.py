"""A drain by phases: what resolvers still hold decides when servers may be stopped.

`lowering` (planned drains alone): answers stay as they are, but their TTL is lowered, until every
answer that was given with the old one has run out. `withdrawn`: the drain is in force; the last
answers from before run out, for the lowered TTL (of a drain that was not planned: for the old one).
`safe`: no client that honours TTLs is left.

The phases are recorded as moments, so they are the same after a restart. The times between them
are counted by who holds the record, on a clock that only goes forward.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from gtm.model import App, Zone
from gtm.overrides.target import OverrideTarget
from gtm.steering.lifetimes import drain_ttl

# Seconds that each phase lasts beyond its TTL: an answer that was given just before is still on
# its way, and a resolver counts from when it comes.
UNDER_WAY = 1.0


class Phase(Enum):
    """How far a drain has come."""

    LOWERING = "lowering"
    WITHDRAWN = "withdrawn"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Ttls:
    """What a drain has to wait out: the longest TTL of the zones that it is about, and the longest
    that they are lowered to. Seconds.
    """

    old: int
    lowered: int


@dataclass(frozen=True, slots=True)
class Course:
    """The phases of one drain, and the TTLs that it was begun with. Moments are Unix time.

    `withdrawn` and `safe` are when those phases began, None before. A `forced` one is withdrawn
    even where `safety` would hold it back.
    """

    begun: float
    ttls: Ttls
    planned: bool = False
    forced: bool = False
    withdrawn: float | None = None
    safe: float | None = None

    @property
    def phase(self) -> Phase:
        """The phase it is in."""
        if self.withdrawn is None:
            return Phase.LOWERING
        return Phase.WITHDRAWN if self.safe is None else Phase.SAFE

    @property
    def since(self) -> float:
        """When that phase began."""
        moments = (self.safe, self.withdrawn, self.begun)
        return next(moment for moment in moments if moment is not None)

    @property
    def next(self) -> tuple[Phase, float] | None:
        """The phase that comes, and when at the soonest; None once it is safe."""
        match self.phase:
            case Phase.LOWERING:
                return Phase.WITHDRAWN, self.begun + self.ttls.old + UNDER_WAY
            case Phase.WITHDRAWN:
                wait = self.ttls.lowered if self.planned else self.ttls.old
                return Phase.SAFE, self.since + wait + UNDER_WAY
            case Phase.SAFE:
                return None

    @property
    def lowers(self) -> bool:
        """Whether TTLs are lowered for it now."""
        return self.planned and self.phase is not Phase.SAFE

    def onward(self, now: float) -> Course:
        """The course as it goes over to its next phase."""
        if self.withdrawn is None:
            return replace(self, withdrawn=now)
        return replace(self, safe=now) if self.safe is None else self


def course(
    planned: bool, forced: bool, ttls: Ttls, now: float, before: Course | None = None
) -> Course:
    """The course of a drain that is put in force, `before` being that of the one it replaces.

    What was withdrawn stays so, and a plan that is under way is not begun anew.
    """
    if before is not None and before.withdrawn is not None:
        return before
    if before is not None and planned:
        return replace(before, forced=forced or before.forced)
    return Course(now, ttls, planned, forced, None if planned else now)


def ttls_of(target: OverrideTarget, apps: Iterable[tuple[Zone, App]]) -> Ttls:
    """What a drain of the target has to wait out among these apps."""
    zones = [zone for zone, app in apps if target.hits(zone, app)]
    return Ttls(max((zone.ttl for zone in zones), default=0), max(map(drain_ttl, zones), default=0))
