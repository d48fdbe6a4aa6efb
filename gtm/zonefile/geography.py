"""What the operator knows better than the database: overrides and measured latency."""

from __future__ import annotations

from collections.abc import Collection

from gtm.model import Clients, GeoCode, GeoOverride, MeasuredLatency, frozen_mapping
from gtm.zonefile import values
from gtm.zonefile.clients import clients_of
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Wrong, listed, shown
from gtm.zonefile.scope import Scope
from gtm.zonefile.shape import OverrideShape, ZoneFile


def overrides(
    document: Document, shape: ZoneFile, scope: Scope, served: Collection[str], findings: Findings
) -> tuple[GeoOverride, ...]:
    """`geo.overrides` in the file's order; `served` are the regions with endpoints."""
    found: dict[Clients, GeoOverride] = {}
    for key, written in shape.geo.overrides.items():
        path: KeyPath = ("geo", "overrides", key)
        regions = _regions(written, document, path, scope, served, findings)
        raw = document.value_at(path)
        if isinstance(raw, dict) and all(value is None for value in raw.values()):
            spot = document.at(path)
            findings.wrong(spot, "the override says nothing", "write `location:` or `regions:`")
        try:
            clients = clients_of(key)
        except Wrong as wrong:
            findings.wrong(document.key(path), wrong.problem, wrong.remedy)
            continue
        if clients in found:
            first = next(k for k in shape.geo.overrides if _same(k, clients))
            spot = document.key(("geo", "overrides", first))
            problem = f"{clients} has an override at {spot} too, written `{first}`"
            findings.wrong(document.key(path), problem, "make one of them")
            continue
        found[clients] = GeoOverride(clients, written.location, regions)
    return tuple(found.values())


def _same(key: str, clients: Clients) -> bool:
    try:
        return clients_of(key) == clients
    except Wrong:
        return False


def _regions(
    written: OverrideShape,
    document: Document,
    path: KeyPath,
    scope: Scope,
    served: Collection[str],
    findings: Findings,
) -> tuple[str, ...]:
    """The regions of an override without those that can't be used, their mistakes noted."""
    if "regions" not in written.model_fields_set:
        return ()
    path = (*path, "regions")
    items = written.regions if isinstance(written.regions, list) else [written.regions]
    found: list[str] = []
    if not items:
        findings.wrong(document.at(path), "`regions` names no region", "write `[first, second]`")
    for position, name in enumerate(items):
        spot = document.at((*path, position))
        if not isinstance(name, str):
            problem = f"{shown(name)} is not the name of a region"
            findings.wrong(spot, problem, "write one in quotes")
        elif name in found:
            findings.wrong(spot, f"{shown(name)} is written twice", "keep one of them")
        elif name not in scope.region_spots:
            if scope.complete:
                findings.wrong(spot, *scope.no_region(name))
        else:
            found.append(name)
    if found and served and not set(found) & set(served):
        problem = f"no service is in {listed(found)}: the override leads nobody there"
        findings.warn(document.at(path), problem, f"write regions of services: {listed(served)}")
    return tuple(found)


def latency(
    document: Document, shape: ZoneFile, scope: Scope, findings: Findings
) -> tuple[MeasuredLatency, ...]:
    """`latency` in the file's order."""
    found: dict[GeoCode, MeasuredLatency] = {}
    for key, written in shape.latency.items():
        path: KeyPath = ("latency", key)
        for region in written:
            if region not in scope.region_spots and scope.complete:
                findings.wrong(document.key((*path, region)), *scope.no_region(region))
        try:
            area = values.geo_code(key)
        except Wrong as wrong:
            findings.wrong(document.key(path), wrong.problem, wrong.remedy)
            continue
        if area in found:
            findings.wrong(document.key(path), f"{area} is written twice", "keep one of them")
            continue
        found[area] = MeasuredLatency(area, frozen_mapping(written))
    return tuple(found.values())
