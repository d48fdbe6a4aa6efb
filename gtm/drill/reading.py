"""From a DNS answer's octets to the regions that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from gtm.drill.course import Failure

Regions = Mapping[str, frozenset[str]]
"""Regions by what an answer names: an address, or a host name in lower case with its dot."""

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says. `ttl` is its longest, 0 without records."""

    regions: frozenset[str]
    failure: Failure | None
    ttl: int = 0
    unknown: bool = False  # it names addresses that no region has


def read(octets: bytes, regions: Regions) -> Reading:
    """What the answer says, by its address and CNAME records. Never raises.

    Octets that are no DNS message count as no answer.
    """
    try:
        message = dns.message.from_wire(octets, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return Reading(NOTHING, Failure.SILENCE)
    rcode = message.rcode()
    if rcode != dns.rcode.NOERROR:
        known = Failure.SERVFAIL if rcode == dns.rcode.SERVFAIL else Failure.REFUSED
        return Reading(NOTHING, known)
    named: set[str] = set()
    ttl = 0
    for rrset in message.answer:
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            named.update(str(ip_address(record.address)) for record in rrset)
        elif rrset.rdtype == dns.rdatatype.CNAME:
            named.update(record.target.to_text().lower() for record in rrset)
        else:
            continue
        ttl = max(ttl, rrset.ttl)
    if not named:
        if message.flags & dns.flags.TC:  # resolvers ask again over TCP: it is no failure
            return Reading(NOTHING, None, unknown=True)
        return Reading(NOTHING, Failure.EMPTY)
    found = frozenset().union(*(regions.get(one, NOTHING) for one in named))
    return Reading(found, None, ttl, unknown=not found)
