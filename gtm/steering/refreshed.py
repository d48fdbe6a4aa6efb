"""An app's health after some verdicts, or operators' words, changed: only what they touch.

A region that fails may touch tens of thousands of services at once, and the answers wait for it:
what is done for each of them here is little.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

from gtm.model import UNKNOWN, App, Topology, Verdict
from gtm.steering.overlay import SILENT, Overlay
from gtm.steering.regions import Standing
from gtm.steering.verdicts import (
    AppHealth,
    Look,
    ServiceHealth,
    counted_in,
    health_of,
    health_of_one,
    up_in,
    vetoes,
)

Steps = dict[str, list[int]]  # by region: services more that are down, unknown, and withheld
Stand = tuple[tuple[str, bool, bool], ...]  # regions, whether they are down, and withheld


@dataclass(frozen=True, slots=True)
class Refreshed:
    """An app's health after a change, and what was seen on the way, by service key.

    `stands` is how each service that was touched stands in the regions touched, in a fixed order.
    `several` are those with more, or fewer, than one endpoint in such a region: which of them are
    answered may have changed.
    """

    health: AppHealth
    stands: Mapping[str, Stand]
    several: Set[str]


def refreshed(
    app: App,
    before: AppHealth,
    changed: Mapping[str, Collection[str]],
    look: Look,
    overlay: Overlay = SILENT,
) -> Refreshed:
    """The app's health after verdicts, or words, changed about some services' (by key) regions."""
    services = dict(before.services)
    block, optional, panic = app.topology is Topology.REPLICATED, app.optional, bool(app.panic)
    up, of = before.believed
    steps: Steps = {}
    regions, several = set[str](), set[str]()
    stands: dict[str, Stand] = {}
    alike: dict[Stand, Stand] = {}
    vetoed = vetoes(before.gateways, look) if before.gateways else {}
    last: Stand = ()
    for key, touched in changed.items():
        here = services[key] = dict(services[key])
        counts = block and key not in optional
        regions.update(touched)
        stand: Stand = ()
        for region in touched if len(touched) == 1 else sorted(touched):
            old = here[region]
            new = _again(old, (key, region), look, overlay, vetoed.get(region))
            here[region] = new
            was, now = old.verdict, new.verdict
            down, withheld = now.down, now.withheld
            stand += ((region, down, withheld),)
            if len(new.endpoints) != 1:
                several.add(key)
            if not counts:
                continue
            if was.state is not now.state or was.act is not now.act:
                step = steps.get(region) or steps.setdefault(region, [0, 0, 0])
                step[0] += down - was.down
                step[1] += (now.state is UNKNOWN) - (was.state is UNKNOWN)
                step[2] += withheld - was.withheld
            if panic:
                up += up_in(new) - up_in(old)
                of += counted_in(new) - counted_in(old)
        if stand != last:
            last = alike.setdefault(stand, stand)
        stands[key] = last
    standings = _standings(before.regions.standings, steps)
    verdicts = before.regions.after(services, overlay, regions, standings, vetoed)
    return Refreshed(AppHealth(verdicts, services, (up, of), before.gateways), stands, several)


def _again(
    old: ServiceHealth,
    where: tuple[str, str],
    look: Look,
    overlay: Overlay,
    veto: Verdict | None,
) -> ServiceHealth:
    """A service's (by key) health in a region anew."""
    _, endpoints, targets, min_up = old
    if len(endpoints) == 1:
        return health_of_one(endpoints[0][0], targets, min_up, where, look, overlay, veto)
    every = [endpoint for endpoint, _ in endpoints]
    return health_of(every, targets, min_up, where, look, overlay, veto)


def _standings(before: Mapping[str, Standing], steps: Steps) -> Mapping[str, Standing]:
    """Those of a block after its services' verdicts took these steps."""
    if not steps:
        return before
    return {**before, **{region: before[region].moved(*each) for region, each in steps.items()}}
