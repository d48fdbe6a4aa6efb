"""The two worlds to compare, both compiled by the server's own compile step.

A region that goes down has endpoints whose checks fail: verdicts, `min_up`, topology, `panic` and
`when_all_down` follow as they would. Where an app has no check nothing can be seen to fail, so the
region is taken out by hand; so is a drained one, as an operator's word beats verdicts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.compile.groups import Group
from gtm.errors import UsageError
from gtm.geo import Geo
from gtm.model import State, Verdict, Zone
from gtm.snapshot import Plan
from gtm.steering.readings import Readings
from gtm.steering.verdicts import Look, probed_for
from gtm.steering.watched import gateway, targets_in
from gtm.walking import Walk, unseen
from gtm.zonefile.findings import listed, nearest

UP = Verdict(State.UP, "taken to be up", 0.0)
DOWN = Verdict(State.DOWN, "taken to be down", 0.0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is to happen to regions, by name, in every zone that has them."""

    down: frozenset[str] = frozenset()
    drained: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Worlds:
    """Before and after. `kept` names apps that panic keeps in a region.

    Before, every endpoint is up; or it is `live`, as things are now.
    """

    before: Compiled
    after: Compiled
    kept: tuple[str, ...] = ()
    live: bool = False


def worlds(
    zones: tuple[Zone, ...],
    changed: tuple[Zone, ...] | None,
    geo: Geo,
    scenario: Scenario,
    walk: Walk = unseen,
) -> Worlds:
    """Both worlds; `changed` are the zones afterwards (None: the same). `walk` goes through the
    services of both.

    Raises UsageError for regions that no zone has afterwards.
    """
    _require_regions(changed or zones, scenario)
    compiler = Compiler()
    before = compiler.compile(zones, geo, Readings(_all_up), epoch=0, walk=walk)
    failing = _targets(changed or zones, scenario.down)
    look = _looking_down(failing)
    if changed is None:
        after = compiler.refresh(before, failing, Readings(look), epoch=1)
    else:
        after = compiler.compile(changed, geo, Readings(look), epoch=1, walk=walk)
    after = _without(after, scenario)
    return Worlds(before, after, tuple(_kept(after, scenario)))


def worlds_from(
    served: Compiled, scenario: Scenario, within: Collection[int] | None = None
) -> Worlds:
    """What is served now, and the same with regions taken out of its decisions.

    `within` are the numbers of the groups that lose them; None is all of them. Neither verdicts
    nor answers are made anew, so it is quick, and whether `panic` would believe it is not asked.
    Raises UsageError.
    """
    _require_regions(served.zones, scenario)
    lost: dict[int, tuple[Group, Sequence[Plan]]] = {}  # services that stand alike go on sharing
    groups, plans = list(served.groups), list(served.snapshot.plans)
    for number, group in enumerate(served.groups):
        if within is not None and number not in within:
            continue
        if id(group) not in lost:
            without = group.with_lost(scenario.down, scenario.drained)
            lost[id(group)] = without, without.plans()
        groups[number], plans[number] = lost[id(group)]
    snapshot = replace(served.snapshot, plans=tuple(plans))
    after = replace(served, snapshot=snapshot, groups=tuple(groups))
    return Worlds(served, after, live=True)


def _all_up(target: Target) -> Verdict:
    return UP


def _looking_down(failing: Collection[Target]) -> Look:
    return lambda target: DOWN if target in failing else UP


def _require_regions(zones: Iterable[Zone], scenario: Scenario) -> None:
    known = list(dict.fromkeys(name for zone in zones for name in zone.regions))
    for verb, names in (("take down", scenario.down), ("drain", scenario.drained)):
        for name in sorted(names - set(known)):
            like = nearest(name, known)
            remedy = f"did you mean {like}?" if like else f"the regions are {listed(known)}"
            raise UsageError(f"cannot {verb} region {name!r}: no zone has it; {remedy}")


def _targets(zones: Iterable[Zone], regions: frozenset[str]) -> frozenset[Target]:
    """What is probed in the regions, and for no other."""
    inside: set[Target] = set()
    outside: set[Target] = set()
    for zone in zones:
        for name, region in zone.regions.items():
            if region.check is not None:
                (inside if name in regions else outside).update(targets_in(gateway(region.check)))
        for app in zone.apps:
            for service in app.services:
                for name, endpoints in service.endpoints.items():
                    for endpoint in endpoints:
                        probed = probed_for(app, service, endpoint)
                        (inside if name in regions else outside).update(probed)
    # what is asked for several regions (a check with an address) does not fail with one of them
    return frozenset(inside - outside)


def _without(compiled: Compiled, scenario: Scenario) -> Compiled:
    """The world with regions taken out of the decisions that no verdict takes them out of."""
    down: dict[int, frozenset[str]] = {}
    for app in compiled.apps.values():
        for service in app.services.values():
            check = app.app.settled_for(service.service).check
            down[service.steered.group] = frozenset() if check else scenario.down
    groups = tuple(
        group.with_lost(down[number], scenario.drained)
        for number, group in enumerate(compiled.groups)
    )
    plans = tuple(group.plans() for group in groups)
    return replace(compiled, snapshot=replace(compiled.snapshot, plans=plans), groups=groups)


def _kept(compiled: Compiled, scenario: Scenario) -> Iterable[str]:
    """Apps that still answer a region that is down: too few endpoints are up to be believed."""
    for app in compiled.apps.values():
        groups = {service.steered.group for service in app.services.values()}
        if any(compiled.groups[number].up & scenario.down for number in groups):
            yield app.app.name


def regions_of(compiled: Compiled) -> Mapping[str, float | None]:
    """Every region of the zones in order, with its capacity; the least where zones differ."""
    found: dict[str, float | None] = {}
    for zone in compiled.zones:
        for name, region in zone.regions.items():
            given = [each for each in (found.get(name), region.capacity) if each is not None]
            found[name] = min(given, default=None)
    return found
