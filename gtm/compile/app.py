"""One app: compiled, and compiled again where a verdict or a word touched it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from gtm.compile.beside import Beside, Situation, beside, names_beside, serving
from gtm.compile.groups import Deciders, Group, group_of
from gtm.compile.joined import Slot, joined_records
from gtm.compile.services import (
    Answered,
    Columns,
    columns_of,
    region_answers,
    rendered_answers,
    resort_answers,
    signed_records,
    steered_node,
    types_of,
)
from gtm.compile.static import ZoneContext
from gtm.compile.table import Table
from gtm.dns.draw import salt_of
from gtm.dns.names import to_wire
from gtm.model import App, Balance, Endpoint, Service, Topology, Zone
from gtm.snapshot import LAST_RESORT, Node, Snapshot, Steered
from gtm.steering.balance import MEASURED, weighed
from gtm.steering.lifetimes import FIXED, Lifetimes, lifetimes
from gtm.steering.overlay import SILENT, Overlay
from gtm.steering.readings import Readings
from gtm.steering.refreshed import Refreshed, refreshed
from gtm.steering.verdicts import (
    AppHealth,
    ServiceHealth,
    app_health,
    eligible,
    gateways_of,
    panics,
    withheld,
)
from gtm.walking import Walk, unseen

Touched = Mapping[str, Set[str]]  # service keys and their regions


@dataclass(frozen=True, slots=True)
class CompiledService:
    """A service with where its answers stand. It stays as it is until zones are loaded again.

    `beside` are the names that are steered with it.
    """

    service: Service
    steered: Steered
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledApp:
    """An app with its verdicts, under the words of `overlay`; `services` is by key.

    `deciding` has, by number, each group of the app's with the first service that is decided by it,
    `lifetimes` the TTLs of answers. `more` are the keys of services with names beside them.
    """

    zone: Zone
    app: App
    context: ZoneContext
    health: AppHealth
    services: Mapping[str, CompiledService]
    deciding: Mapping[int, Service]
    overlay: Overlay = SILENT
    lifetimes: Lifetimes = FIXED
    more: frozenset[str] = frozenset()

    def ttl(self, key: str) -> int:
        """The TTL of a service's answers, in seconds."""
        return self.lifetimes.of(self.zone, key).ttl


@dataclass(frozen=True, slots=True)
class Answers:
    """Renders what a service answers; `app` is settled for it.

    `ttl` is seconds, `longest` the most that health may choose.
    """

    context: ZoneContext
    app: App
    service: Service
    readings: Readings
    ttl: int
    longest: int

    def of(self, region: str, usable: tuple[Endpoint, ...]) -> Answered:
        """In a region with these endpoints in use, in shares as they are measured now."""
        endpoints = weighed(self.app, self.service, region, usable, self.readings)
        return region_answers(
            self.context, self.app, self.service, region, endpoints, self.ttl, self.longest
        )

    def last_resort(self) -> Answered:
        """With no region up."""
        return resort_answers(self.context, self.app, self.service, self.ttl, self.longest)

    def around(self, zone: Zone, own: Sequence[Answered], health: AppHealth) -> Situation:
        """What the names beside the service are answered from, where it answers that itself."""
        served = serving(self.app, self.service, health, self.readings)
        up = eligible(self.app, self.service, health)
        own = own[: len(self.service.endpoints) + 1]  # without what is joined of them
        return Situation(
            self.context, self.service, zone.regions, own, served, up, self.ttl, self.longest
        )

    @property
    def measured(self) -> bool:
        """Whether they move without a verdict that changes."""
        return self.app.balance in MEASURED


class Joined(NamedTuple):
    """Puts together what a name of a service answers where a slot names several regions.

    `longest` is the highest TTL that it is ever answered with.
    """

    context: ZoneContext
    owner: str
    service: str
    columns: Columns
    longest: int

    def behind(self, answered: Sequence[Answered], group: Group) -> list[Answered]:
        """The answers of the regions and of last resort, and behind them those put together."""
        own = list(answered[: len(group.regions) + 1])
        return own + [self._one(own, group.regions[slot[0]], slot) for slot in group.joined or ()]

    def _one(self, own: Sequence[Answered], nearest: str, slot: Slot) -> Answered:
        """Counted for the nearest."""
        records = joined_records([own[number].records for number in slot])
        records = signed_records(self.context, self.owner, records, self.longest)
        return rendered_answers(self.context, self.service, nearest, records, self.columns)


