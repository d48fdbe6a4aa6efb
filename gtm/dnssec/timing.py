"""How long a zone's records can be held by resolvers: what a roll-over waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gtm.model import Dnssec, Zone

NS_TTL = 3600  # seconds, of the apex's NS records, which zone files do not write out


@dataclass(frozen=True, slots=True)
class Timing:
    """TTLs and delays in seconds, as RFC 7583 section 3 reckons with them.

    `dnskey` is the TTL of the DNSKEY RRset (TTLkey), `longest` the longest of any record or denial
    in the zone (TTLsig), `parent` the DS RRset's (TTLds). `propagation` is Dprp and DprpP: until
    every server says the same. `signed` is the Unix time when the zone can have been served signed
    at the earliest.
    """

    dnskey: int
    longest: int
    parent: int
    propagation: float
    signed: float = 0.0


def timing(zone: Zone, dnssec: Dnssec, signed: float = 0.0) -> Timing:
    """What the zone file says of it."""
    return Timing(
        dnssec.ttl, max(_ttls(zone, dnssec)), dnssec.parent_ttl, dnssec.propagation, signed
    )


def _ttls(zone: Zone, dnssec: Dnssec) -> Iterator[int]:
    yield from (zone.ttl, zone.soa.ttl, zone.soa.negative_ttl, dnssec.ttl, NS_TTL)
    yield from (rrset.ttl for rrset in zone.rrsets)
    yield from (each.ttl for app in zone.apps for each in app.services if each.ttl is not None)
    if zone.plain is not None:
        for name in zone.plain.names():
            yield from (ttl for _, ttl, _ in zone.plain.sets(name) or ())
