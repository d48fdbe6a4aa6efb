"""The compile step: zones, geo and verdicts to a snapshot, and only what changed after that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gtm.compile.groups import Deciders, Group, deciders, group_of
from gtm.compile.render import Tallies
from gtm.compile.services import region_answers, resort_answers, steered_node
from gtm.compile.static import ZoneContext, context, static_nodes
from gtm.dns.draw import salt_of
from gtm.dns.names import ancestors, is_below, to_wire
from gtm.geo import Geo
from gtm.model import App, Balance, Endpoint, Service, Target, Topology, Zone
from gtm.snapshot import Node, Plan, RegionAnswers, Snapshot, Steered, ZoneData
from gtm.steering.balance import MEASURED, weighed
from gtm.steering.lifetimes import FIXED, Lifetimes, lifetimes
from gtm.steering.overlay import SILENT, Overlay, Overlays, silent
from gtm.steering.readings import Readings
from gtm.steering.verdicts import (
    AppHealth,
    app_health,
    panics,
    refreshed,
    target_of,
)


@dataclass(frozen=True, slots=True)
class Use:
    """Where a target's verdict counts: an app (by zone and app name), a service, a region."""

    zone: str
    app: str
    service: str
    region: str


@dataclass(frozen=True, slots=True)
class CompiledService:
    """A service with what its answers are made from."""

    service: Service
    name: bytes
    base: Node
    steered: Steered


@dataclass(frozen=True, slots=True)
class CompiledApp:
    """An app with its verdicts, under the words of `overlay`; `services` is by key."""

    zone: Zone
    app: App
    context: ZoneContext
    health: AppHealth
    services: Mapping[str, CompiledService]
    overlay: Overlay = SILENT
    lifetimes: Lifetimes = FIXED

    def ttl(self, key: str) -> int:
        """The TTL of a service's answers, seconds."""
        return self.lifetimes.of(self.zone, key).ttl


@dataclass(frozen=True, slots=True)
class Compiled:
    """A snapshot, and what is needed to make the next one from it when verdicts change.

    `geos` has, by zone name, the databases as the zone sees them: under its own overrides.
    `groups` stands beside the snapshot's plans.
    """

    snapshot: Snapshot
    zones: tuple[Zone, ...]
    geo: Geo
    geos: Mapping[str, Geo]
    deciders: Mapping[object, Deciders]
    apps: Mapping[tuple[str, str], CompiledApp]
    groups: tuple[Group, ...]
    uses: Mapping[Target, tuple[Use, ...]]


