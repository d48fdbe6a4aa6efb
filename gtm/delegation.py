"""What the parent of a zone needs: NS records, glue for name servers inside the zone, and DS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gtm.compile.static import DEFAULT_TTL
from gtm.dns.names import is_below, to_wire
from gtm.dnssec.dnskey import ds, ds_to_text
from gtm.dnssec.keyfile import Unusable
from gtm.dnssec.keyring import Keyring
from gtm.dnssec.ledger import Wants, effect, parent_keys, wanted
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

    `parent` is the name above the apex; the zone that holds it may begin higher up. `no_ds` says
    why there is no DS among the records, "" where there is one.
    """

    zone: str
    parent: str
    records: tuple[ParentRecord, ...]
    checks: tuple[str, ...]
    warnings: tuple[str, ...]
    no_ds: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The records as lines of a master file (RFC 1035 section 5.1), in columns."""
        width = max(len(record.name) for record in self.records)
        return tuple(
            f"{record.name:<{width}} {record.ttl} IN {record.type:<4} {record.value}"
            for record in self.records
        )


@dataclass(frozen=True, slots=True)
class SecureEntry:
    """The DS data that the parent has to have (wire form), or why it must have none yet."""

    ds: tuple[bytes, ...] = ()
    why_not: str = ""


NOT_SIGNED = SecureEntry(why_not="no DS record: the zone is not signed")


def secure_entry(zone: Zone, keyring: Keyring) -> SecureEntry:
    """The DS of a zone by its keys (RFC 4034 section 5), without what is not safe there now."""
    if zone.dnssec is None:
        return NOT_SIGNED
    try:
        ledger = keyring.read(zone.name).ledger
    except Unusable as unusable:
        return SecureEntry(why_not=f"no DS record: {unusable}")
    found = parent_keys(ledger, zone.dnssec) if wanted(ledger) else ()
    if found:
        return SecureEntry(tuple(ds(to_wire(zone.name), one) for one in found))
    bare = zone.name.rstrip(".")
    if effect(ledger).wants is Wants.DELETE:
        return SecureEntry(why_not="no DS record: the zone is going unsigned")
    return SecureEntry(why_not=f"no DS record yet: `gtm keys status {bare}` says when it is safe")


def delegation(zone: Zone, secure: SecureEntry = NOT_SIGNED) -> Delegation:
    """What the parent needs to delegate the zone (RFC 1034 section 4.2.1, RFC 4035 section 2.4)."""
    servers = zone.nameservers
    names = [ParentRecord(zone.name, DEFAULT_TTL, "NS", server.name) for server in servers]
    glue = [
        ParentRecord(server.name, DEFAULT_TTL, "AAAA" if at.version == 6 else "A", str(at))
        for server in servers
        if _inside(server, zone)
        for at in server.addresses
    ]
    ttl = DEFAULT_TTL if zone.dnssec is None else zone.dnssec.parent_ttl
    pointed = [ParentRecord(zone.name, ttl, "DS", ds_to_text(one)) for one in secure.ds]
    parent = zone.name.partition(".")[2] or "."
    return Delegation(
        zone=zone.name,
        parent=parent,
        records=(*names, *pointed, *glue),
        checks=tuple(_checks(zone, parent)),
        warnings=tuple(_warnings(zone)),
        no_ds=secure.why_not,
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
    if zone.dnssec is not None:
        yield f"dig +norecurse DS {name} @$(dig +short NS {above} | head -n 1)"
        yield f"delv SOA {name}"
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
