"""HTTPS and SVCB data with the addresses that a region answers (RFC 9460 section 2.2)."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from gtm.dns.types import Type
from gtm.published import Binding
from gtm.snapshot import RRset

# Keys of parameters (RFC 9460 section 14.3.2, RFC 9461 section 5), by their names.
KEYS = {
    "mandatory": 0,
    "alpn": 1,
    "no-default-alpn": 2,
    "port": 3,
    "ipv4hint": 4,
    "ech": 5,
    "ipv6hint": 6,
    "dohpath": 7,
}
PRIORITY = struct.pack("!H", 1)  # one record, in ServiceMode (section 2.4.1)
MOST_VARIANTS = 4096  # with more pairs of hints, those of one family follow the other's

Given = Sequence[tuple[bytes, ...]]  # addresses of one family, as each answer gives them


def binding_rrset(
    rrtype: int, target: bytes, binding: Binding, ttl: int, addresses: Sequence[RRset]
) -> RRset:
    """The record of a region, whose hints are what its A and AAAA records (`addresses`) answer.

    Where these give a part of the endpoints (`answers`, `balance`), so do the hints, with the same
    shares, and by hash the same ones to the same client. A list of hints has no order (section
    7.3), so where all are given there is one record.
    """
    by_type = {rrset.type: rrset for rrset in addresses if binding.hints}
    v4, v6 = _given(by_type.get(Type.A)), _given(by_type.get(Type.AAAA))
    pairs = _paired(v4, v6)
    distinct = list(dict.fromkeys(pairs))
    places = {pair: place for place, pair in enumerate(distinct)}
    data = tuple([PRIORITY + target + parameters(binding, *pair) for pair in distinct])
    if len(data) == 1:
        return RRset(rrtype, ttl, data)
    pick = next(rrset.pick for rrset in by_type.values() if len(rrset.starts) > 1)
    return RRset(rrtype, ttl, data, tuple([places[pair] for pair in pairs]), 1, pick)


def _given(rrset: RRset | None) -> Given:
    if rrset is None:
        return ((),)
    if rrset.answered is None or rrset.answered >= len(rrset.rdata):
        return (rrset.rdata,)
    return [rrset.given(start) for start in rrset.starts]


def _paired(v4: Given, v6: Given) -> list[tuple[tuple[bytes, ...], tuple[bytes, ...]]]:
    """What is given of both families for each draw, each family as it is drawn by itself."""
    count = math.lcm(len(v4), len(v6))
    if count > MOST_VARIANTS:
        count = max(len(v4), len(v6))
    return [(v4[n * len(v4) // count], v6[n * len(v6) // count]) for n in range(count)]


def parameters(binding: Binding, v4: Sequence[bytes], v6: Sequence[bytes]) -> bytes:
    """The parameters on the wire, in ascending order of their keys (section 2.2)."""
    found = {
        "mandatory": b"".join(
            key.to_bytes(2, "big") for key in sorted(KEYS[name] for name in binding.mandatory)
        ),
        "alpn": b"".join(bytes((len(one),)) + one.encode() for one in binding.alpn),
        "port": b"" if binding.port is None else binding.port.to_bytes(2, "big"),
        "ipv4hint": b"".join(v4),
        "ech": binding.ech,
        "ipv6hint": b"".join(v6),
        "dohpath": binding.dohpath.encode(),
    }
    values = {KEYS[name]: value for name, value in found.items() if value}
    if not binding.default_alpn:
        values[KEYS["no-default-alpn"]] = b""
    return b"".join(
        struct.pack("!HH", key, len(value)) + value for key, value in sorted(values.items())
    )
