"""One app: compiled, and compiled again where a verdict or a word touched it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from gtm.compile.groups import Deciders, Group, group_of
from gtm.compile.services import (
    Answered,
    region_answers,
    resort_answers,
    steered_node,
    types_of,
)
from gtm.compile.static import ZoneContext
from gtm.compile.table import Table
from gtm.dns.draw import salt_of
from gtm.dns.names import to_wire
from gtm.model import App, Balance, Endpoint, Service, State, Topology, Zone
from gtm.snapshot import LAST_RESORT, Node, Snapshot, Steered
from gtm.steering.overlay import SILENT, Overlay
from gtm.steering.readings import Readings
from gtm.steering.verdicts import AppHealth, app_health, eligible, panics, refreshed, withheld

Touched = Mapping[str, Set[str]]  # service keys and their regions


@dataclass(frozen=True, slots=True)
class CompiledService:
    """A service with where its answers stand. It stays as it is until zones are loaded again."""

    service: Service
    steered: Steered


@dataclass(frozen=True, slots=True)
class CompiledApp:
    """An app with its verdicts, under the words of `overlay`; `services` is by key.

    `deciding` has, by number, each group of the app's with the first service that is decided by it.
    """

    zone: Zone
    app: App
    context: ZoneContext
    health: AppHealth
    services: Mapping[str, CompiledService]
    deciding: Mapping[int, Service]
    overlay: Overlay = SILENT


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
    ) -> None:
        """`groups` and `table` grow."""
        self._zone = zone
        self._app = app
        self._context = context
        self._known = known
        self._groups = groups
        self._table = table
        self._alike: dict[object, Group] = {}
        self._shared: dict[tuple[str, ...], int] = {}
        self._deciding: dict[int, Service] = {}
        self._salt = salt_of(f"{zone.name}/{app.name}")
        self._before: CompiledApp | None = None
        self._answered: Table | None = None

    def take_over(self, before: CompiledApp | None, snapshot: Snapshot | None) -> None:
        """Targets and answers of the app as it was compiled for that snapshot may be used again."""
        if before is None or snapshot is None:
            return
        app, old = self._app, before.app
        if app.check == old.check:
            self._before = before
        same = (app.balance, app.answers) == (old.balance, old.answers)
        if same and self._context.ttl == before.context.ttl:
            self._before = before
            self._answered = Table(list(snapshot.answers), list(snapshot.rows))

    def run(self, nodes: dict[bytes, Node], readings: Readings, overlay: Overlay) -> CompiledApp:
        """The app; the nodes of its services' names are put in the place of plain ones."""
        app, old = self._app, self._before
        known = old.health if old is not None and old.app.check == app.check else None
        health = app_health(app, readings.verdict, overlay, known)
        services = {service.key: self._service(service, nodes, health) for service in app.services}
        return CompiledApp(
            self._zone, app, self._context, health, services, self._deciding, overlay
        )

    def _service(
        self, service: Service, nodes: dict[bytes, Node], health: AppHealth
    ) -> CompiledService:
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
            ttl=self._zone.ttl,
            prefix4=self._app.steering.prefix4,
            prefix6=self._app.steering.prefix6,
            hashed=self._app.balance is Balance.HASH,
        )
        self._table.add(self._answers(service, group.regions, health))
        name = to_wire(service.name)
        nodes[name] = steered_node(nodes[name], steered, service, self._context.apex)
        return CompiledService(service, steered)

    def _group(self, service: Service, health: AppHealth) -> int:
        """A block's services share the group of their regions; spread ones have their own.

        Their groups differ by number alone while the same regions are up for them.
        """
        regions = tuple(service.endpoints)
        block = self._app.topology is Topology.REPLICATED
        if block and regions in self._shared:
            return self._shared[regions]
        key = (
            regions,
            eligible(self._app, service, health),
            withheld(self._app, service, health),
        )
        if key not in self._alike:
            self._alike[key] = group_of(self._zone, self._app, service, health, self._known)
        self._groups.append(self._alike[key])
        number = self._shared[regions] = len(self._groups) - 1
        self._deciding[number] = service
        return number

    def _answers(
        self, service: Service, regions: Sequence[str], health: AppHealth
    ) -> list[Answered]:
        """What the service answers in each region, and as a last resort."""
        app, context = self._app, self._context
        here, panic = health.services[service.key], panics(app, service, health)
        earlier = self._earlier(service)
        answered = []
        for region in regions:
            usable = here[region].usable(panic)
            known = earlier.get(region)
            if known is not None and known[0] == usable:
                answered.append(known[1])
            else:
                answered.append(region_answers(context, app, service.name, region, usable))
        answered.append(resort_answers(context, app, service.name))
        return answered

    def _earlier(self, service: Service) -> Mapping[str, tuple[tuple[Endpoint, ...], Answered]]:
        """What the service answered in each region before, and with which endpoints."""
        before, table = self._before, self._answered
        old = None if before is None else before.services.get(service.key)
        if before is None or table is None or old is None:
            return {}
        panic = panics(before.app, old.service, before.health)
        here = before.health.services[service.key]
        answered = zip(old.steered.regions, table.of(old.steered.number), strict=True)
        return {
            region: (here[region].usable(panic), each)
            for region, each in answered
            if region in here
        }


