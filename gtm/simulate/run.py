"""The simulation: traffic over the plans of two worlds, and what moves between them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.compiler import Compiled
from gtm.simulate.cells import Cell, cells, ground, named
from gtm.simulate.counting import Costs, Sums
from gtm.simulate.flows import Flows, Side, flows
from gtm.simulate.load import loads
from gtm.simulate.outcome import Part, Simulation
from gtm.simulate.scenario import Worlds, regions_of
from gtm.simulate.traffic import Clients, Traffic, Unit
from gtm.snapshot import Plan
from gtm.steering.places import Places

Advance = Callable[[int, int], None]  # decisions counted so far, of how many


@dataclass(frozen=True, slots=True)
class Steering:
    """A service in one world."""

    compiled: Compiled
    app: CompiledApp
    service: CompiledService

    @property
    def plans(self) -> Sequence[Plan]:
        """A plan for each area."""
        return self.compiled.snapshot.plans[self.service.steered.group]

    def counted_area(self, cell: Cell) -> int | None:
        """The cell's area; None where no region has a capacity."""
        areas = self.service.steered.areas
        return None if areas.asked is None else areas.find(cell.bits, cell.address) >> 8

    def side(self, cell: Cell) -> Side:
        """How clients of the cell are steered."""
        steered = self.service.steered
        return Side(steered, self.plans[steered.areas.find(cell.bits, cell.address) >> 8])


@dataclass(frozen=True, slots=True)
class Pair:
    """A service in both worlds; in one of them it may not be there."""

    before: Steering | None
    after: Steering | None

    @property
    def either(self) -> Steering:
        """The service where it is there, afterwards if it can be."""
        found = self.after or self.before
        assert found is not None  # noqa: S101  # a pair is made of one or two
        return found

    def key(self) -> tuple[object, ...]:
        """Equal for services that are decided alike, area by area, in both worlds."""
        return tuple(
            side
            and (
                side.app.zone.name,
                side.app.app.name,
                id(side.service.steered.areas),
                id(side.plans),
                side.service.steered.regions,
            )
            for side in (self.before, self.after)
        )


def services(compiled: Compiled) -> dict[str, Steering]:
    """The services of a world by full name."""
    return {
        service.service.name: Steering(compiled, app, service)
        for app in compiled.apps.values()
        for service in app.services.values()
    }


def simulate(
    worlds: Worlds,
    traffic: Traffic,
    only: str | Collection[str] | None = None,
    total_load: float | None = None,
    advance: Advance = lambda done, total: None,
) -> Simulation:
    """What moves for every service, or for those (by full name) that are named.

    `total_load` is what the whole traffic stands for, in the unit of `capacity`. Takes some
    microseconds for each client network, and for each decision and cell.
    """
    before, after = services(worlds.before), services(worlds.after)
    wanted = {only} if isinstance(only, str) else only
    names = [name for name in {**before, **after} if wanted is None or name in wanted]
    pairs = {name: Pair(before.get(name), after.get(name)) for name in names}
    order = list({**regions_of(worlds.before), **regions_of(worlds.after)})
    counting = _Counting(traffic)
    parts, whole = [], Sums()
    asked = list(_asked(pairs, traffic))
    for number, question in enumerate(asked):
        spread_out = question.clients is traffic.common
        part = len(question.services) / len(pairs) if spread_out and not traffic.seen else 1.0
        sums = counting.sums(question, part)
        whole.merge(sums, part)
        if traffic.unit is Unit.QUERIES and part != 1.0:
            scaled = Sums()
            scaled.merge(sums, part)
            sums = scaled
        parts.append(_part(question, sums, order))
        advance(number + 1, len(asked))
    picture = whole.picture(order)
    reckoned = loads(worlds, traffic, picture, total_load, counting.brought)
    return Simulation(
        unit=traffic.unit.value,
        source=traffic.source,
        services=len(pairs),
        picture=picture,
        parts=tuple(sorted(parts, key=lambda part: -part.picture.moved)),
        loads=reckoned.loads,
        assumptions=(
            *_assumed(worlds, traffic, len(pairs)),
            *_seen(traffic, picture.total, counting.by_area),
            *reckoned.said,
        ),
    )


# --- what is asked ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """Services that are decided alike, and the clients that ask them."""

    pair: Pair
    services: tuple[str, ...]
    clients: Clients


def _asked(pairs: Mapping[str, Pair], traffic: Traffic) -> Iterator[Question]:
    """Each decision once: for the traffic of all services, and for a service's own."""
    if traffic.common is not None:
        alike: dict[tuple[object, ...], list[str]] = {}
        for name, pair in pairs.items():
            alike.setdefault(pair.key(), []).append(name)
        for names in alike.values():
            yield Question(pairs[names[0]], tuple(names), traffic.common)
    for name, clients in traffic.by_service.items():
        if name in pairs:
            yield Question(pairs[name], (name,), clients)


def _part(question: Question, sums: Sums, order: Sequence[str]) -> Part:
    app, service = question.pair.either.app, question.pair.either.service.service
    return Part(
        zone=app.zone.name,
        app=app.app.name,
        services=question.services,
        policy=app.app.settled_for(service).steering.policy.value,
        picture=sums.picture(order),
    )


