"""The static side of a zone: its records, SOA, name servers and empty non-terminals as nodes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gtm.compile import denial, dispatch, render
from gtm.compile.names import ZoneNames
from gtm.compile.render import Tallies
from gtm.dns.names import ancestors, is_below, parent, to_wire
from gtm.dns.types import IN, Rcode, Type, counted_type
from gtm.dnssec.keys import KeySet
from gtm.dnssec.signatures import Signer
from gtm.model import Address, Zone
from gtm.plain import Plain
from gtm.published import names_of
from gtm.snapshot import OTHERS, Entry, Node, Rendered, RRset, Tally, Whoami, ZoneData

DEFAULT_TTL = 3600  # seconds, of records of the apex that the zone file does not write out

VERSIONS = {4: Type.A, 6: Type.AAAA}
PLAIN_TYPES = (int(Type.A), int(Type.AAAA), int(Type.TXT))  # of plain names

Rows = dict[bytes, dict[int, RRset]]


@dataclass(frozen=True, slots=True)
class ZoneContext:
    """What rendering anything of a zone needs."""

    text: str
    apex: bytes
    negative_soa: RRset
    tallies: Tallies
    signer: Signer | None = None

    def signed(self, owner: bytes, rrset: RRset, ttl: int) -> RRset:
        """The RRset with its signatures, if the zone is signed; `ttl` is the highest it can have.

        Whatever RRset of the zone is answered with authority comes through here.
        """
        return rrset if self.signer is None else self.signer.sign(owner, rrset, ttl)

    def count(self, rrtype: str, service: str = "", region: str = "") -> int:
        """The counter of an answer of this zone."""
        return self.tallies.number(Tally(self.text, service, region, rrtype, "NOERROR"))

    def nonexistent(self) -> Rendered:
        """The rendered NXDOMAIN of any name, for a fast path to point to the apex."""
        tally = self.tallies.number(Tally(self.text, "", "", "other", "NXDOMAIN"))
        return replace(
            render.denial(self.apex, self.apex, self.negative_soa, tally), rcode=Rcode.NXDOMAIN
        )

    def zone_data(self, nodes: dict[bytes, Node], whoami: Whoami | None = None) -> ZoneData:
        """The zone for planes, with all names that exist in it."""
        failed = self.tallies.number(Tally(self.text, "", "", "other", "SERVFAIL"))
        if whoami is not None:
            nodes[whoami.name] = Node({})  # which no fast path answers, and no NSEC names
        secure = None
        if self.signer is not None:
            secure = denial.chained(self.apex, nodes, self.signer, self.negative_soa.ttl)
        return ZoneData(
            self.apex,
            nodes,
            self.negative_soa,
            self.nonexistent(),
            failed,
            self.count("other"),
            secure,
            whoami,
        )

    def nodata(self, name: bytes, rrtype: str = "other") -> Rendered:
        """The rendered denial of a type at a name that exists."""
        return render.denial(name, self.apex, self.negative_soa, self.count(rrtype))


def context(zone: Zone, tallies: Tallies, signer: Signer | None = None) -> ZoneContext:
    """The zone's name, and the SOA that its negative answers carry; its signer, if it is signed."""
    soa = _soa(zone)
    ttl = min(zone.soa.ttl, zone.soa.negative_ttl)
    apex, negative = to_wire(zone.name), RRset(soa.type, ttl, soa.rdata)
    if signer is not None:  # the same signature as the SOA itself has
        negative = signer.sign(apex, negative, soa.ttl)
    return ZoneContext(zone.name, apex, negative, tallies, signer)


def question_key(rrtype: int) -> bytes:
    """QTYPE and QCLASS as they end a question."""
    return rrtype.to_bytes(2, "big") + IN.to_bytes(2, "big")


def static_nodes(zone: Zone, context: ZoneContext, nested: bool = False) -> dict[bytes, Node]:
    """Every name of the zone that has records, or lies between the apex and one that has.

    Names of services come as nodes without service; what makes them steered is laid over them.
    Plain names are not written out, unless another zone is `nested` in this one, or it is signed.
    """
    rows = _rows(zone, context.apex)
    if context.signer is not None:
        rows[context.apex].update(_published(context.signer.keys))
    plain = zone.plain
    if plain is not None and (nested or context.signer is not None):
        for name in plain.names():
            rows.setdefault(name, {}).update(_row(plain, name) or {})
        plain = None
    for app in zone.apps:
        for service in app.services:
            rows.setdefault(to_wire(service.name), {})
            for beside in names_of(service.published, service.name):
                rows.setdefault(to_wire(beside), {})
    for name in tuple(rows):
        for ancestor in ancestors(parent(name)) if name != context.apex else ():
            if plain is None or ancestor not in plain:
                rows.setdefault(ancestor, {})
            if ancestor == context.apex:
                break
    hiding = _hiding(rows, context.apex)
    if context.signer is not None:
        for name, row in rows.items():
            _sign(name, row, context, hiding)
    nodes = {name: _node(name, row, context, hiding) for name, row in rows.items()}
    return nodes if plain is None else _with_plain(nodes, plain, context)