class Earlier(NamedTuple):
    """What a service answered in a region before a load, by how it stood there."""

    health: ServiceHealth
    panic: bool
    answered: Answered


class AppCompiler:
    """Compiles one app, adding its groups and answers to those of all."""

    def __init__(
        self,
        zone: Zone,
        app: App,
        context: ZoneContext,
        known: Deciders,
        groups: list[Group],
        table: Table,
        readings: Readings,
    ) -> None:
        """`groups` and `table` grow."""
        self._zone = zone
        self._app = app
        self._context = context
        self._known = known
        self._groups = groups
        self._table = table
        self._readings = readings
        self._alike: dict[object, Group] = {}
        self._shared: dict[tuple[str, ...], int] = {}
        self._deciding: dict[int, Service] = {}
        self._salt = salt_of(f"{zone.name}/{app.name}")
        self._before: CompiledApp | None = None
        self._answered = Table([], [])
        self._grouped: Sequence[Group] = ()

    def take_over(self, before: CompiledApp, snapshot: Snapshot, groups: Sequence[Group]) -> None:
        """What the app's compile for that snapshot knows may be used again, and goes on."""
        self._before = before
        self._answered = Table.copied(snapshot)
        self._grouped = groups

    def run(self, nodes: dict[bytes, Node], overlay: Overlay, walk: Walk = unseen) -> CompiledApp:
        """The app; the nodes of its services' names are put in the place of plain ones."""
        app, readings = self._app, self._readings
        known = None if self._before is None else self._before.health
        health = app_health(app, readings.verdict, overlay, known, gateways_of(self._zone, app))
        kept = lifetimes(self._zone, app, overlay, readings)
        services = {
            service.key: self._service(service, nodes, health, kept.of(self._zone, service.key).ttl)
            for service in walk(app.services)
        }
        more = frozenset(key for key, service in services.items() if service.beside)
        return CompiledApp(
            self._zone, app, self._context, health, services, self._deciding, overlay, kept, more
        )

    def _service(
        self, service: Service, nodes: dict[bytes, Node], health: AppHealth, ttl: int
    ) -> CompiledService:
        app = self._app.settled_for(service)
        number = self._group(service, health)
        group = self._groups[number]
        steered = Steered(
            service=service.name,
            number=self._table.next,
            areas=group.decider.areas,
            group=number,
            regions=(*group.regions, LAST_RESORT),
            types=types_of(self._app, service),
            salt=self._salt,
            ttl=service.ttl or self._zone.ttl,
            prefix4=app.steering.prefix4,
            prefix6=app.steering.prefix6,
            hashed=app.balance is Balance.HASH,
        )
        made = Answers(self._context, app, service, self._readings, ttl, max(ttl, steered.ttl))
        own = self._answers(made, group.regions, health)
        main = Beside(service.name, None, steered)
        self._put(main, own, group, made, nodes)
        if service.published is None:
            return CompiledService(service, steered)
        around = made.around(self._zone, own, health)
        found = []
        for name, says in names_beside(service, self._zone.name).items():
            one = beside(name, says, steered, self._table.next)
            self._put(one, around.answers(one), group, made, nodes)
            found.append(one)
        return CompiledService(service, steered, tuple(found))

    def _put(
        self,
        one: Beside,
        answered: Sequence[Answered],
        group: Group,
        made: Answers,
        nodes: dict[bytes, Node],
    ) -> None:
        """A name of a service into the table and the nodes."""
        columns = one.columns(made.service)
        joined = Joined(self._context, one.name, made.service.name, columns, made.longest)
        self._table.add(joined.behind(answered, group))
        name = to_wire(one.name)
        nodes[name] = steered_node(
            nodes[name], one.steered, made.app, made.service, self._context, name, columns
        )

    def _group(self, service: Service, health: AppHealth) -> int:
        """A block's services share the group of their regions; spread ones have their own.

        Their groups differ by number alone while the same regions are up for them.
        """
        regions = tuple(service.endpoints)
        block = self._app.topology is Topology.REPLICATED
        if block and regions in self._shared:
            return self._shared[regions]
        earlier = self._earlier_group(service)
        key = (
            regions,
            service.steering,
            eligible(self._app, service, health),
            withheld(self._app, service, health),
            id(earlier),
        )
        if key not in self._alike:
            self._alike[key] = group_of(
                self._zone,
                self._app,
                service,
                health,
                self._known,
                self._readings,
                earlier,
                signed=self._context.signer is not None,
            )
        self._groups.append(self._alike[key])
        number = self._shared[regions] = len(self._groups) - 1
        self._deciding[number] = service
        return number

    def _earlier_group(self, service: Service) -> Group | None:
        """The service's group before, which knows what was up last, and what ramps."""
        old = None if self._before is None else self._before.services.get(service.key)
        return None if old is None else self._grouped[old.steered.group]

    def _answers(self, made: Answers, regions: Sequence[str], health: AppHealth) -> list[Answered]:
        """What the service answers in each region, and as a last resort."""
        service = made.service
        here, panic = health.services[service.key], panics(made.app, service, health)
        earlier = self._earlier(made)
        answered = []
        for region in regions:
            found, known = here[region], earlier.get(region)
            if known is None:
                answered.append(made.of(region, found.usable(panic)))
            elif (known.health is found and known.panic == panic) or (
                known.health.usable(known.panic) == found.usable(panic)
            ):
                answered.append(known.answered)
            else:
                answered.append(made.of(region, found.usable(panic)))
        answered.append(made.last_resort())
        return answered

    def _earlier(self, made: Answers) -> Mapping[str, Earlier]:
        """What the service answered in each region before.

        Nothing where the same endpoints may be answered otherwise now.
        """
        before, key = self._before, made.service.key
        old = None if before is None else before.services.get(key)
        if before is None or old is None or made.measured or made.ttl != before.ttl(key):
            return {}
        settled = before.app.settled_for(old.service)
        if (made.app.balance, made.app.answers) != (settled.balance, settled.answers):
            return {}
        if made.service.published != old.service.published:
            return {}
        if columns_of(made.service) != columns_of(old.service):
            return {}
        signer = made.context.signer
        if signer is not before.context.signer and not (
            signer is not None and signer.like(before.context.signer)
        ):
            return {}
        panic = panics(before.app, old.service, before.health)
        here = before.health.services[key]
        answered = zip(old.steered.regions, self._answered.of(old.steered.number), strict=False)
        return {
            region: Earlier(here[region], panic, each)
            for region, each in answered
            if region in here and (signer is None or signer.lasts(each.records))
        }