class Compiler:
    """Makes snapshots. Its memory is counters, never decisions."""

    def __init__(self) -> None:
        """One lives as long as the server: counters keep their numbers across reloads."""
        self.tallies = Tallies()

    def compile(
        self,
        zones: tuple[Zone, ...],
        geo: Geo,
        readings: Readings,
        epoch: int,
        overlays: Overlays = silent,
        before: Compiled | None = None,
    ) -> Compiled:
        """A snapshot from scratch. Takes seconds for large input: not for the control loop.

        Area tables and plans of `before` are taken over where nothing they depend on changed.
        """
        geos: dict[str, Geo] = {}
        groups: list[Group] = []
        apps: dict[tuple[str, str], CompiledApp] = {}
        names: dict[bytes, ZoneData] = {}
        tables: dict[object, Deciders] = {}
        old = before.deciders if before is not None and before.geo is geo else {}
        for zone in zones:
            there = context(zone, self.tallies)
            known = deciders(zone, geo, tables, old)
            geos[zone.name] = known.geo
            nodes = static_nodes(zone, there)
            for app in zone.apps:
                made = _AppCompiler(zone, app, there, known, groups, readings, before)
                compiled = made.run(nodes, overlays(zone, app))
                apps[zone.name, app.name] = compiled
                nodes.update(_nodes(compiled, compiled.services))
            names[there.apex] = ZoneData(there.apex, nodes, there.negative_soa, there.nonexistent())
        for table in tables.values():
            table.settle()
        plans = tuple(group.plans() for group in groups)
        merged = _merged(names)
        closed = {name for zone in names.values() for name in zone.names if name not in merged}
        snapshot = Snapshot(epoch, plans, names, merged, closed, self.tallies.list)
        return Compiled(snapshot, zones, geo, geos, tables, apps, tuple(groups), _uses(apps))

    def refresh(
        self, before: Compiled, changed: Collection[Target | Use], readings: Readings, epoch: int
    ) -> Compiled:
        """The next snapshot after verdicts or measurements of targets, or in uses, changed.

        Plans and answers of their services only are made anew.
        """
        touched: dict[tuple[str, str], dict[str, set[str]]] = {}
        for each in changed:
            for use in (each,) if isinstance(each, Use) else before.uses.get(each, ()):
                services = touched.setdefault((use.zone, use.app), {})
                services.setdefault(use.service, set()).add(use.region)
        return _after(before, before.apps, touched, readings, epoch)

    def relaid(
        self, before: Compiled, overlays: Overlays, readings: Readings, epoch: int
    ) -> Compiled:
        """The next snapshot after operators' words changed; `before` itself if none did."""
        touched: dict[tuple[str, str], dict[str, set[str]]] = {}
        apps = dict(before.apps)
        for key, app in before.apps.items():
            overlay = overlays(app.zone, app.app)
            if changed := app.overlay.differing(overlay, app.app):
                touched[key] = changed
                apps[key] = replace(app, overlay=overlay)
        return _after(before, apps, touched, readings, epoch) if touched else before

    def ramped(self, before: Compiled, now: float, epoch: int) -> Compiled:
        """The next snapshot as regions that came up take more of their clients; or `before`."""
        groups = tuple(group.ramped(now) if group.ramps else group for group in before.groups)
        return _regrouped(before, groups, epoch)


def _after(
    before: Compiled,
    now: Mapping[tuple[str, str], CompiledApp],
    touched: Mapping[tuple[str, str], Mapping[str, set[str]]],
    readings: Readings,
    epoch: int,
) -> Compiled:
    """The next snapshot with the apps as they are `now`, after changes in services' regions."""
    apps, groups = dict(now), list(before.groups)
    nodes: dict[bytes, dict[bytes, Node]] = {}
    for key, regions in touched.items():
        apps[key], services_changed = _refreshed(apps[key], regions, groups, readings)
        nodes.setdefault(apps[key].context.apex, {}).update(_nodes(apps[key], services_changed))
    plans = _plans(before, groups)
    snapshot = _with_nodes(before.snapshot, plans, nodes, epoch)
    return replace(before, snapshot=snapshot, apps=apps, groups=tuple(groups))


def _regrouped(before: Compiled, groups: tuple[Group, ...], epoch: int) -> Compiled:
    """The next snapshot with other plans for the same answers; `before` itself if none differ."""
    if all(new is old for new, old in zip(groups, before.groups, strict=True)):
        return before
    snapshot = replace(before.snapshot, plans=_plans(before, groups), epoch=epoch)
    return replace(before, snapshot=snapshot, groups=groups)


def _plans(before: Compiled, groups: Sequence[Group]) -> tuple[Sequence[Plan], ...]:
    return tuple(
        old if after is group else after.plans()
        for old, group, after in zip(before.snapshot.plans, before.groups, groups, strict=True)
    )


