"""What `gtm simulate` says of a drill before it begins, from the server's own zone files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gtm.api.models import Status
from gtm.cli.drillscene import Scope
from gtm.cli.drillshape import DrillForeseen
from gtm.errors import GtmError
from gtm.geo import Geo, open_databases
from gtm.model import Zone


def foreseen(status: Status, scope: Scope) -> list[DrillForeseen]:
    """Clients of each region before and after, and the load where regions report theirs.

    All other regions are taken to be up. Raises GtmError where files can't be read here.
    """
    from gtm.simulate import Scenario, simulate, world_traffic, worlds

    zones = tuple(_only(zone, scope) for zone in _zones(status) if _meant(zone, scope))
    geo = _geo(status)
    both = worlds(zones, None, geo, Scenario(down=frozenset({scope.region})))
    found = simulate(both, world_traffic(geo), None, _load(status))
    total = found.picture.total
    loads = {load.region: load for load in found.loads}
    return [
        DrillForeseen(
            region=share.region or "",
            before=share.before / total,
            after=share.after / total,
            capacity=loads[share.region].capacity if share.region in loads else None,
            load_before=loads[share.region].before if share.region in loads else None,
            load_after=loads[share.region].kept if share.region in loads else None,
            exceeded=share.region in loads and loads[share.region].exceeded,
        )
        for share in found.picture.shares
        if total
    ]


def _zones(status: Status) -> tuple[Zone, ...]:
    """The zone files that the server says it serves, as they are on disk now."""
    from gtm.zonefile import load

    files = [Path(file) for zone in status.zones for file in zone.files]
    for file in files:
        if not file.exists():
            raise GtmError(f"{file} is not on this machine")
    if not files:
        raise GtmError("the server names no zone file")
    alone = len({*files}) == 1 and len(list(files[0].parent.glob("*.y*ml"))) == 1
    return load(files[0] if alone else files[0].parent).zones


def _meant(zone: Zone, scope: Scope) -> bool:
    wanted = None if scope.zone is None else f"{scope.zone.rstrip('.').lower()}."
    return wanted in (None, zone.name) and scope.region in zone.regions


def _only(zone: Zone, scope: Scope) -> Zone:
    """The zone with the app alone that is drilled."""
    if scope.app is None:
        return zone
    return replace(zone, apps=tuple(app for app in zone.apps if app.name == scope.app))


def _geo(status: Status) -> Geo:
    paths = [Path(source.path) for source in status.geo]
    if not paths:
        raise GtmError("the server has no geo database, so clients can't be counted")
    return open_databases(paths)


def _load(status: Status) -> float | None:
    """What all regions carry now, where every one says so."""
    loads = [one.load for one in status.loads]
    known = [load for load in loads if load is not None]
    return sum(known) if known and len(known) == len(loads) else None
