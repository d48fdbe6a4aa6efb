"""How the regions of a service stood for a client, and what led to the one it gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.compiler import Compiled
from gtm.compile.groups import Group
from gtm.dns.lookup import Decision
from gtm.explain.endpoints import endpoints_of
from gtm.explain.explanation import RegionView, Steering
from gtm.model import Topology, Verdict, Zone
from gtm.snapshot import LAST_RESORT, Plan, RegionAnswers
from gtm.steering.cost import Cost, CostModel
from gtm.steering.intake import choose
from gtm.steering.lifetimes import explained
from gtm.steering.places import Place
from gtm.steering.readings import Readings
from gtm.steering.service_time import weight_at

LESS = 0.002  # of all clients: what shares may differ by for being counted in slots


def steering_of(
    compiled: Compiled,
    app: CompiledApp,
    service: CompiledService,
    decision: Decision,
    place: Place,
    now: float,
    readings: Readings | None,
) -> Steering:
    """How the service's regions stood at a time (Unix seconds), and which of them was picked."""
    group = compiled.groups[service.steered.group]
    view = group.decider.chooser.view(place, frozenset(range(len(group.regions))))
    location = place.location
    records = compiled.snapshot.answers[service.steered.number]
    answers = [
        RegionAnswers(name, tuple(each))
        for name, each in zip(service.steered.regions, records, strict=True)
    ]
    every = [app.zone.regions[name] for name in group.regions]
    weight = weight_at(app.app.settled_for(service.service).steering, place)
    times = {name: weight * ms for name, ms in group.decider.service_times.items()}
    costs = None if location is None else CostModel(every, app.zone.latency, times).costs(location)
    order: Sequence[int] = range(len(every))
    if costs is not None:
        order = sorted(order, key=[cost.cost for cost in costs].__getitem__)
    picked = tuple(region for region in decision.regions if region != LAST_RESORT)
    shares = _shares(decision.plan)
    kept = app.lifetimes.of(app.zone, service.service.key)
    return Steering(
        service=service.service.key,
        app=app.app.name,
        topology=app.app.topology.value,
        policy=app.app.settled_for(service.service).steering.policy.value,
        notes=(
            *group.decider.chooser.notes(view, group.up_indices()),
            *_ramps(group, now),
            *_spills(group, view, shares),
        ),
        area=decision.area,
        areas=len(group.decider.areas.views),
        scope=decision.scope,
        pick=decision.plan.pick.value,
        regions_picked=picked,
        fallback=None if decision.plan.fallback is None else decision.plan.fallback.value,
        regions=tuple(
            RegionView(
                region=group.regions[index],
                cost=None if costs is None else costs[index],
                verdict=_verdict(app, service, group.regions[index]),
                dropped=_dropped(app, service, group, group.regions[index]),
                share=shares.get(index, 0.0),
                picked=group.regions[index] in picked,
                endpoints=endpoints_of(
                    app, service, group.regions[index], answers[index], readings
                ),
                measured_from="" if costs is None else _fed(app.zone, costs[index]),
            )
            for index in order
        ),
        ttl=kept.ttl,
        ttl_reason=explained(app.zone, kept),
    )


def _spills(group: Group, view: Hashable, shares: Mapping[int, float]) -> tuple[str, ...]:
    """Which regions take only a part of these clients for their load, and how full they are."""
    choice = choose(group.decider.chooser, view, group.up_indices(), group.fractions)
    if group.intake is None or choice is None:
        return ()
    total = sum(share for _, share in choice.options)
    notes = []
    for option, share in choice.options:
        alone, now = share / total, shares.get(option[0], 0.0)
        if now < alone - LESS:
            said = group.intake.said[option[0]]
            name = group.regions[option[0]]
            notes.append(f"{name} takes {now / alone:.0%} of these clients now: {said}")
    return tuple(notes)


def _fed(zone: Zone, cost: Cost) -> str:
    """What the feed's round trip was made from; "" where it is not the feed's."""
    said = (known.said for known in zone.latency if known.area == cost.measured)
    return next(said, {}).get(cost.region.name, "")


def _ramps(group: Group, now: float) -> tuple[str, ...]:
    """What regions that came up a short while ago take, if they do not take all by now."""
    return tuple(ramp.words(now) for ramp in group.ramps if not ramp.over(now))


def _shares(plan: Plan) -> dict[int, float]:
    """The fraction of slots that name each answer first."""
    firsts = Counter(plan.firsts())
    return {index: count / firsts.total() for index, count in firsts.items()}


def _verdict(app: CompiledApp, service: CompiledService, region: str) -> Verdict:
    """What steering goes by: the block's verdict, or the service's own."""
    if app.app.topology is Topology.REPLICATED:
        return app.health.regions[region]
    return app.health.services[service.service.key][region].verdict


def _dropped(app: CompiledApp, service: CompiledService, group: Group, region: str) -> str | None:
    return None if region in group.up else _verdict(app, service, region).reason
