"""RFC 1035 master files, as BIND, NSD and Knot have them."""

from __future__ import annotations

from collections.abc import Iterator

import dns.exception
import dns.name
import dns.node
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.zone

from gtm.errors import GtmError
from gtm.importing.draft import Draft

# What gtm makes itself where a zone is signed, and what only belongs into messages.
MADE = {
    dns.rdatatype.RRSIG,
    dns.rdatatype.NSEC,
    dns.rdatatype.NSEC3,
    dns.rdatatype.NSEC3PARAM,
    dns.rdatatype.DNSKEY,
    dns.rdatatype.CDS,
    dns.rdatatype.CDNSKEY,
}
ADDRESSES = (dns.rdatatype.A, dns.rdatatype.AAAA)


def from_master_file(text: str, zone: str | None = None) -> Draft:
    """The zone of a master file; its name is that of the SOA unless told. Raises GtmError.

    $INCLUDE is refused: what is imported is one file.
    """
    found = _parsed(text, zone)
    if found.origin is None:
        raise GtmError("cannot import: the file does not say its zone; name it with --zone")
    draft = Draft(found.origin.to_text())
    _head(draft, found)
    for name, node in sorted(found.nodes.items()):
        for rdataset in node.rdatasets:
            _record(draft, found, name, rdataset)
    draft.settle()
    return draft


def _parsed(text: str, zone: str | None) -> dns.zone.Zone:
    try:
        origin = None if zone is None else dns.name.from_text(zone)
        return dns.zone.from_text(
            text, origin=origin, relativize=False, allow_include=False, check_origin=False
        )
    except dns.zone.UnknownOrigin:
        raise GtmError(
            "cannot import: the file does not say its zone; name it with --zone"
        ) from None
    except (dns.exception.DNSException, ValueError, KeyError) as error:
        raise GtmError(f"cannot import the master file: {error or type(error).__name__}") from error


def _head(draft: Draft, zone: dns.zone.Zone) -> None:
    """SOA and name servers, with the addresses of those inside the zone."""
    origin = zone.origin
    if origin is None:
        return
    soa = zone.get_rdataset(origin, dns.rdatatype.SOA)
    if soa is not None:
        first = soa[0]
        draft.soa = {
            "contact": _contact(first.rname),
            "refresh": first.refresh,
            "retry": first.retry,
            "expire": first.expire,
            "negative_ttl": min(first.minimum, soa.ttl),
        }
    for server in zone.get_rdataset(origin, dns.rdatatype.NS) or ():
        inside = server.target.is_subdomain(origin)
        name = _relative(server.target, origin) if inside else server.target.to_text()
        draft.nameservers[name] = list(_addresses(zone, server.target)) if inside else []


def _contact(name: dns.name.Name) -> str:
    """RNAME as an address: its first label is what stands before the @ (RFC 1035 section 8)."""
    local = name.labels[0].decode("ascii", "replace")
    return f"{local}@{dns.name.Name(name.labels[1:]).to_text(omit_final_dot=True)}"


def _addresses(zone: dns.zone.Zone, name: dns.name.Name) -> Iterator[str]:
    for rrtype in ADDRESSES:
        for rdata in zone.get_rdataset(name, rrtype) or ():
            yield rdata.address


def _record(
    draft: Draft, zone: dns.zone.Zone, name: dns.name.Name, rdataset: dns.rdataset.Rdataset
) -> None:
    origin = zone.origin
    if origin is None:
        return
    kind = dns.rdatatype.to_text(rdataset.rdtype)
    relative = _relative(name, origin)
    at_apex = name == origin
    if at_apex and rdataset.rdtype in (dns.rdatatype.SOA, dns.rdatatype.NS):
        return
    if rdataset.rdtype in ADDRESSES and relative in draft.nameservers:
        return
    if rdataset.rdtype in MADE:
        draft.note(f"{kind} records were left out: gtm makes them where `dnssec` is set")
        return
    values = [rdata.to_text() for rdata in rdataset]
    record: dict[str, object] = {"type": kind, "ttl": rdataset.ttl}
    record |= {"value": values[0]} if len(values) == 1 else {"values": values}
    draft.records.setdefault("" if at_apex else relative, []).append(record)


def _relative(name: dns.name.Name, origin: dns.name.Name) -> str:
    return name.relativize(origin).to_text() if name != origin else ""
