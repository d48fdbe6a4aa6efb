"""The compile step: zones, geo and verdicts to a snapshot, and only what changed after that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from gtm.compile.render import Tallies
from gtm.compile.services import region_answers, steered_node
from gtm.compile.static import ZoneContext, context, static_nodes
from gtm.dns.names import ancestors, is_below, to_wire
from gtm.geo import Geo
from gtm.model import App, MeasuredLatency, Region, Service, Target, Zone
from gtm.snapshot import AreaTable, Node, Snapshot, Steered, ZoneData
from gtm.steering.areas import build_areas
from gtm.steering.cost import CostModel
from gtm.steering.plans import PlanTables
from gtm.steering.verdicts import AppHealth, Look, app_health, eligible, refreshed, target_of


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
    model: CostModel
    name: bytes
    base: Node
    steered: Steered


@dataclass(frozen=True, slots=True)
class CompiledApp:
    """An app with its verdicts; `services` is by key."""

    zone: Zone
    app: App
    context: ZoneContext
    health: AppHealth
    services: Mapping[str, CompiledService]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A snapshot, and what is needed to make the next one from it when verdicts change.

    `geos` has, by zone name, the databases as the zone sees them: under its own overrides.
    """

    snapshot: Snapshot
    zones: tuple[Zone, ...]
    geo: Geo
    geos: Mapping[str, Geo]
    apps: Mapping[tuple[str, str], CompiledApp]
    uses: Mapping[Target, tuple[Use, ...]]
    plans: PlanTables


class Compiler:
    """Makes snapshots. Its memory is counters and shared tables, never decisions."""

    def __init__(self) -> None:
        """One lives as long as the server: counters keep their numbers across reloads."""
        self.tallies = Tallies()

    # --- everything ---------------------------------------------------------------------

    def compile(self, zones: tuple[Zone, ...], geo: Geo, look: Look, epoch: int) -> Compiled:
        """A snapshot from scratch. Takes seconds for large input: not for the control loop."""
        plans = PlanTables()
        tables: dict[object, AreaTables] = {}
        geos: dict[str, Geo] = {}
        apps: dict[tuple[str, str], CompiledApp] = {}
        names: dict[bytes, ZoneData] = {}
        for zone in zones:
            there = context(zone, self.tallies)
            areas = _area_tables(zone, geo, tables)
            geos[zone.name] = areas.geo
            nodes = static_nodes(zone, there)
            for app in zone.apps:
                compiled = self._app(zone, app, there, nodes, (areas, plans), look)
                apps[zone.name, app.name] = compiled
                nodes.update(_nodes(compiled, compiled.services))
            names[there.apex] = ZoneData(there.apex, nodes, there.negative_soa)
        snapshot = Snapshot(epoch, names, _merged(names), self.tallies.list)
        return Compiled(snapshot, zones, geo, geos, apps, _uses(apps), plans)

    def _app(
        self,
        zone: Zone,
        app: App,
        context: ZoneContext,
        nodes: Mapping[bytes, Node],
        tables: tuple[AreaTables, PlanTables],
        look: Look,
    ) -> CompiledApp:
        areas, plan_tables = tables
        health = app_health(app, look)
        services = {}
        for service in app.services:
            name = to_wire(service.name)
            table, model = areas.table(zone, service)
            here = health.services[service.key]
            answers = tuple(
                region_answers(context, service, name, region, here[region])
                for region in table.regions
            )
            plans = plan_tables.plans(table, eligible(app, service, health))
            steered = Steered(service.name, table, plans, answers)
            services[service.key] = CompiledService(service, model, name, nodes[name], steered)
        return CompiledApp(zone, app, context, health, services)

    # --- what changed -------------------------------------------------------------------

    def refresh(
        self, before: Compiled, changed: Collection[Target], look: Look, epoch: int
    ) -> Compiled:
        """The next snapshot after verdicts changed: plans and answers of their services only."""
        touched: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for target in changed:
            for use in before.uses.get(target, ()):
                touched.setdefault((use.zone, use.app), set()).add((use.service, use.region))
        apps = dict(before.apps)
        nodes: dict[bytes, dict[bytes, Node]] = {}
        for key, pairs in touched.items():
            apps[key], services = _refreshed(apps[key], pairs, before.plans, look)
            nodes.setdefault(apps[key].context.apex, {}).update(_nodes(apps[key], services))
        snapshot = _with_nodes(before.snapshot, nodes, epoch)
        return replace(before, snapshot=snapshot, apps=apps)


class AreaTables:
    """The area tables of one zone: one for each set of regions."""

    def __init__(self, geo: Geo, latency: tuple[MeasuredLatency, ...]) -> None:
        """`geo` as the zone sees it. No table is built before it is asked for."""
        self.geo = geo
        self._latency = latency
        self._made: dict[tuple[Region, ...], tuple[AreaTable, CostModel]] = {}

    def table(self, zone: Zone, service: Service) -> tuple[AreaTable, CostModel]:
        """The table for a service's regions, and the costs that it was built from."""
        regions = tuple(
            region for name, region in zone.regions.items() if name in service.endpoints
        )
        if regions not in self._made:
            model = CostModel(regions, self._latency)
            self._made[regions] = (build_areas(self.geo, model), model)
        return self._made[regions]


# --- pieces -----------------------------------------------------------------------------


def _refreshed(
    compiled: CompiledApp, pairs: set[tuple[str, str]], tables: PlanTables, look: Look
) -> tuple[CompiledApp, list[str]]:
    """The app after changes of (service key, region) pairs, and which services changed."""
    app = compiled.app
    health = refreshed(app, compiled.health, pairs, look)
    regions_of: dict[str, set[str]] = {}
    for service, region in pairs:
        regions_of.setdefault(service, set()).add(region)
    services, changed = dict(compiled.services), []
    for key, before in compiled.services.items():
        steered = before.steered
        regions = regions_of.get(key, set())
        plans = tables.plans(steered.areas, eligible(app, before.service, health))
        if plans is steered.plans and not regions:
            continue
        here = health.services[key]
        answers = tuple(
            region_answers(
                compiled.context, before.service, before.name, old.region, here[old.region]
            )
            if old.region in regions
            else old
            for old in steered.answers
        )
        services[key] = replace(before, steered=replace(steered, plans=plans, answers=answers))
        changed.append(key)
    return replace(compiled, health=health, services=services), changed


def _area_tables(zone: Zone, geo: Geo, made: dict[object, AreaTables]) -> AreaTables:
    """Shared by the zones that know the same better than the database."""
    latency = tuple((known.area, tuple(known.milliseconds.items())) for known in zone.latency)
    key = (zone.overrides, latency)
    if key not in made:
        made[key] = AreaTables(geo.overridden(zone.overrides), zone.latency)
    return made[key]


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
    before: Snapshot, changed: Mapping[bytes, Mapping[bytes, Node]], epoch: int
) -> Snapshot:
    zones, nodes = dict(before.zones), dict(before.nodes)
    for apex, found in changed.items():
        zones[apex] = replace(zones[apex], names={**zones[apex].names, **found})
        nodes.update({name: node for name, node in found.items() if name in nodes})
    return Snapshot(epoch, zones, nodes, before.tallies)
