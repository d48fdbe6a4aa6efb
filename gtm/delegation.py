"""What the parent of a zone needs: NS records, and glue for name servers inside the zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gtm.compile.static import DEFAULT_TTL
from gtm.dns.names import is_below, to_wire
from gtm.model import Address, Nameserver, Zone


@dataclass(frozen=True, slots=True)
class ParentRecord:
    """A record for the parent zone; `ttl` is seconds."""

    name: str
    ttl: int
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Delegation:
    """The records that the parent needs, the commands that check them, and what is amiss.

    `parent` is the name above the apex; the zone that holds it may begin higher up.
    """

    zone: str
    parent: str
    records: tuple[ParentRecord, ...]
    checks: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The records as lines of a master file (RFC 1035 section 5.1), in columns."""
        width = max(len(record.name) for record in self.records)
        return tuple(
            f"{record.name:<{width}} {record.ttl} IN {record.type:<4} {record.value}"
            for record in self.records
        )


def delegation(zone: Zone) -> Delegation:
    """What the parent needs to delegate the zone (RFC 1034 section 4.2.1).

    There is no DS record, as the zone is not signed.
    """
    servers = zone.nameservers
    names = [ParentRecord(zone.name, DEFAULT_TTL, "NS", server.name) for server in servers]
    glue = [
        ParentRecord(server.name, DEFAULT_TTL, "AAAA" if at.version == 6 else "A", str(at))
        for server in servers
        if _inside(server, zone)
        for at in server.addresses
    ]
    parent = zone.name.partition(".")[2] or "."
    return Delegation(
        zone=zone.name,
        parent=parent,
        records=(*names, *glue),
        checks=tuple(_checks(zone, parent)),
        warnings=tuple(_warnings(zone)),
    )


def _inside(server: Nameserver, zone: Zone) -> bool:
    return is_below(to_wire(server.name), to_wire(zone.name))


def _checks(zone: Zone, parent: str) -> Iterator[str]:
    """From the parent's answer down to each server's, then as any client sees it."""
    name = zone.name.rstrip(".")
    above = parent.rstrip(".") or "."
    yield f"dig +norecurse NS {name} @$(dig +short NS {above} | head -n 1)"
    for server in zone.nameservers:
        for at in server.addresses or (server.name.rstrip("."),):
            yield f"dig +norecurse SOA {name} @{at}"
    yield f"dig +trace SOA {name}"


def _warnings(zone: Zone) -> Iterator[str]:
    servers = zone.nameservers
    if len(servers) < 2:
        yield (
            f"{zone.name.rstrip('.')} has one name server: its names are gone when that is "
            "(RFC 2182 section 5 asks for two or more); add one under `nameservers`"
        )
    missing = [server for server in servers if _inside(server, zone) and not server.addresses]
    for server in missing:
        yield (
            f"{server.name} lies inside the zone and has no address: nobody can reach it without "
            "glue; write its addresses under `nameservers`"
        )
    shared = _shared(server.addresses for server in servers)
    for at in shared:
        yield f"{at} is the address of several name servers: they fail together"


def _shared(addresses: Iterable[tuple[Address, ...]]) -> list[Address]:
    seen: set[Address] = set()
    again: list[Address] = []
    for row in addresses:
        again += [at for at in row if at in seen]
        seen.update(row)
    return again