# --- what changes -----------------------------------------------------------------------

SOME = 0.05  # of an app's services: with more of them touched, to go by their order pays


def refreshed_app(
    compiled: CompiledApp,
    touched: Touched,
    groups: Sequence[Group],
    table: Table,
    readings: Readings,
) -> tuple[CompiledApp, dict[int, Group]]:
    """The app after changes in some services' regions, and the groups that are others now.

    What the services answer is put into the table.
    """
    app, old = compiled.app, compiled.health
    if len(touched) > SOME * len(compiled.services):
        # as they lie in memory: in any other order the processor waits for most of them
        touched = {key: touched[key] for key in compiled.services if key in touched}
    found = refreshed(app, old, touched, readings.verdict, compiled.overlay)
    zone, known = compiled.zone, compiled.lifetimes
    services = (compiled.services[key].service for key in touched)
    kept = lifetimes(zone, app, compiled.overlay, readings, known, services)
    after = replace(compiled, health=found.health, lifetimes=kept)
    timed = kept.differing(known, zone, touched)
    answering = {*_answering(compiled, after, found), *timed}
    for key in answering:
        _answer(compiled, after, key, touched.get(key, ()), table, readings)
    # what SRV records say goes by which regions are up, and those of a block are so for all of it
    block = app.topology is Topology.REPLICATED
    more = after.more if block else after.more & (answering | touched.keys())
    for key in more:
        _answer_beside(after, key, table, readings)
    moved = joining(_moved(after, found, groups, readings.now))
    if any(groups[number].joined is not None for number in after.deciding):
        rejoin(after, answering | more, groups, moved, table)
    return after, moved


def joining(moved: Mapping[int, Group]) -> dict[int, Group]:
    """Groups with an answer for every slot of their plans; those that were one object stay one."""
    made = {id(group): group.joining() for group in moved.values()}
    return {number: made[id(group)] for number, group in moved.items()}


