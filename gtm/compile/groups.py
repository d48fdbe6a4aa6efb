"""Groups of services that are decided alike, and the plans that they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gtm.geo import Geo
from gtm.model import AllDown, App, MeasuredLatency, Region, Service, Steering, WhenAllDown, Zone
from gtm.snapshot import Plan
from gtm.steering.areas import build_areas
from gtm.steering.places import Places, places
from gtm.steering.plans import Decider, Resort
from gtm.steering.policies import Up, chooser, named_in, pinned
from gtm.steering.verdicts import AppHealth, eligible, withheld


@dataclass(frozen=True, slots=True)
class Group:
    """Services with the same regions and one decision, whatever is up.

    `regions` are the names that plans count in; `up` those that may be answered now, `last_up`
    those of the last time that any could. `withheld` are those that an operator took out: they
    are a last resort only if all are.
    """

    decider: Decider
    regions: tuple[str, ...]
    when_all_down: WhenAllDown
    up: frozenset[str]
    last_up: frozenset[str]
    withheld: frozenset[str] = frozenset()

    def plans(self) -> Sequence[Plan]:
        """A plan for each area."""
        return self.decider.plans(self.up_indices(), self._resort())

    def up_indices(self) -> Up:
        """The regions that may be answered now, as plans count."""
        return self._indices(self.up)

    def with_health(self, app: App, service: Service, health: AppHealth) -> Group:
        """The group as one of its services stands now; itself if nothing changes."""
        up, out = eligible(app, service, health), withheld(app, service, health)
        if up == self.up and out == self.withheld:
            return self
        return replace(self, up=up, last_up=up or self.last_up, withheld=out)

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
        self.made: dict[tuple[Steering, tuple[Region, ...]], Decider] = {}
        self._before = {} if before is None else before.made

    def decider(self, steering: Steering, regions: tuple[Region, ...]) -> Decider:
        """The one decider of services with the same steering and regions."""
        key = (steering, regions)
        if key not in self.made and key in self._before:
            self.made[key] = self._before[key]
        if key not in self.made:
            pins = (override.regions for override in self.geo.overrides)
            policy = pinned(chooser(steering, regions, self._latency), steering, regions, pins)
            self.made[key] = Decider(policy, build_areas(self._cut(steering), policy, len(regions)))
        return self.made[key]

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


def group_of(zone: Zone, app: App, service: Service, health: AppHealth, known: Deciders) -> Group:
    """The group that a service belongs to, as its verdicts are now."""
    regions = tuple(region for name, region in zone.regions.items() if name in service.endpoints)
    up = eligible(app, service, health)
    return Group(
        decider=known.decider(app.settled_for(service).steering, regions),
        regions=tuple(region.name for region in regions),
        when_all_down=app.when_all_down,
        up=up,
        last_up=up,
        withheld=withheld(app, service, health),
    )
