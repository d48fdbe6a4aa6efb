"""The map: which places are sent where now, and where they would be without some regions.

Drawn in a worker thread from what is served. What depends on the databases and on areas alone is
kept, until something else is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from gtm.compile.compiler import Compiled
from gtm.live.foresee import Foreseen, foresee, standing_of
from gtm.live.spots import Part, Patch, Spot, by_area, patches
from gtm.live.weights import Counted, Weights, by_networks, by_traffic
from gtm.live.whatif import Shares, Steering
from gtm.load.picture import Picture
from gtm.load.units import Unit
from gtm.model import Region, Topology, Verdict
from gtm.steering.policies import named_in

ALIKE = 1e-6  # what shares may differ by for being the same


@dataclass(frozen=True, slots=True)
class RegionSeen:
    """A region: its verdict, its part of all clients, its load; `*_if` without those down."""

    region: Region
    verdict: Verdict
    share: float
    share_if: float | None
    load: float | None
    load_if: float | None


@dataclass(slots=True)
class PlaceSeen:
    """A place (None: clients whose place is not known): its part of all clients, where they go.

    `all_up` is with every region up.
    """

    spot: Spot | None
    weight: float = 0.0
    now: dict[str, float] = field(default_factory=dict)
    then: dict[str, float] = field(default_factory=dict)
    all_up: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MapSeen:
    """All of it. `moved` is the part of all clients that would go elsewhere."""

    epoch: int
    regions: tuple[RegionSeen, ...]
    places: tuple[PlaceSeen, ...]
    by_traffic: bool
    moved: float | None
    warnings: tuple[str, ...]


class Maps:
    """Draws maps. `clock` is seconds and only goes on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Nothing is kept yet."""
        self._clock = clock
        self._deciders: object = None
        self._patches: dict[Hashable, tuple[object, tuple[Patch, ...]]] = {}
        self._parts: dict[int, tuple[object, Mapping[int, Sequence[Part]]]] = {}
        self._counted: dict[int, Counted] = {}

    def follow(self, compiled: Compiled) -> None:
        """Lets go of what was made for tables that are served no more."""
        if compiled.deciders is not self._deciders:
            self._deciders = compiled.deciders
            geos = {id(geo) for geo in compiled.geos.values()}
            kept = {key: known for key, known in self._patches.items() if id(known[0]) in geos}
            self._patches, self._parts, self._counted = kept, {}, {}

    def draw(self, steering: Steering, picture: Picture, down: frozenset[str]) -> MapSeen:
        """The map for a service; `down` are regions to be without, none for the map as it is."""
        weights, counted = self._weights(steering)
        foreseen = _foreseen(steering, picture, down) if down else None
        now, all_up = steering.now(), steering.all_up()
        then = _then(steering, foreseen, down) if down else now
        seen: dict[Spot | None, PlaceSeen] = {}
        for area, every in weights.items():
            for spot, weight in every:
                here = seen.setdefault(spot, PlaceSeen(spot))
                here.weight += weight
                _add(here.now, now[area], weight)
                _add(here.then, then[area], weight)
                _add(here.all_up, all_up[area], weight)
        places = tuple(sorted(seen.values(), key=lambda each: -each.weight))
        regions = tuple(_regions(steering, picture, places, foreseen, down))
        return MapSeen(
            steering.compiled.snapshot.epoch,
            regions,
            places,
            counted,
            _moved(places) if down else None,
            tuple(_warnings(steering, regions, foreseen, down)) if down else (),
        )

    def counts(self, compiled: Compiled) -> Mapping[int, Sequence[float]]:
        """Answers by area in the last ten minutes or more, by the identity of their area table.

        Tables that are not counted are left out.
        """
        now, found = self._clock(), dict[int, Sequence[float]]()
        for group in compiled.groups:
            areas = group.decider.areas
            if areas.asked is not None and id(areas) not in found:
                counted = self._counted.setdefault(id(areas), Counted())
                found[id(areas)] = counted.lately(now, list(areas.asked))
        return found

    def _weights(self, steering: Steering) -> tuple[Weights, bool]:
        """How many clients are where, and whether that was counted by their answers."""
        areas, parts = steering.areas, self._parts_of(steering)
        if areas.asked is not None:
            counted = self._counted.setdefault(id(areas), Counted())
            found = by_traffic(parts, counted.lately(self._clock(), list(areas.asked)))
            if found is not None:
                return found, True
        return by_networks(parts), False

    def _parts_of(self, steering: Steering) -> Mapping[int, Sequence[Part]]:
        areas = steering.areas
        known = self._parts.get(id(areas))
        if known is None or known[0] is not areas:
            known = self._parts[id(areas)] = areas, by_area(self._patches_of(steering), areas)
        return known[1]

    def _patches_of(self, steering: Steering) -> tuple[Patch, ...]:
        geo = steering.compiled.geos[steering.app.zone.name]
        policy = steering.app.app.settled_for(steering.service.service).steering
        words = frozenset(named_in(policy))
        key = id(geo), words
        known = self._patches.get(key)
        if known is None or known[0] is not geo:
            known = self._patches[key] = geo, patches(geo, words)
        return known[1]


def _add(sums: dict[str, float], shares: Shares, weight: float) -> None:
    for region, share in shares.items():
        sums[region] = sums.get(region, 0.0) + weight * share


def _foreseen(steering: Steering, picture: Picture, down: frozenset[str]) -> Foreseen | None:
    """What regions would have; None while that is not known, or known of other tables."""
    groups, own = steering.compiled.groups, steering.service.steered.group
    firsts = [(unit.groups[0], unit.decider) for unit, _ in picture.crowds]
    if any(at >= len(groups) or groups[at].decider is not decider for at, decider in firsts):
        return None

    def left(unit: Unit) -> frozenset[int]:
        if own in unit.groups:
            return steering.left(down).up_indices()
        names = groups[unit.groups[0]].regions
        return frozenset(at for at in unit.up if names[at] not in down)

    return foresee(picture, own, left)


def _then(steering: Steering, foreseen: Foreseen | None, down: frozenset[str]) -> Sequence[Shares]:
    """Where areas would be sent, spill and all where load is known."""
    planned = steering.without(down)
    if foreseen is None or foreseen.shares is None or not steering.left(down).up:
        return planned
    regions = steering.group.regions
    return [
        {regions[at]: part for at, part in foreseen.shares[area].items()} or shares
        for area, shares in enumerate(planned)
    ]


def _regions(
    steering: Steering,
    picture: Picture,
    places: Sequence[PlaceSeen],
    foreseen: Foreseen | None,
    down: frozenset[str],
) -> Sequence[RegionSeen]:
    zone = steering.app.zone
    found = []
    for name in steering.group.regions:
        standing = standing_of(picture, zone.name, name)
        found.append(
            RegionSeen(
                zone.regions[name],
                _verdict(steering, name),
                sum(place.now.get(name, 0.0) for place in places),
                sum(place.then.get(name, 0.0) for place in places) if down else None,
                None if standing is None else standing.load,
                None if foreseen is None else foreseen.loads.get((zone.name, name)),
            )
        )
    return found


def _verdict(steering: Steering, region: str) -> Verdict:
    """What steers: the region's verdict for the block, or the service's there."""
    health = steering.app.health
    if steering.app.app.topology is Topology.REPLICATED:
        return health.regions[region]
    return health.services[steering.service.service.key][region].verdict


def _moved(places: Sequence[PlaceSeen]) -> float:
    """The part of all clients that would be sent elsewhere: no region both loses and gains any."""
    return sum(
        sum(max(0.0, here - place.then.get(name, 0.0)) for name, here in place.now.items())
        for place in places
    )


def _warnings(
    steering: Steering,
    regions: Sequence[RegionSeen],
    foreseen: Foreseen | None,
    down: frozenset[str],
) -> Sequence[str]:
    app = steering.app.app
    found = []
    if steering.panics(down):
        found.append(
            f"fewer than {app.panic:.0%} of {app.name}'s endpoints would be up (`panic`): their "
            "verdicts would not be believed, and no region would be taken out"
        )
    elif not steering.left(down).up:
        mode = app.when_all_down.mode.value
        found.append(f"no region would be left: clients would get `when_all_down: {mode}`")
    if foreseen is None:
        if any(seen.region.capacity is not None for seen in regions):
            found.append("nobody knows whether capacity holds: no region's load is known")
        return found
    zone = steering.app.zone.name
    for seen in regions:
        capacity, load = seen.region.capacity, seen.load_if
        if capacity is None or load is None:
            continue
        name, wanted = seen.region.name, foreseen.wanted[zone, seen.region.name]
        if load > capacity * (1 + ALIKE):
            found.append(f"{name} would be at {load / capacity:.0%} of its capacity")
        elif load > seen.region.soft * capacity and load > (seen.load or 0.0):
            found.append(
                f"{name} would be at {load / capacity:.0%} of its capacity, above its soft limit "
                f"of {seen.region.soft:.0%}"
            )
        if name not in down and load <= capacity < wanted:
            away = f"{wanted - load:,.0f} of what its clients bring"
            found.append(f"{name} could not take all: {away} would go elsewhere")
    return found
