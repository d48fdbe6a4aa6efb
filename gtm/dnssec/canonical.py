"""The canonical form of RRsets (RFC 4034 section 6), which is what is signed.

Names are wire form in lower case, as everywhere in the tables; their order is in gtm.dns.names.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache

import dns.rdata
import dns.rdataclass
import dns.rdatatype

from gtm.dns.names import MAX_NAME, WILDCARD
from gtm.dns.types import IN

HEAD = struct.Struct("!HHI")  # type, class, original TTL
LENGTH = struct.Struct("!H")

# Types whose data has names that are compared in lower case: those of RFC 4034 section 6.2, but
# for RRSIG and NSEC (RFC 6840 section 5.1), HINFO, which has none, and types that are long gone.
NAMED = frozenset((2, 5, 6, 7, 8, 9, 12, 14, 15, 17, 18, 21, 26, 33, 35, 36, 39))


def label_count(owner: bytes) -> int:
    """The Labels field: neither the root nor a wildcard's `*` counts (RFC 4034 section 3.1.3)."""
    count = at = 0
    while length := owner[at]:
        count += 1
        at += 1 + length
    return count - owner.startswith(WILDCARD)


def rrset_octets(owner: bytes, rrtype: int, ttl: int, rdata: Sequence[bytes]) -> bytes:
    """An RRset as it is signed (RFC 4034 section 3.1.8.1); `ttl` is the original one.

    Records are sorted by their data, and none is there twice (section 6.3).
    """
    head = owner + HEAD.pack(rrtype, IN, ttl)
    if len(rdata) == 1:
        one = _lowered(rrtype, rdata[0]) if rrtype in NAMED else rdata[0]
        return head + LENGTH.pack(len(one)) + one
    found = {_lowered(rrtype, data) for data in rdata} if rrtype in NAMED else set(rdata)
    return b"".join([head + LENGTH.pack(len(data)) + data for data in sorted(found)])


@lru_cache(maxsize=4096)
def _lowered(rrtype: int, data: bytes) -> bytes:
    """Data with the names in it in lower case."""
    number = dns.rdatatype.RdataType.make(rrtype)
    return dns.rdata.from_wire(dns.rdataclass.IN, number, data, 0, len(data)).to_digestable()


def successor(name: bytes) -> bytes:
    """The name right behind this one in canonical order, `\\000.name` (RFC 4470 section 3).

    Where that would be over 255 octets there is no name below it, and its own stands for it: an
    NSEC whose next name is its owner proves what the owner has and has not all the same.
    """
    below = b"\1\0" + name
    return below if len(below) <= MAX_NAME else name
