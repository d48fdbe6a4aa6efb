"""Static records as the YAML has them: owner names, types, values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gtm.model import RRset
from gtm.zonefile import names, rdata
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot, Wrong, shown
from gtm.zonefile.shape import RecordShape, ZoneFile


@dataclass(frozen=True, slots=True)
class Static:
    """The records of one name and type, and where they are written."""

    rrset: RRset
    spot: Spot


def what(static: Static) -> str:
    """Name and type, as messages name records."""
    return f"{static.rrset.name} {rdata.type_name(static.rrset.type)}"


def yaml_records(document: Document, shape: ZoneFile, findings: Findings) -> Iterator[Static]:
    """The records under `records` that can be read; every mistake is noted."""
    for key, written in shape.records.items():
        path: KeyPath = ("records", key)
        try:
            owner = owner_name(key, shape.zone)
        except Wrong as wrong:
            findings.wrong(document.key(path), wrong.problem, wrong.remedy)
            owner = None
        as_list = isinstance(document.value_at(path), list)
        for position, one in enumerate(written):
            here = (*path, position) if as_list else path
            static = _static(owner, one, document, here, findings)
            if static is not None:
                yield static


def owner_name(key: str, zone: str) -> str:
    """The absolute owner name of records; a wildcard may be its first label. Raises Wrong."""
    if key == "@":
        raise Wrong("`@` is not a name here", 'write `""` for the zone\'s own name')
    name = names.absolute(key, zone)
    if not names.is_within(name, zone):
        raise Wrong(
            f"{name} is outside the zone {zone}",
            "write a name without a dot at its end: it is relative to the zone",
        )
    if "*" in name.removeprefix("*."):
        raise Wrong(
            f"`*` is not the whole first label of {shown(key)}",
            "write `*.name` for everything under a name (RFC 4592)",
        )
    return name


def _static(
    owner: str | None, shape: RecordShape, document: Document, path: KeyPath, findings: Findings
) -> Static | None:
    spot = document.at(path) if isinstance(path[-1], int) else document.key(path)
    try:
        type_ = rdata.type_number(shape.type)
    except Wrong as wrong:
        findings.wrong(document.at((*path, "type")), wrong.problem, wrong.remedy)
        return None
    if shape.values == []:
        findings.wrong(document.at((*path, "values")), "a record has no value", "write one")
    found = _values(type_, shape, document, path, findings)
    if owner is None or not found:
        return None
    return Static(RRset(owner, type_, shape.ttl, found), spot)


def _values(
    type_: int, shape: RecordShape, document: Document, path: KeyPath, findings: Findings
) -> tuple[bytes, ...]:
    """The wire forms; none, with the mistakes noted, when any value is wrong."""
    if (shape.value is None) == (shape.values is None):
        _wrong_count(shape, document, path, findings)
        return ()
    many = shape.values is not None
    written = shape.values if shape.values is not None else [shape.value]
    found: list[bytes] = []
    seen: set[bytes] = set()
    for position, one in enumerate(written):
        spot = (*path, "values", position) if many else (*path, "value")
        try:
            wire = rdata.rdata(type_, one)
        except Wrong as wrong:
            findings.wrong(document.at(spot), wrong.problem, wrong.remedy)
            continue
        if wire in seen:
            findings.wrong(document.at(spot), f"{shown(one)} is written twice", "keep one of them")
        found.append(wire)
        seen.add(wire)
    return tuple(found) if len(found) == len(written) else ()


def _wrong_count(shape: RecordShape, document: Document, path: KeyPath, findings: Findings) -> None:
    """Neither `value` nor `values`, or both; a list that could not be read has its own mistake."""
    remedy = "write `value: ...` or `values: [...]`"
    if shape.values is not None:
        findings.wrong(document.at(path), "a record has both `value` and `values`", remedy)
    elif document.value_at((*path, "values")) is None:
        findings.wrong(document.at(path), "a record has no value", remedy)
