"""Groups of services that are decided alike, and the plans that they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gtm.compile.joined import Slot, narrowed, slots_in
from gtm.geo import Geo
from gtm.model import (
    AllDown,
    App,
    MeasuredLatency,
    Policy,
    Region,
    Service,
    Steering,
    WhenAllDown,
    Zone,
)
from gtm.snapshot import Plan
from gtm.steering.areas import area_table, areas_of, build_areas
from gtm.steering.cost import CostModel
from gtm.steering.intake import Fractions, Intake
from gtm.steering.meancost import mean_costs
from gtm.steering.places import Places, places
from gtm.steering.plans import Decider, Resort
from gtm.steering.policies import Up, chooser, named_in, pinned
from gtm.steering.policies.cost import added
from gtm.steering.ramp import Ramp, begun
from gtm.steering.readings import Readings
from gtm.steering.service_time import by_service_time
from gtm.steering.verdicts import AppHealth, eligible, withheld

# policies under which clients lose more by leaving one region than another
RANKING = (Policy.NEAREST, Policy.LATENCY, Policy.GEO)


@dataclass(frozen=True, slots=True)
class Group:
    """Services with the same regions and one decision, whatever is up.

    `regions` are the names that plans count in; `up` those that may be answered now, `last_up`
    those of the last time that any could. `withheld` are those that an operator took out: they
    are a last resort only if all are. `ramps` are of regions that came up a short while ago,
    `fractions` what every region takes of its full share by them, `intake` how clients are dealt
    out as capacities allow; None is as the policy says. `joined` are the slots of several regions
    that are answers of their own; None where planes put such answers together.
    """

    decider: Decider
    regions: tuple[str, ...]
    when_all_down: WhenAllDown
    up: frozenset[str]
    last_up: frozenset[str]
    withheld: frozenset[str] = frozenset()
    ramps: tuple[Ramp, ...] = ()
    fractions: Fractions | None = None
    intake: Intake | None = None
    joined: tuple[Slot, ...] | None = None

    def plans(self) -> Sequence[Plan]:
        """A plan for each area."""
        plans = self._plans()
        # behind the regions' answers stands that of last resort
        return plans if self.joined is None else narrowed(plans, self.joined, len(self.regions) + 1)

    def _plans(self) -> Sequence[Plan]:
        return self.decider.plans(self.up_indices(), self._resort(), self.intake, self.fractions)

    def joining(self) -> Group:
        """The group with an answer for every slot of its plans; itself if it has them."""
        if self.joined is None:
            return self
        slots = slots_in(self._plans(), self.joined)
        return self if slots is self.joined else replace(self, joined=slots)

    def up_indices(self) -> Up:
        """The regions that may be answered now, as plans count."""
        return self._indices(self.up)

    def with_health(self, app: App, service: Service, health: AppHealth, now: float) -> Group:
        """The group as one of its services stands now; itself if nothing changes."""
        up, out = eligible(app, service, health), withheld(app, service, health)
        if up == self.up and out == self.withheld:
            return self
        risen = replace(self, up=up, last_up=up or self.last_up, withheld=out)
        return replace(risen, ramps=self._ramps(up, app.ramp, now)).ramped(now)

    def _ramps(self, up: frozenset[str], length: float, now: float) -> tuple[Ramp, ...]:
        """Those that go on, and those of the regions that come up beside others now."""
        kept = tuple(ramp for ramp in self.ramps if ramp.region in up)
        return kept + begun(up - self.up, now, length) if self.up else kept

    def ramped(self, now: float) -> Group:
        """The group with what ramping regions take now; itself if that is what they take."""
        ramps = tuple(ramp for ramp in self.ramps if not ramp.over(now))
        taken = {ramp.region: ramp.fraction(now) for ramp in ramps}
        fractions = tuple(taken.get(name, 1.0) for name in self.regions) if taken else None
        if ramps == self.ramps and fractions == self.fractions:
            return self
        return replace(self, ramps=ramps, fractions=fractions)

    def after(self, before: Group, length: float, now: float) -> Group:
        """The group with what the one before a reload knew: what was up last, and what ramps."""
        risen = replace(self, last_up=self.up or before.last_up & frozenset(self.regions))
        if self._as(before):
            risen = replace(risen, intake=before.intake)
        return replace(risen, ramps=before._ramps(self.up, length, now)).ramped(now)

    def _as(self, before: Group) -> bool:
        """Whether what was dealt out before means the same now."""
        views = self.decider.areas.views, before.decider.areas.views
        return views[0] == views[1] and (self.regions, self.up) == (before.regions, before.up)

    def with_intake(self, intake: Intake | None) -> Group:
        """The group with its clients dealt out so; itself if they are already."""
        return self if intake is self.intake else replace(self, intake=intake)

    def with_lost(self, down: frozenset[str], drained: frozenset[str]) -> Group:
        """The group as if these regions were down, and those taken out by an operator."""
        up = self.up - down - drained
        out = self.withheld | drained & frozenset(self.regions)
        return replace(self, up=up, last_up=up or self.last_up, withheld=out)

    def _indices(self, names: frozenset[str]) -> Up:
        return frozenset(index for index, name in enumerate(self.regions) if name in names)

    def _not_withheld(self, regions: Iterable[str]) -> frozenset[str]:
        every = frozenset(regions)
        return every - self.withheld or frozenset(self.regions) - self.withheld or every

    def _resort(self) -> Resort:
        mode = self.when_all_down.mode
        match mode:
            case AllDown.ALL:
                return Resort(mode, regions=self._indices(self._not_withheld(self.regions)))
            case AllDown.LAST_GOOD:
                last = self._not_withheld(self.last_up or self.regions)
                return Resort(mode, regions=self._indices(last))
            case AllDown.SERVFAIL:
                return Resort(mode)
            case AllDown.NODATA | AllDown.ADDRESSES:
                # behind the regions' answers stands that of last resort
                return Resort(mode, answer=len(self.regions))


SOONEST = 0.05  # seconds between steps of ramps: those of many groups are then taken together
TOGETHER = 0.025  # of the shortest ramp: steps nearer to each other than that are one


def next_step(groups: Iterable[Group], now: float) -> float | None:
    """Seconds until regions take more of their clients; None if none is ramping.

    Thousands of services whose regions come up within a minute would else have a step, and a new
    snapshot, many times a second.
    """
    ramps = [ramp for group in groups for ramp in group.ramps]
    if not ramps:
        return None
    soonest = min([ramp.next_step(now) for ramp in ramps])
    return max(SOONEST, TOGETHER * min([ramp.length for ramp in ramps]), soonest)


class Deciders:
    """The deciders of zones that know the same better than the database."""

    def __init__(
        self, geo: Geo, latency: tuple[MeasuredLatency, ...], before: Deciders | None = None
    ) -> None:
        """`geo` as the zones see it. No table is built before it is asked for.

        What `before` (over the same databases, with the same measurements) has is taken over.
        """
        self.geo = geo
        self._latency = latency
        self._places: dict[tuple[object, ...], Places] = {}
        self.made: dict[tuple[object, ...], Decider] = {}
        self._before = {} if before is None else before.made

    def decider(
        self, steering: Steering, regions: tuple[Region, ...], service_times: Mapping[str, float]
    ) -> Decider:
        """The one decider of services with the same steering and regions.

        Where steering goes by service times (milliseconds by region name), with the same times.
        """
        times = service_times if by_service_time(steering) else {}
        key = (steering, regions, tuple(times.items()))
        if key not in self.made and key in self._before:
            self.made[key] = self._before[key]
        if key not in self.made:
            self.made[key] = self._made(steering, regions, times)
        return self.made[key]

    def _made(
        self, steering: Steering, regions: tuple[Region, ...], times: Mapping[str, float]
    ) -> Decider:
        pins = (override.regions for override in self.geo.overrides)
        plain = chooser(steering, regions, self._latency, times)
        policy, cut = pinned(plain, steering, regions, pins), self._cut(steering)
        if all(region.capacity is None for region in regions):
            return Decider(policy, build_areas(cut, policy, len(regions)), times)
        areas, by_place = areas_of(cut, policy, len(regions))
        costs: Sequence[Fractions] = ()
        if steering.policy in RANKING:
            more = added(steering, regions, times)
            model = CostModel(regions, self._latency, more)
            costs = mean_costs(cut, by_place, len(areas), model)
        table = area_table(cut, policy, areas, by_place, counted=True)
        return Decider(policy, table, times, costs)

    def settle(self) -> None:
        """Lets go of what was taken over and not asked for."""
        self._before = {}

    def _cut(self, steering: Steering) -> Places:
        words = tuple(sorted(set(named_in(steering)), key=str))
        if words not in self._places:
            self._places[words] = places(self.geo, words)
        return self._places[words]


def deciders(
    zone: Zone, geo: Geo, made: dict[object, Deciders], old: Mapping[object, Deciders]
) -> Deciders:
    """A zone's deciders, shared with the zones that have the same overrides and measurements.

    Those of an `old` snapshot over the same databases are taken over.
    """
    latency = tuple((known.area, tuple(known.milliseconds.items())) for known in zone.latency)
    key = (zone.overrides, latency)
    if key not in made:
        before = old.get(key)
        seen = geo.overridden(zone.overrides) if before is None else before.geo
        made[key] = Deciders(seen, zone.latency, before)
    return made[key]


def is_wide(steering: Steering | None) -> bool:
    """Whether its slots may name several regions."""
    return steering is not None and (
        steering.answered > 1
        or is_wide(steering.otherwise)
        or any(is_wide(rule.steering) for rule in steering.rules)
    )


def group_of(
    zone: Zone,
    app: App,
    service: Service,
    health: AppHealth,
    known: Deciders,
    readings: Readings,
    earlier: Group | None = None,
    signed: bool = False,
) -> Group:
    """The group that a service belongs to, as its verdicts are now; `earlier` is that of before.

    In `signed` zones slots of several regions are answers of their own.
    """
    regions = tuple(region for name, region in zone.regions.items() if name in service.endpoints)
    times = {region.name: readings.service_time(zone.name, region.name) for region in regions}
    up = eligible(app, service, health)
    steering = app.settled_for(service).steering
    group = Group(
        decider=known.decider(steering, regions, times),
        regions=tuple(region.name for region in regions),
        when_all_down=app.when_all_down,
        up=up,
        last_up=up,
        withheld=withheld(app, service, health),
        joined=() if signed and is_wide(steering) else None,
    )
    return (group.after(earlier, app.ramp, readings.now) if earlier else group).joining()
