"""The compile step: zones, geo and verdicts to a snapshot, and only what changed after that."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from gtm.checks import Target
from gtm.compile.app import AppCompiler
from gtm.compile.changes import joining, refreshed_app, rejoin
from gtm.compile.compiled import CompiledApp, Touched
from gtm.compile.groups import Deciders, Group, deciders, next_step
from gtm.compile.names import count, together
from gtm.compile.render import Tallies
from gtm.compile.static import context, static_nodes
from gtm.compile.table import Table
from gtm.compile.uses import Use, uses_of
from gtm.compile.whoami import whoami_of
from gtm.dns.names import ROOT, ancestors, parent, to_wire
from gtm.dnssec.keys import KeySet
from gtm.dnssec.signatures import Clock, Signatures, Signer
from gtm.geo import Geo
from gtm.model import Zone
from gtm.snapshot import Node, Plan, Snapshot, Tally, ZoneData
from gtm.steering.intake import Intake
from gtm.steering.overlay import Overlays, silent
from gtm.steering.readings import Readings
from gtm.walking import Walk, unseen

AppKey = tuple[str, str]  # zone and app name
NO_KEYS: Mapping[str, KeySet] = MappingProxyType({})

REFUSED = Tally("", "", "", "other", "REFUSED")  # what names of no zone are counted as


@dataclass(frozen=True, slots=True)
class Compiled:
    """A snapshot, and what is needed to make the next one from it when verdicts change.

    `geos` has, by zone name, the databases as the zone sees them: under its own overrides.
    `groups` stands beside the snapshot's plans; `ramping` are the numbers of those in which a
    region came up a short while ago. `touched` says what was looked at to make it from
    the one before; nothing where it was compiled from scratch. `keys` are those of signed zones,
    by name.
    """

    snapshot: Snapshot
    zones: tuple[Zone, ...]
    geo: Geo
    geos: Mapping[str, Geo]
    deciders: Mapping[object, Deciders]
    apps: Mapping[AppKey, CompiledApp]
    groups: tuple[Group, ...]
    uses: Mapping[Target, Collection[Use]]
    touched: Mapping[AppKey, Touched] = field(default_factory=dict)
    ramping: Set[int] = frozenset()
    keys: Mapping[str, KeySet] = field(default_factory=dict)

    @property
    def names(self) -> int:
        """How many names are answered for."""
        zones = {apex: zone.names for apex, zone in self.snapshot.zones.items()}
        return count(self.snapshot.nodes, zones)

    def next_ramp_step(self, now: float) -> float | None:
        """Seconds until a region takes more of its clients; None if none is ramping."""
        return next_step((self.groups[number] for number in self.ramping), now)

    def parts(self) -> list[object]:
        """What it is made of, in small pieces: who holds them can let go of one at a time."""
        snapshot, found = self.snapshot, list[object]()
        for app in self.apps.values():
            found += app.services.values()
            found += app.health.services.values()
            found += app.app.services
        for zone in snapshot.zones.values():
            found += zone.names.values()
        found += self.uses.keys()
        found += self.uses.values()
        found += snapshot.answers
        found += snapshot.rows
        found += snapshot.signed
        found += snapshot.plans
        found += self.groups
        return found


class Compiler:
    """Makes snapshots. Its memory is counters, never decisions."""

    def __init__(self, clock: Clock = time.time) -> None:
        """One lives as long as the server: counters keep their numbers across reloads.

        `clock` is Unix time, by which signatures begin and end.
        """
        self.tallies = Tallies()
        self.signatures = Signatures(clock)

    def compile(
        self,
        zones: tuple[Zone, ...],
        geo: Geo,
        readings: Readings,
        epoch: int,
        overlays: Overlays = silent,
        before: Compiled | None = None,
        keys: Mapping[str, KeySet] = NO_KEYS,
        walk: Walk = unseen,
    ) -> Compiled:
        """A snapshot from scratch. Takes seconds for large input: not for the control loop.

        Area tables, plans and answers of `before` are taken over where nothing they depend on
        changed; it must be a snapshot of this compiler. Zones that have `keys` (by name) are
        signed: signatures that end soon are made anew. `walk` goes through the services.
        """
        geos: dict[str, Geo] = {}
        groups: list[Group] = []
        table = Table([], [], [] if keys else None)
        apps: dict[AppKey, CompiledApp] = {}
        names: dict[bytes, ZoneData] = {}
        tables: dict[object, Deciders] = {}
        around = _around({to_wire(zone.name) for zone in zones})
        old = before.deciders if before is not None and before.geo is geo else {}
        for zone in zones:
            there = context(zone, self.tallies, self._signer(zone, keys))
            known = deciders(zone, geo, tables, old)
            geos[zone.name] = known.geo
            nodes = static_nodes(zone, there, there.apex in around)
            for app in zone.apps:
                key = zone.name, app.name
                made = AppCompiler(zone, app, there, known, groups, table, readings)
                if before is not None and key in before.apps:
                    made.take_over(before.apps[key], before.snapshot, before.groups)
                apps[key] = made.run(nodes, overlays(zone, app), walk)
            own = [apps[zone.name, app.name] for app in zone.apps]
            names[there.apex] = there.zone_data(nodes, whoami_of(zone, known.geo, own))
        for each in tables.values():
            each.settle()
        merged = together(_merged(names), {apex: zone.names for apex, zone in names.items()})
        snapshot = Snapshot(
            epoch,
            _plans(groups),
            names,
            merged,
            {name for zone in names.values() for name in zone.names if name not in merged},
            self.tallies.list,
            table.answers,
            table.rows,
            self.tallies.number(REFUSED),
            table.signed or (),
        )
        ramping = _ramping(dict(enumerate(groups)))
        uses = uses_of(apps)
        for made_app in apps.values():
            dict(made_app.health.regions)  # the words are put together here, not when it is served
        return Compiled(
            snapshot,
            zones,
            geo,
            geos,
            tables,
            apps,
            tuple(groups),
            uses,
            ramping=ramping,
            keys=keys,
        )

    def _signer(self, zone: Zone, keys: Mapping[str, KeySet]) -> Signer | None:
        """What signs the zone; None if it is not signed."""
        found = keys.get(zone.name)
        if found is None or zone.dnssec is None:
            return None
        return Signer(to_wire(zone.name), found, zone.dnssec.validity, self.signatures)

    def refresh(
        self, before: Compiled, changed: Collection[Target | Use], readings: Readings, epoch: int
    ) -> Compiled:
        """The next snapshot after readings changed: plans and answers of their services only.

        What changed is named by target, or by where it counts.
        """
        return _after(before, before.apps, _counting(before, changed), readings, epoch)

    def relaid(
        self, before: Compiled, overlays: Overlays, readings: Readings, epoch: int
    ) -> Compiled:
        """The next snapshot after operators' words changed; `before` itself if none did."""
        apps, touched = _reworded(before, overlays)
        return _after(before, apps, touched, readings, epoch) if touched else before

    def caught_up(
        self,
        before: Compiled,
        changed: Collection[Target | Use],
        overlays: Overlays,
        readings: Readings,
        epoch: int,
    ) -> Compiled:
        """The next snapshot after readings, words or both changed; `before` if nothing did."""
        apps, touched = _reworded(before, overlays)
        for key, services in _counting(before, changed).items():
            worded = touched.get(key, {})
            both = {name: regions | worded.get(name, set()) for name, regions in services.items()}
            touched[key] = {**worded, **both}
        return _after(before, apps, touched, readings, epoch) if touched else before

    def admitted(
        self, before: Compiled, intakes: Mapping[int, Intake | None], epoch: int
    ) -> Compiled:
        """The next snapshot with the clients of groups (by number) dealt out so; or `before`."""
        dealt: dict[tuple[int, int], Group] = {}  # services that stand alike go on sharing
        moved: dict[int, Group] = {}
        for number, intake in intakes.items():
            group = before.groups[number]
            key = id(group), id(intake)
            if key not in dealt:
                dealt[key] = group.with_intake(intake)
            if dealt[key] is not group:
                moved[number] = dealt[key]
        return _planned_anew(before, moved, epoch)

    def ramped(self, before: Compiled, now: float, epoch: int) -> Compiled:
        """The next snapshot as regions that came up take more of their clients; or `before`."""
        ramping = {number: before.groups[number] for number in before.ramping}
        stepped = {id(group): group.ramped(now) for group in ramping.values()}
        moved = {
            number: after
            for number, group in ramping.items()
            if (after := stepped[id(group)]) is not group
        }
        return _planned_anew(before, moved, epoch)


