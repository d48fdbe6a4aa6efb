"""Units: services that are decided alike now, and the crowds of clients that they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gtm.compile.compiler import Compiled
from gtm.load.settle import Crowd, Ways
from gtm.snapshot import NOBODY, Plan
from gtm.steering.intake import Fractions, choose
from gtm.steering.plans import Decider
from gtm.steering.policies import Up

Shares = Mapping[int, float]  # by region, as plans count


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Groups (by number) with one decider and the same regions up.

    `sites` are the numbers of its regions' sites, `ttl` the longest of its answers in seconds,
    `shares` what each area's clients are given now.
    """

    decider: Decider
    groups: tuple[int, ...]
    sites: tuple[int, ...]
    up: Up
    ramp: Fractions | None
    ttl: int
    shares: tuple[Shares, ...]


def units_of(compiled: Compiled, numbers: Mapping[tuple[str, str], int]) -> list[Unit]:
    """The units of all services that have a region with a capacity.

    `numbers` are the sites', by zone and region name.
    """
    zones: dict[int, tuple[str, int]] = {}
    for app in compiled.apps.values():
        for service in app.services.values():
            steered = service.steered
            name, ttl = zones.get(steered.group, (app.zone.name, 0))
            zones[steered.group] = (name, max(ttl, steered.ttl))
    together: dict[tuple[int, Up, Fractions | None, int], list[int]] = {}
    for number, group in enumerate(compiled.groups):
        if group.decider.areas.asked is not None and group.up:
            plans = compiled.snapshot.plans[number]
            key = (id(group.decider), group.up_indices(), group.fractions, id(plans))
            together.setdefault(key, []).append(number)
    return [_unit(compiled, tuple(groups), zones, numbers) for groups in together.values()]


def _unit(
    compiled: Compiled,
    groups: tuple[int, ...],
    zones: Mapping[int, tuple[str, int]],
    numbers: Mapping[tuple[str, str], int],
) -> Unit:
    group = compiled.groups[groups[0]]
    zone = zones[groups[0]][0]
    return Unit(
        decider=group.decider,
        groups=groups,
        sites=tuple(numbers[zone, region] for region in group.regions),
        up=group.up_indices(),
        ramp=group.fractions,
        ttl=max(zones[number][1] for number in groups),
        shares=shares_of(compiled.snapshot.plans[groups[0]]),
    )


def shares_of(plans: Sequence[Plan]) -> tuple[Shares, ...]:
    """For each area the part of its clients that each region is given, by the slots.

    An answer of several regions counts for the first; answers of last resort are no region's.
    """
    known: dict[int, Shares] = {}
    for plan in plans:
        if id(plan) not in known:
            firsts = Counter(plan.firsts())
            known[id(plan)] = {
                region: count / firsts.total()
                for region, count in firsts.items()
                if region != NOBODY
            }
    return tuple(known[id(plan)] for plan in plans)


def crowd(unit: Unit, area: int, load: float, sites: int) -> Crowd:
    """The clients of an area of a unit, who bring so much load to some of so many sites."""
    view, chooser = unit.decider.areas.views[area], unit.decider.chooser
    ramp = unit.ramp or ()
    choice = chooser.choose(view, unit.up)
    return Crowd(
        load,
        _ways(unit, area),
        _by_site(unit, unit.decider.costs[area], sites) if unit.decider.costs else (),
        {unit.sites[at]: fraction for at, fraction in enumerate(ramp) if fraction < 1},
        level=choice is not None and choice.scaled,
    )


def _by_site(unit: Unit, costs: Fractions, sites: int) -> list[float]:
    found = [0.0] * sites
    for at, cost in enumerate(costs):
        found[unit.sites[at]] = cost
    return found


def _ways(unit: Unit, area: int) -> Ways:
    """Where the policy sends the area's clients, by sites that are closed to them."""
    known: dict[frozenset[int], tuple[tuple[int, float], ...]] = {}
    view, chooser = unit.decider.areas.views[area], unit.decider.chooser

    def ways(closed: frozenset[int]) -> tuple[tuple[int, float], ...]:
        if closed not in known:
            left = frozenset(at for at in unit.up if unit.sites[at] not in closed)
            choice = chooser.choose(view, left) if left else None
            options = () if choice is None else choice.options
            total = sum(share for _, share in options)
            found: dict[int, float] = {}
            for option, share in options:
                site = unit.sites[option[0]]
                found[site] = found.get(site, 0.0) + share / total
            known[closed] = tuple(found.items())
        return known[closed]

    return ways


def as_policy_says(unit: Unit, area: int) -> Shares:
    """The part of the area's clients that each region gets with nobody turned away for load."""
    view = unit.decider.areas.views[area]
    choice = choose(unit.decider.chooser, view, unit.up, unit.ramp)
    found: dict[int, float] = {}
    options = () if choice is None else choice.options
    total = sum(share for _, share in options)
    for option, share in options:
        found[option[0]] = found.get(option[0], 0.0) + share / total
    return found