def _with_plain(nodes: dict[bytes, Node], plain: Plain, context: ZoneContext) -> ZoneNames:
    """The nodes, and beside them the plain names."""

    def make(name: bytes) -> Node | None:
        row = _row(plain, name)
        return None if row is None else _node(name, row, context, set())

    tallies = {rrtype: context.count(counted_type(rrtype)) for rrtype in PLAIN_TYPES}
    return ZoneNames(nodes, plain, make, tallies, context.count("other"))


def _row(plain: Plain, name: bytes) -> dict[int, RRset] | None:
    sets = plain.sets(name)
    if sets is None:
        return None
    return {rrtype: RRset(rrtype, ttl, rdata) for rrtype, ttl, rdata in sets}


def _rows(zone: Zone, apex: bytes) -> Rows:
    rows: Rows = {apex: {}}
    for rrset in zone.rrsets:
        row = rows.setdefault(to_wire(rrset.name), {})
        row[rrset.type] = RRset(rrset.type, rrset.ttl, rrset.rdata)
    rows[apex][Type.SOA] = _soa(zone)
    servers = tuple(to_wire(server.name) for server in zone.nameservers)
    rows[apex][Type.NS] = RRset(Type.NS, DEFAULT_TTL, servers)
    for server in zone.nameservers:
        name = to_wire(server.name)
        if is_below(name, apex):
            rows.setdefault(name, {}).update(_glue(server.addresses))
    for target, address in dispatch.targets(zone).items():
        rrtype = VERSIONS[address.version]
        found = RRset(rrtype, dispatch.TARGET_TTL, (address.packed,))
        rows.setdefault(to_wire(target), {})[rrtype] = found
    return rows


def _published(keys: KeySet) -> dict[int, RRset]:
    """What a signed zone says of its keys (RFC 4034 section 2, RFC 7344 section 3)."""
    data = {Type.DNSKEY: keys.dnskeys, Type.CDS: keys.cds, Type.CDNSKEY: keys.cdnskeys}
    return {int(type_): RRset(type_, keys.ttl, rdata) for type_, rdata in data.items() if rdata}


def _sign(name: bytes, row: dict[int, RRset], context: ZoneContext, hiding: set[bytes]) -> None:
    """Signs what the zone is authoritative for (RFC 4035 section 2.2): of a cut, the DS alone."""
    if hiding and any(above in hiding for above in ancestors(name) if above != name):
        return
    cut = Type.NS in row and name != context.apex
    for rrtype, rrset in row.items():
        if not cut or rrtype == Type.DS:
            row[rrtype] = context.signed(name, rrset, rrset.ttl)


def _glue(addresses: tuple[Address, ...]) -> dict[int, RRset]:
    rrsets = {}
    for rrtype, version in ((Type.A, 4), (Type.AAAA, 6)):
        rdata = tuple(address.packed for address in addresses if address.version == version)
        if rdata:
            rrsets[int(rrtype)] = RRset(rrtype, DEFAULT_TTL, rdata)
    return rrsets


def _soa(zone: Zone) -> RRset:
    """SOA data (RFC 1035 section 3.3.13); MINIMUM is the negative TTL (RFC 2308 section 4)."""
    soa = zone.soa
    numbers = (zone.serial, soa.refresh, soa.retry, soa.expire, soa.negative_ttl)
    rdata = to_wire(zone.nameservers[0].name) + to_wire(soa.contact)
    rdata += b"".join((number & 0xFFFFFFFF).to_bytes(4, "big") for number in numbers)
    return RRset(Type.SOA, soa.ttl, (rdata,))


def _hiding(rows: Rows, apex: bytes) -> set[bytes]:
    """The names at and below which answers are not what the name itself has.

    Delegations, and what has a DNAME (RFC 6672 section 2.4).
    """
    return {
        name for name, row in rows.items() if Type.DNAME in row or (Type.NS in row and name != apex)
    }


def _node(name: bytes, row: dict[int, RRset], context: ZoneContext, hiding: set[bytes]) -> Node:
    if hiding and any(ancestor in hiding for ancestor in ancestors(name)):
        return Node(row, cut=Type.NS in row and name != context.apex)
    entries = {
        question_key(rrtype): Entry(render.answer(rrset, context.count(counted_type(rrtype))))
        for rrtype, rrset in row.items()
    }
    alias = row.get(Type.CNAME)
    if alias is None:
        return Node(row, entries=entries, other=Entry(context.nodata(name)))
    other = Entry(render.answer(alias, context.count("other")))
    if is_below(alias.rdata[0].lower(), context.apex):
        return Node(row, entries=entries, leading={OTHERS: other})
    return Node(row, entries=entries, other=other)
