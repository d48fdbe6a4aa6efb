"""Groups of services that are decided alike, and the plans that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gtm.geo import Geo
from gtm.model import AllDown, App, MeasuredLatency, Region, Service, Steering, WhenAllDown, Zone
from gtm.snapshot import Plan
from gtm.steering.areas import build_areas
from gtm.steering.places import Places, places
from gtm.steering.plans import Decider, Resort
from gtm.steering.policies import Up, chooser, networks_in
from gtm.steering.verdicts import AppHealth, eligible


@dataclass(frozen=True, slots=True)
class Group:
    """Services with the same regions and one decision, whatever is up.

    `regions` are the names that plans count in; `up` those that may be answered now, `last_up`
    those of the last time that any could.
    """

    decider: Decider
    regions: tuple[str, ...]
    when_all_down: WhenAllDown
    up: frozenset[str]
    last_up: frozenset[str]

    def plans(self) -> Sequence[Plan]:
        """A plan for each area."""
        return self.decider.plans(self.up_indices(), self._resort())

    def up_indices(self) -> Up:
        """The regions that may be answered now, as plans count."""
        return self._indices(self.up)

    def with_up(self, up: frozenset[str]) -> Group:
        """The group with these regions up; itself if nothing changes."""
        if up == self.up:
            return self
        return replace(self, up=up, last_up=up or self.last_up)

    def _indices(self, names: frozenset[str]) -> Up:
        return frozenset(index for index, name in enumerate(self.regions) if name in names)

    def _resort(self) -> Resort:
        mode = self.when_all_down.mode
        match mode:
            case AllDown.ALL:
                return Resort(mode, regions=frozenset(range(len(self.regions))))
            case AllDown.LAST_GOOD:
                return Resort(mode, regions=self._indices(self.last_up or frozenset(self.regions)))
            case AllDown.SERVFAIL:
                return Resort(mode)
            case AllDown.NODATA | AllDown.ADDRESSES:
                # behind the regions' answers stands that of last resort
                return Resort(mode, answer=len(self.regions))


class Deciders:
    """The deciders of zones that know the same better than the database."""

    def __init__(self, geo: Geo, latency: tuple[MeasuredLatency, ...]) -> None:
        """`geo` as the zones see it. No table is built before it is asked for."""
        self.geo = geo
        self._latency = latency
        self._places: dict[tuple[object, ...], Places] = {}
        self._made: dict[tuple[Steering, tuple[Region, ...]], Decider] = {}

    def decider(self, steering: Steering, regions: tuple[Region, ...]) -> Decider:
        """The one decider of services with the same steering and regions."""
        key = (steering, regions)
        if key not in self._made:
            policy = chooser(steering, regions, self._latency)
            self._made[key] = Decider(
                policy, build_areas(self._cut(steering), policy, len(regions))
            )
        return self._made[key]

    def _cut(self, steering: Steering) -> Places:
        networks = tuple(sorted(set(networks_in(steering)), key=str))
        if networks not in self._places:
            self._places[networks] = places(self.geo, networks)
        return self._places[networks]


def deciders(zone: Zone, geo: Geo, made: dict[object, Deciders]) -> Deciders:
    """A zone's deciders, shared with the zones that have the same overrides and measurements."""
    latency = tuple((known.area, tuple(known.milliseconds.items())) for known in zone.latency)
    key = (zone.overrides, latency)
    if key not in made:
        made[key] = Deciders(geo.overridden(zone.overrides), zone.latency)
    return made[key]


def group_of(zone: Zone, app: App, service: Service, health: AppHealth, known: Deciders) -> Group:
    """The group that a service belongs to, as its verdicts are now."""
    regions = tuple(region for name, region in zone.regions.items() if name in service.endpoints)
    up = eligible(app, service, health)
    return Group(
        decider=known.decider(app.steering, regions),
        regions=tuple(region.name for region in regions),
        when_all_down=app.when_all_down,
        up=up,
        last_up=up,
    )
