"""What the operator knows better than the database: overrides and measured latency."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TypeVar

from gtm.model import (
    GeoCode,
    GeoOverride,
    MeasuredLatency,
    Network,
    frozen_mapping,
)
from gtm.zonefile import values
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Wrong, shown
from gtm.zonefile.scope import Scope
from gtm.zonefile.shape import ZoneFile

K = TypeVar("K", Network, GeoCode)

AS_NUMBER = re.compile(r"AS[0-9]+", re.IGNORECASE)


def overrides(document: Document, shape: ZoneFile, findings: Findings) -> tuple[GeoOverride, ...]:
    """`geo.overrides` in the file's order."""
    found: dict[Network, GeoOverride] = {}
    for key, written in shape.geo.overrides.items():
        path: KeyPath = ("geo", "overrides", key)
        try:
            network = _new(network_of(key), found)
        except Wrong as wrong:
            findings.wrong(document.key(path), wrong.problem, wrong.remedy)
            continue
        found[network] = GeoOverride(network, written.location)
    return tuple(found.values())


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
            area = _new(values.geo_code(key), found)
        except Wrong as wrong:
            findings.wrong(document.key(path), wrong.problem, wrong.remedy)
            continue
        found[area] = MeasuredLatency(area, frozen_mapping(written))
    return tuple(found.values())


def _new(key: K, found: dict[K, GeoOverride] | dict[K, MeasuredLatency]) -> K:
    if key in found:
        raise Wrong(f"{key} is written twice", "keep one of them")
    return key


def network_of(text: str) -> Network:
    """A network in CIDR form, without host bits. Raises Wrong, also for an AS number."""
    if AS_NUMBER.fullmatch(text):
        raise Wrong(
            f"an AS number ({text}) is not supported by this version",
            "write the networks it announces, such as `203.0.113.0/24`",
        )
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise Wrong(
            f"{shown(text)} is not a network",
            "write one such as `203.0.113.0/24` or `2001:db8::/32`",
        ) from None
    if "%" in text:
        raise Wrong(f"{shown(text)} has a scope", "write the network alone")
    if "/" in text and text.split("/")[0] != str(network.network_address):
        try:
            ip_network(text)
        except ValueError:
            raise Wrong(f"{text} has bits set beyond its prefix", f"write `{network}`") from None
    return network