# --- what changes -----------------------------------------------------------------------


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
    pairs = [(key, region) for key, regions in touched.items() for region in regions]
    health = refreshed(app, old, pairs, readings.verdict, compiled.overlay)
    after = replace(compiled, health=health)
    for key in _answering(compiled, after, touched):
        _answer(compiled, after, compiled.services[key], touched.get(key, ()), table)
    return after, _moved(after, touched, groups)


def _answering(before: CompiledApp, after: CompiledApp, touched: Touched) -> Collection[str]:
    """The services whose answers may have changed: all of a block that begins or ends to panic."""
    app = before.app
    if app.panic and app.topology is Topology.REPLICATED and app.services:
        one = app.services[0]
        if panics(app, one, before.health) != panics(app, one, after.health):
            return before.services
    return touched


def _answer(
    before: CompiledApp,
    after: CompiledApp,
    compiled: CompiledService,
    touched: Collection[str],
    table: Table,
) -> None:
    """Renders what the service answers where other endpoints are usable than before."""
    app, service, steered = before.app, compiled.service, compiled.steered
    if not app.panic and all(len(service.endpoints[region]) == 1 for region in touched):
        return  # the one endpoint is answered whatever becomes of it
    was, now = panics(app, service, before.health), panics(app, service, after.health)
    old, new = before.health.services[service.key], after.health.services[service.key]
    changed = {}
    for region in touched if was == now else service.endpoints:
        usable = new[region].usable(now)
        if usable != old[region].usable(was):
            changed[region] = usable
    if changed:
        answered = table.of(steered.number)
        for region, usable in changed.items():
            made = region_answers(before.context, app, service.name, region, usable)
            answered[steered.regions.index(region)] = made
        table.change(steered.number, answered)


def _moved(after: CompiledApp, touched: Touched, groups: Sequence[Group]) -> dict[int, Group]:
    """The groups that are others now, by number.

    Spread services that stood alike and were touched alike share the outcome: a region that fails
    takes thousands of them along in the same way.
    """
    app, health = after.app, after.health
    found: dict[int, Group] = {}
    if app.topology is Topology.REPLICATED:
        for number, service in after.deciding.items():
            found[number] = groups[number].with_health(app, service, health)
    else:
        outcomes: dict[object, Group] = {}
        for key, regions in touched.items():
            compiled = after.services[key]
            number, here = compiled.steered.group, health.services[key]
            verdicts = [(region, here[region].verdict) for region in regions]
            stands = [(name, each.state is State.DOWN, each.withheld) for name, each in verdicts]
            panic = key if app.panic else None  # then other regions count too
            alike = (id(groups[number]), panic, frozenset(stands))
            if alike not in outcomes:
                outcomes[alike] = groups[number].with_health(app, compiled.service, health)
            found[number] = outcomes[alike]
    return {number: group for number, group in found.items() if group is not groups[number]}