def _counting(before: Compiled, changed: Collection[Target | Use]) -> dict[AppKey, Touched]:
    """The services' regions in which what changed counts."""
    touched: dict[AppKey, dict[str, Set[str]]] = {}
    alone: dict[str, Set[str]] = {}  # one set for the thousands in the same region
    uses = before.uses
    for each in sorted(changed, key=id):  # as they lie in memory, which is most of the time
        for use in (each,) if isinstance(each, Use) else uses.get(each, ()):
            zone, app, service, region = use
            services = touched.get((zone, app))
            if services is None:
                services = touched[zone, app] = {}
            known = services.get(service)
            if known is None:
                if region not in alone:
                    alone[region] = frozenset((region,))
                services[service] = alone[region]
            elif region not in known:
                services[service] = known | {region}
    return dict(touched)


def _reworded(
    before: Compiled, overlays: Overlays
) -> tuple[dict[AppKey, CompiledApp], dict[AppKey, Touched]]:
    """The apps under operators' words of now, and the services' regions that these are about."""
    apps, touched = dict(before.apps), dict[AppKey, Touched]()
    for key, app in before.apps.items():
        overlay = overlays(app.zone, app.app)
        if changed := app.overlay.differing(overlay, app.app):
            touched[key] = changed
            apps[key] = replace(app, overlay=overlay)
    return apps, touched


