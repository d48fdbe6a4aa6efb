"""OPT records as the fast path reads them: the few shapes that ordinary queries have."""

from __future__ import annotations

from dataclasses import dataclass

from gtm.dns import subnet
from gtm.dns.message import DO_BIT, UDP_MAXIMUM, UDP_MINIMUM
from gtm.dns.options import COOKIE, KEEPALIVE, NSID, PADDING

HEAD = b"\0\0\x29"  # the root's name and type OPT (RFC 6891 section 6.1.2)
FIXED = 11  # octets of an OPT record without options
SUBNET_HEAD = FIXED + 8  # octets up to the address of a client subnet that is the first option
SUBNET_CODE = subnet.OPTION.to_bytes(2, "big")
LEFT = {code.to_bytes(2, "big") for code in (NSID, COOKIE, KEEPALIVE, PADDING)}


@dataclass(frozen=True, slots=True)
class Opt:
    """What an OPT record says, and what ours says back.

    `size` is the octets it must have, `limit` those a response may have, `reply` our OPT record
    up to the scope of a client subnet. `subnet` says that there is one; `bits` is its family's
    length, 0 where it has no address; its address has `octets` octets, of which `spare` masks the
    bits that must be 0, and lacks `shift` bits at the end. `dnssec_ok` is the DO bit (RFC 3225).
    """

    size: int
    limit: int
    reply: bytes
    subnet: bool = False
    bits: int = 0
    octets: int = 0
    spare: int = 0
    shift: int = 0
    dnssec_ok: bool = False


def read_opt(tail: bytes) -> Opt | None:
    """What stands behind the question, if it is one OPT record of version 0 without faults.

    A client subnet beside other options is None too, and so are options that are answered by one:
    the reference responder reads them.
    """
    if tail[:3] != HEAD or len(tail) < FIXED or tail[6] != 0:
        return None
    if int.from_bytes(tail[9:11], "big") != len(tail) - FIXED:
        return None
    codes = _codes(tail)
    if codes is None or (SUBNET_CODE in codes and len(codes) > 1):
        return None
    if not LEFT.isdisjoint(codes):
        return None
    limit = min(max(int.from_bytes(tail[3:5], "big"), UDP_MINIMUM), UDP_MAXIMUM)
    flags = DO_BIT if tail[7] & 0x80 else 0
    reply = HEAD + UDP_MAXIMUM.to_bytes(2, "big") + b"\0\0" + flags.to_bytes(2, "big")
    if not codes or codes[0] != SUBNET_CODE:
        return Opt(len(tail), limit, reply + b"\0\0", dnssec_ok=bool(flags))
    return _with_subnet(tail, limit, reply)


def _codes(tail: bytes) -> list[bytes] | None:
    """The options' codes in order; None if they do not fit the record."""
    codes, offset = [], FIXED
    while offset < len(tail):
        after = offset + 4 + int.from_bytes(tail[offset + 2 : offset + 4], "big")
        if offset + 4 > len(tail) or after > len(tail):
            return None
        codes.append(tail[offset : offset + 2])
        offset = after
    return codes


def _with_subnet(tail: bytes, limit: int, reply: bytes) -> Opt | None:
    try:
        client = subnet.parse(tail[FIXED + 4 :])
    except subnet.SubnetError:
        return None
    octets = len(tail) - SUBNET_HEAD
    return Opt(
        size=len(tail),
        limit=limit,
        reply=reply + tail[9 : SUBNET_HEAD - 1],
        subnet=True,
        bits=client.bits if client.source else 0,
        octets=octets,
        spare=(1 << (8 * octets - client.source)) - 1,
        shift=client.bits - 8 * octets,
        dnssec_ok=bool(tail[7] & 0x80),
    )


def with_option(reply: bytes, option: bytes) -> bytes:
    """Our OPT record with one more option."""
    length = int.from_bytes(reply[9:FIXED], "big") + len(option)
    return reply[:9] + length.to_bytes(2, "big") + reply[FIXED:] + option