class _AppCompiler:
    """Compiles one app, adding its groups to those of all."""

    def __init__(
        self,
        zone: Zone,
        app: App,
        context: ZoneContext,
        known: Deciders,
        groups: list[Group],
        readings: Readings,
        before: Compiled | None,
    ) -> None:
        self._zone = zone
        self._app = app
        self._context = context
        self._known = known
        self._groups = groups
        self._readings = readings
        self._before = before
        self._shared: dict[tuple[str, ...], int] = {}
        self._salt = salt_of(f"{zone.name}/{app.name}")

    def run(self, nodes: Mapping[bytes, Node], overlay: Overlay) -> CompiledApp:
        health = app_health(self._app, self._readings.verdict, overlay)
        kept = lifetimes(self._zone, self._app, overlay, self._readings)
        services = {
            service.key: self._service(service, nodes, health, kept.of(self._zone, service.key).ttl)
            for service in self._app.services
        }
        return CompiledApp(self._zone, self._app, self._context, health, services, overlay, kept)

    def _service(
        self, service: Service, nodes: Mapping[bytes, Node], health: AppHealth, ttl: int
    ) -> CompiledService:
        name = to_wire(service.name)
        number = self._group(service, health)
        group = self._groups[number]
        app = self._app.settled_for(service)
        made = _Answers(self._context, app, service, health, self._readings, ttl)
        steered = Steered(
            service=service.name,
            areas=group.decider.areas,
            group=number,
            answers=made.all(group.regions),
            salt=self._salt,
            ttl=service.ttl or self._zone.ttl,
            prefix4=app.steering.prefix4,
            prefix6=app.steering.prefix6,
            hashed=app.balance is Balance.HASH,
        )
        return CompiledService(service, name, nodes[name], steered)

    def _group(self, service: Service, health: AppHealth) -> int:
        """A block's services share the group of their regions; spread ones have their own."""
        regions = tuple(service.endpoints)
        block = self._app.topology is Topology.REPLICATED
        if block and regions in self._shared:
            return self._shared[regions]
        self._groups.append(
            group_of(
                self._zone,
                self._app,
                service,
                health,
                self._known,
                self._readings,
                self._earlier(service),
            )
        )
        self._shared[regions] = len(self._groups) - 1
        return len(self._groups) - 1

    def _earlier(self, service: Service) -> Group | None:
        """The service's group before, which knows what was up last, and what ramps."""
        if self._before is None:
            return None
        app = self._before.apps.get((self._zone.name, self._app.name))
        found = None if app is None else app.services.get(service.key)
        return None if found is None else self._before.groups[found.steered.group]


# --- pieces -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answers:
    """What a service answers, as its health is, by these readings, kept for `ttl` seconds."""

    context: ZoneContext
    app: App
    service: Service
    health: AppHealth
    readings: Readings
    ttl: int

    def all(self, regions: Iterable[str]) -> tuple[RegionAnswers, ...]:
        """Those of the regions, and that of last resort."""
        here = self.health.services[self.service.key]
        panic = panics(self.app, self.service, self.health)
        answers = [self.of(region, here[region].usable(panic)) for region in regions]
        return (*answers, resort_answers(self.context, self.app, self.service.name, self.ttl))

    def of(self, region: str, usable: tuple[Endpoint, ...]) -> RegionAnswers:
        """That of one region with these endpoints in use."""
        endpoints = weighed(self.app, self.service, region, usable, self.readings)
        return region_answers(
            self.context, self.app, self.service.name, region, endpoints, self.ttl
        )