def rejoin(
    app: CompiledApp,
    answering: Collection[str],
    groups: Sequence[Group],
    moved: Mapping[int, Group],
    table: Table,
) -> None:
    """Puts into the table what is joined of several regions' answers.

    Of services whose answers may be others now (`answering`), and of groups with new slots.
    """
    grown = {number for number, group in moved.items() if group.joined != groups[number].joined}
    for key, compiled in app.services.items():
        number = compiled.steered.group
        group = moved.get(number, groups[number])
        if not group.joined or (key not in answering and number not in grown):
            continue
        service, longest = compiled.service, max(app.ttl(key), compiled.steered.ttl)
        for one in (Beside(service.name, None, compiled.steered), *compiled.beside):
            joined = Joined(app.context, one.name, service.name, one.columns(service), longest)
            answered = joined.behind(table.of(one.steered.number), group)
            table.change(one.steered.number, answered)


def _answering(before: CompiledApp, after: CompiledApp, found: Refreshed) -> Collection[str]:
    """The services whose answers may have changed.

    One endpoint is answered whatever becomes of it. A block that begins or ends to panic
    changes all of them, a spread service what it answers in any region.
    """
    app = before.app
    if app.panic and app.topology is Topology.REPLICATED and app.services:
        one = app.services[0]
        if panics(app, one, before.health) != panics(app, one, after.health):
            return before.services
    return found.stands if app.panic else found.several


def _answer(
    before: CompiledApp,
    after: CompiledApp,
    key: str,
    touched: Collection[str],
    table: Table,
    readings: Readings,
) -> None:
    """Renders what the service answers where it is otherwise than before."""
    service, steered = before.services[key].service, before.services[key].steered
    app, ttl = before.app.settled_for(service), after.ttl(key)
    longest = max(ttl, steered.ttl)
    made = Answers(before.context, app, service, readings, ttl, longest)
    timed = ttl != before.ttl(key)  # then every answer says another one
    was, now = panics(app, service, before.health), panics(app, service, after.health)
    old, new = before.health.services[key], after.health.services[key]
    answered, changed = table.of(steered.number), False
    for region in touched if was == now and not timed else service.endpoints:
        usable = new[region].usable(now)
        if timed or made.measured or usable != old[region].usable(was):
            at, found = steered.regions.index(region), made.of(region, usable)
            changed |= found != answered[at]
            answered[at] = found
    if timed:
        answered[len(steered.regions) - 1], changed = made.last_resort(), True
    if changed:
        table.change(steered.number, answered)


def _answer_beside(after: CompiledApp, key: str, table: Table, readings: Readings) -> None:
    """Renders what the names beside a service answer where it is otherwise than before."""
    compiled, ttl = after.services[key], after.ttl(key)
    app, longest = after.app.settled_for(compiled.service), max(ttl, compiled.steered.ttl)
    made = Answers(after.context, app, compiled.service, readings, ttl, longest)
    around = made.around(after.zone, table.of(compiled.steered.number), after.health)
    for one in compiled.beside:
        answered, before = around.answers(one), table.of(one.steered.number)
        if answered != before[: len(answered)]:
            table.change(one.steered.number, answered + before[len(answered) :])


def _moved(
    after: CompiledApp, found: Refreshed, groups: Sequence[Group], now: float
) -> dict[int, Group]:
    """The groups that are others now, by number.

    Spread services that stood alike and were touched alike share the outcome: a region that fails
    takes thousands of them along in the same way.
    """
    app, health = after.app, after.health
    moved: dict[int, Group] = {}
    if app.topology is Topology.REPLICATED:
        for number, service in after.deciding.items():
            outcome = groups[number].with_health(app, service, health, now)
            if outcome is not groups[number]:
                moved[number] = outcome
        return moved
    outcomes: dict[object, Group] = {}
    services, panics_apart = after.services, bool(app.panic)
    for key, stand in found.stands.items():
        compiled = services[key]
        number = compiled.steered.group
        group = groups[number]
        # where endpoints panic, other regions count too
        alike = (id(group), id(stand), key if panics_apart else None)
        known = outcomes.get(alike)
        if known is None:
            known = outcomes[alike] = group.with_health(app, compiled.service, health, now)
        if known is not group:
            moved[number] = known
    return moved