def _after(
    before: Compiled,
    now: Mapping[AppKey, CompiledApp],
    touched: Mapping[AppKey, Touched],
    readings: Readings,
    epoch: int,
) -> Compiled:
    """The next snapshot with the apps as they are `now`, after changes in services' regions.

    What it costs goes by what changed, beside a copy of each flat table's pointers.
    """
    apps, moved = dict(now), dict[int, Group]()
    was = before.snapshot
    table = Table.copied(was)
    for key, regions in touched.items():
        app, found = refreshed_app(apps[key], regions, before.groups, table, readings)
        apps[key] = app
        moved.update(found)
    groups, plans = _regrouped(before, moved) if moved else (before.groups, was.plans)
    snapshot = _with_table(replace(was, epoch=epoch, plans=plans), table)
    ramping = _ramping(moved, before.ramping)
    return replace(
        before, snapshot=snapshot, apps=apps, groups=groups, touched=touched, ramping=ramping
    )


def _with_table(snapshot: Snapshot, table: Table) -> Snapshot:
    return replace(snapshot, answers=table.answers, rows=table.rows, signed=table.signed or ())


def _planned_anew(before: Compiled, moved: Mapping[int, Group], epoch: int) -> Compiled:
    """The next snapshot with other plans for the same answers; `before` if no group moved."""
    if not moved:
        return before
    moved = joining(moved)
    snapshot = replace(before.snapshot, epoch=epoch)
    if any(group.joined != before.groups[number].joined for number, group in moved.items()):
        table = Table.copied(snapshot)
        for app in before.apps.values():
            if not moved.keys().isdisjoint(app.deciding):
                rejoin(app, (), before.groups, moved, table)
        snapshot = _with_table(snapshot, table)
    groups, plans = _regrouped(before, moved)
    snapshot = replace(snapshot, plans=plans)
    ramping = _ramping(moved, before.ramping)
    return replace(before, snapshot=snapshot, groups=groups, touched={}, ramping=ramping)


def _ramping(moved: Mapping[int, Group], before: Set[int] = frozenset()) -> Set[int]:
    """The numbers of the groups that ramp, after some are others."""
    now = {number for number, group in moved.items() if group.ramps}
    return before - moved.keys() | now if before or now else before


def _regrouped(
    before: Compiled, moved: Mapping[int, Group]
) -> tuple[tuple[Group, ...], tuple[Sequence[Plan], ...]]:
    """All groups and their plans, where those numbered are others now."""
    groups, plans = list(before.groups), list(before.snapshot.plans)
    known: dict[int, Sequence[Plan]] = {}
    for number, group in moved.items():
        groups[number] = group
        if id(group) not in known:
            known[id(group)] = group.plans()
        plans[number] = known[id(group)]
    return tuple(groups), tuple(plans)


def _plans(groups: Sequence[Group]) -> tuple[Sequence[Plan], ...]:
    """A plan for each area of each group; spread services may share one group object."""
    known = {id(group): group for group in groups}
    made = {number: group.plans() for number, group in known.items()}
    return tuple([made[id(group)] for group in groups])


def _around(apexes: Set[bytes]) -> Set[bytes]:
    """The zones in which others lie, that answer for a part of their names."""
    return {
        outer
        for apex in apexes
        if apex != ROOT
        for outer in ancestors(parent(apex))
        if outer in apexes
    }


def _merged(zones: Mapping[bytes, ZoneData]) -> dict[bytes, Node]:
    """The names that fast paths answer: of each zone, those no zone below it answers for."""
    nodes: dict[bytes, Node] = {}
    around = _around(zones.keys())
    for apex, zone in zones.items():
        nested = apex in around
        nodes.update(
            (name, node)
            for name, node in zone.names.items()
            if node.entries is not None and not (nested and _closest(name, zones) != apex)
        )
    return nodes


def _closest(name: bytes, zones: Mapping[bytes, ZoneData]) -> bytes:
    """The apex of the zone that answers for a name of one of them."""
    return next(ancestor for ancestor in ancestors(name) if ancestor in zones)