def _assumed(worlds: Worlds, traffic: Traffic, count: int) -> Iterator[str]:
    if worlds.live:
        yield "before is what is answered now; what is not named stays as it is (`panic` aside)"
    else:
        yield "every endpoint is taken to be up before, and all that is not named is up after"
    few = "; the server has answered too little in the last minute to go by" if worlds.live else ""
    if traffic.unit is Unit.ADDRESSES:
        yield f"clients are the IPv4 addresses that the geo databases place, each counted once{few}"
    if traffic.unit is Unit.SITES:
        yield f"clients are the IPv6 /48 networks that the databases place, each counted once{few}"
    if traffic.seen is None and traffic.common is not None and count > 1:
        each = "half" if count == 2 else f"1/{count}"
        yield f"every client asks all {count} services alike: each has {each} of its traffic"
    if traffic.unsteered:
        yield f"{traffic.unsteered:,.0f} queries for names without steering here are left out"
    for app in worlds.kept:
        yield f"app {app} is below its `panic` then: verdicts are not believed, all regions stay"


def _seen(traffic: Traffic, total: float, by_area: float) -> Iterator[str]:
    """What answers a second are made of."""
    if traffic.seen is None:
        return
    yield (
        f"clients are weighed by the {total:,.1f} answers a second that this server gave in the "
        "last minute; other servers of the zone, and what resolvers keep for a TTL, are not in it"
    )
    if by_area > total * 0.999:  # sums of sums
        yield "where they are is what was counted by client area"
    elif by_area:
        yield (
            f"where they are is what was counted by client area for {by_area / total:.0%} of them, "
            "for others the sizes of networks (areas are counted where a region has a capacity)"
        )
    else:
        yield (
            "where they are is taken from the sizes of networks: answers are counted by client "
            "area only where a region has a capacity, and a thousand are needed"
        )


# --- counting ---------------------------------------------------------------------------


class _Counting:
    """Counts decisions over cells; cells and costs are made once and shared."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._grounds: dict[tuple[object, ...], Places] = {}
        self._cells: dict[tuple[int, int, int], tuple[Cell, ...]] = {}
        self._costs: dict[int, Costs] = {}
        self.brought: dict[tuple[int, int], float] = {}
        self.by_area = 0.0  # answers a second of services whose areas were counted

    def sums(self, question: Question, part: float) -> Sums:
        """What moves for the services in question.

        That part of the traffic is counted in `brought`, by group and area of the second world.
        """
        pair, sums = question.pair, Sums()
        known: dict[tuple[int, int], Flows] = {}
        for cell in self._cells_of(question):
            before = None if pair.before is None else pair.before.side(cell)
            after = None if pair.after is None else pair.after.side(cell)
            if pair.after is not None and (area := pair.after.counted_area(cell)) is not None:
                here = pair.after.service.steered.group, area
                self.brought[here] = self.brought.get(here, 0.0) + cell.weight * part
            key = (id(before and before.plan), id(after and after.plan))
            if key not in known:
                known[key] = flows(before, after)
            for side, steered in enumerate((before, after)):
                if steered is not None and steered.plan.fallback is not None:
                    sums.last_resort[side] += cell.weight
            for regions, fraction in known[key].items():
                sums.add(regions, cell.weight * fraction)
                self._step(sums, pair, cell, regions, cell.weight * fraction)
        return sums

    def _step(
        self, sums: Sums, pair: Pair, cell: Cell, regions: tuple[str | None, str | None], by: float
    ) -> None:
        """What moving adds; nothing for those that stay, or whose place or region is not known."""
        origin, target = regions
        if origin == target or origin is None or target is None:
            return
        if cell.before is None or cell.after is None or not pair.before or not pair.after:
            return
        old = self._costs_in(pair.before).of(cell.before, origin)
        new = self._costs_in(pair.after).of(cell.after, target)
        sums.add_step(regions, (new.distance - old.distance, new.rtt - old.rtt, by))

    def _costs_in(self, steering: Steering) -> Costs:
        zone = steering.app.zone
        if id(zone) not in self._costs:
            self._costs[id(zone)] = Costs(zone)
        return self._costs[id(zone)]

    def _cells_of(self, question: Question) -> tuple[Cell, ...]:
        sides = [side for side in (question.pair.before, question.pair.after) if side is not None]
        before, after = self._ground(sides[0]), self._ground(sides[-1])
        key = (id(before), id(after), id(question.clients))
        if key not in self._cells:
            found = cells(question.clients, before, after)
            if question.clients is not self._traffic.common:
                return found  # one service's own: not asked for again
            self._cells[key] = found
        return self._as_seen(question, self._cells[key])

    def _as_seen(self, question: Question, found: tuple[Cell, ...]) -> tuple[Cell, ...]:
        """The cells weighed by what was answered, where that is known."""
        seen = self._traffic.seen
        if seen is None:
            return found
        steering = question.pair.before or question.pair.either
        areas, rate = steering.service.steered.areas, seen.rate(question.services)

        def area_of(cell: Cell) -> int:
            return areas.find(cell.bits, cell.address) >> 8

        weighed, counted = seen.weighed(found, areas, area_of, rate)
        self.by_area += rate if counted else 0.0
        return weighed

    def _ground(self, steering: Steering) -> Places:
        """Shared by zones that know and name the same."""
        zone = steering.app.zone
        key = (zone.overrides, named(zone))
        if key not in self._grounds:
            self._grounds[key] = ground(zone, steering.compiled.geos[zone.name])
        return self._grounds[key]