def _refreshed(
    compiled: CompiledApp,
    touched: Mapping[str, set[str]],
    groups: list[Group],
    readings: Readings,
) -> tuple[CompiledApp, list[str]]:
    """The app after changes in some services' regions, and the services whose answers changed.

    Groups whose regions are up or down now are replaced in the list.
    """
    app, old = compiled.app, compiled.health
    pairs = [(key, region) for key, regions in touched.items() for region in regions]
    health = refreshed(app, old, pairs, readings.verdict, compiled.overlay)
    block = app.topology is Topology.REPLICATED
    for key, before in compiled.services.items():
        if block or key in touched:
            number = before.steered.group
            groups[number] = groups[number].with_health(app, before.service, health, readings.now)
    kept = lifetimes(compiled.zone, app, compiled.overlay, readings, compiled.lifetimes, touched)
    timed = kept.differing(compiled.lifetimes, compiled.zone)
    services, changed = dict(compiled.services), []
    for key in compiled.services if app.panic else timed.union(touched):
        ttl, before = kept.of(compiled.zone, key).ttl, compiled.services[key]
        settled = app.settled_for(before.service)
        made = _Answers(compiled.context, settled, before.service, health, readings, ttl)
        measured = touched.get(key, set()) if settled.balance in MEASURED else set()
        after = _with_answers(compiled, before, made, measured)
        if after is not compiled.services[key]:
            services[key] = after
            changed.append(key)
    return replace(compiled, health=health, services=services, lifetimes=kept), changed


def _with_answers(
    compiled: CompiledApp, before: CompiledService, made: _Answers, measured: set[str]
) -> CompiledService:
    """The service with the endpoints that are usable now; itself if they are the same as before.

    In the regions `measured` their shares may be others, too.
    """
    service = before.service
    app = compiled.app.settled_for(service)
    regions = [old.region for old in before.steered.answers[:-1]]
    if made.ttl != compiled.ttl(service.key):  # every answer says it
        return replace(before, steered=replace(before.steered, answers=made.all(regions)))
    was, now = panics(app, service, compiled.health), panics(app, service, made.health)
    answers = list(before.steered.answers)
    after, earlier = made.health.services[service.key], compiled.health.services[service.key]
    for at, region in enumerate(regions):
        weighs = region in measured
        if was == now and after[region] is earlier[region] and not weighs:
            continue
        usable = after[region].usable(now)
        if weighs or usable != earlier[region].usable(was):
            found = made.of(region, usable)
            answers[at] = answers[at] if found == answers[at] else found
    if all(new is old for new, old in zip(answers, before.steered.answers, strict=True)):
        return before
    return replace(before, steered=replace(before.steered, answers=tuple(answers)))


def _nodes(compiled: CompiledApp, keys: Iterable[str]) -> dict[bytes, Node]:
    found = (compiled.services[key] for key in keys)
    return {
        service.name: steered_node(service.base, service.steered, compiled.context.apex)
        for service in found
    }


def _uses(apps: Mapping[tuple[str, str], CompiledApp]) -> dict[Target, tuple[Use, ...]]:
    uses: dict[Target, list[Use]] = {}
    for compiled in apps.values():
        for service in compiled.app.services:
            for region, endpoints in service.endpoints.items():
                for endpoint in endpoints:
                    target = target_of(compiled.app, service, endpoint)
                    if target is not None:
                        use = Use(compiled.zone.name, compiled.app.name, service.key, region)
                        uses.setdefault(target, []).append(use)
    return {target: tuple(found) for target, found in uses.items()}


def _merged(zones: Mapping[bytes, ZoneData]) -> dict[bytes, Node]:
    """The names that fast paths answer: of each zone, those no zone below it answers for."""
    nodes: dict[bytes, Node] = {}
    for apex, zone in zones.items():
        inner = {other for other in zones if len(other) > len(apex) and is_below(other, apex)}
        nodes.update(
            (name, node)
            for name, node in zone.names.items()
            if node.entries is not None and inner.isdisjoint(ancestors(name) if inner else ())
        )
    return nodes


def _with_nodes(
    before: Snapshot,
    plans: tuple[Sequence[Plan], ...],
    changed: Mapping[bytes, Mapping[bytes, Node]],
    epoch: int,
) -> Snapshot:
    zones, nodes = dict(before.zones), dict(before.nodes)
    for apex, found in changed.items():
        zones[apex] = replace(zones[apex], names={**zones[apex].names, **found})
        nodes.update({name: node for name, node in found.items() if name in nodes})
    return Snapshot(epoch, plans, zones, nodes, before.closed, before.tallies)
