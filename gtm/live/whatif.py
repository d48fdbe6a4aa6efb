"""A service's decisions as they are, and as they would be with other regions up. Pure.

Both come from the plans that the server itself makes of a policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.compiler import Compiled
from gtm.compile.groups import Group
from gtm.load.units import shares_of
from gtm.model import Topology
from gtm.snapshot import AreaTable, Plan
from gtm.steering.plans import Decider
from gtm.steering.verdicts import counted_in, up_in

Shares = Mapping[str, float]  # part of the clients of an area, by region


@dataclass(frozen=True, slots=True)
class Steering:
    """A service as it is steered: in `compiled`, by its app."""

    compiled: Compiled
    app: CompiledApp
    service: CompiledService

    @property
    def group(self) -> Group:
        """The services that are decided like it."""
        return self.compiled.groups[self.service.steered.group]

    @property
    def areas(self) -> AreaTable:
        """Which areas its clients form."""
        return self.service.steered.areas

    def now(self) -> list[Shares]:
        """By area, as it is answered now."""
        plans = self.compiled.snapshot.plans[self.service.steered.group]
        return _named(plans, self.group.regions)

    def without(self, down: frozenset[str]) -> list[Shares]:
        """By area, with those regions down too, before load is looked at."""
        return self._planned(self.left(down))

    def all_up(self) -> list[Shares]:
        """By area, with every region up and all of them taking all of their clients."""
        every = frozenset(self.group.regions)
        return self._planned(replace(self.group, up=every, ramps=(), fractions=None))

    def left(self, down: frozenset[str]) -> Group:
        """The group with those regions down: where `panic` does not believe that, they stay."""
        if self.panics(down):
            return replace(self.group, up=frozenset(self.group.regions) - self.group.withheld)
        return self.group.with_lost(down, frozenset())

    def panics(self, down: frozenset[str]) -> bool:
        """Whether too few endpoints would be up to be believed."""
        app = self.app.app
        if not app.panic or not down & frozenset(self.group.regions):
            return False
        keys = [self.service.service.key]
        if app.topology is Topology.REPLICATED:
            keys = [key for key in self.app.health.services if key not in app.optional]
        here = [item for key in keys for item in self.app.health.services[key].items()]
        up = sum(up_in(found) for region, found in here if region not in down)
        return up < app.panic * sum(counted_in(found) for _, found in here)

    def _planned(self, group: Group) -> list[Shares]:
        """With a decider of its own: that of the control loop keeps plans that are served."""
        known = group.decider
        own = Decider(known.chooser, known.areas, known.service_times, known.costs)
        plans = replace(group, decider=own, intake=None, joined=None).plans()
        return _named(plans, group.regions)


def _named(plans: Sequence[Plan], regions: Sequence[str]) -> list[Shares]:
    """Answers of last resort are no region's, and left out."""
    known: dict[int, Shares] = {}
    found = []
    for plan, shares in zip(plans, shares_of(plans), strict=True):
        if id(plan) not in known:
            known[id(plan)] = {
                regions[at]: share for at, share in shares.items() if at < len(regions)
            }
        found.append(known[id(plan)])
    return found
