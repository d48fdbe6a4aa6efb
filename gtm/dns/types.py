"""Numbers of the DNS protocol that gtm treats by name (IANA "Domain Name System Parameters")."""

from __future__ import annotations

from enum import IntEnum
from functools import cache

import dns.rdatatype

IN = 1  # the only class with data here
CHAOS = 3  # the class of questions about the server itself (RFC 4892)


class Type(IntEnum):
    """RR types with rules of their own; every other type is just its number."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    TXT = 16
    AAAA = 28
    SRV = 33
    DNAME = 39
    OPT = 41
    DS = 43
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    CDS = 59
    CDNSKEY = 60
    SVCB = 64
    HTTPS = 65
    TKEY = 249
    TSIG = 250
    IXFR = 251
    AXFR = 252
    MAILB = 253
    MAILA = 254
    ANY = 255


class Opcode(IntEnum):
    """What a message asks for."""

    QUERY = 0
    NOTIFY = 4  # RFC 1996
    UPDATE = 5  # RFC 2136


FIRST_META_TYPE = 128  # 128-255 are query and meta types (RFC 6895 section 3.1)


class Rcode(IntEnum):
    """Response codes; those above 15 need EDNS to be said (RFC 6891 section 6.1.3)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6  # said where a DNAME leads to a name that is too long (RFC 6672 section 2.2)
    YXRRSET = 7  # RFC 2136 section 2.2, as those up to 10
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10
    BADVERS = 16


@cache
def type_text(number: int) -> str:
    """`A`, `HTTPS`, ... or `TYPE65400` (RFC 3597 section 5)."""
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


@cache
def counted_type(number: int) -> str:
    """A type as metrics name it: types without a name share one, to bound them."""
    text = type_text(number)
    return "other" if text.startswith("TYPE") else text
