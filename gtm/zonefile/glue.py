"""Addresses of the zone's name servers in a master file, which `nameservers` has already.

Whoever brings a file from BIND has them in it, as that server takes its glue from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

from gtm.model import Nameserver
from gtm.zonefile import rdata
from gtm.zonefile.findings import Findings
from gtm.zonefile.records import Static

ADDRESSES = (rdata.TYPES["A"], rdata.TYPES["AAAA"])


def without_glue(
    found: Iterable[Static], nameservers: Sequence[Nameserver], findings: Findings
) -> Iterator[Static]:
    """The records but for those; an address that `nameservers` does not have is a mistake."""
    known = {
        server.name: {address.packed for address in server.addresses}
        for server in nameservers
        if server.addresses
    }
    for static in found:
        rrset = static.rrset
        if rrset.name not in known or rrset.type not in ADDRESSES:
            yield static
        elif other := [data for data in rrset.rdata if data not in known[rrset.name]]:
            words = ", ".join(str(ip_address(data)) for data in other)
            findings.wrong(
                static.spot,
                f"{rrset.name} is a name server, and `nameservers` does not have {words}",
                "write the address there or remove it here: `nameservers` is what is served",
            )
