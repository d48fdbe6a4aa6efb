"""PROXY protocol, version 2: a balancer says whom a connection or datagram is from.

The header is believed from listed balancers alone, and required of them (section 2 of its
specification: a receiver must not guess whether there is one). Read here: the fixed part (2.2),
addresses of IPv4 and IPv6, and that the TLVs behind them are whole, with the checksum among them
(2.2.3). Rust has the same in native/plane/src/proxy.rs; tests/data/proxy-v2.txt holds both to it.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from gtm.errors import GtmError
from gtm.networks import Networks

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FIXED = 16  # octets: signature, version and command, family and protocol, length
MOST = 1024  # octets behind these: an IPv6 pair has 36, what TLVs there are seldom a hundred
LOCAL, PROXY = 0x20, 0x21  # version 2 in the upper half
UNSPECIFIED = 0x00
# by family and protocol (stream or datagram): the family, octets of one address, of the pair
FAMILIES = {
    0x11: (socket.AF_INET, 4, 12),
    0x12: (socket.AF_INET, 4, 12),
    0x21: (socket.AF_INET6, 16, 36),
    0x22: (socket.AF_INET6, 16, 36),
}
CHECKSUM = 0x03  # PP2_TYPE_CRC32C
REMEMBERED = 1 << 12  # senders of whom it is remembered whether they are listed

NOBODY = Networks()
BAD_HEADER = "bad PROXY header"  # the reason in metrics


class Malformed(GtmError):  # noqa: N818 - it reads as what it says of octets
    """What a balancer sent begins with no PROXY header that can be read."""


@dataclass(frozen=True, slots=True)
class Header:
    """So many octets; `client` is None where the balancer speaks for itself (LOCAL, UNSPEC)."""

    size: int
    client: str | None


class Balancers:
    """The networks that are believed; falsy if there are none."""

    def __init__(self, networks: Networks = NOBODY) -> None:
        """Asked for the same few addresses again and again, so it remembers."""
        self.networks = networks
        self._has = lru_cache(REMEMBERED)(networks.hold_host)

    def __bool__(self) -> bool:
        """Whether any is listed."""
        return bool(self.networks.networks)

    def has(self, host: str) -> bool:
        """Whether an address is a balancer's."""
        return bool(self.networks.networks) and self._has(host)


def read(octets: bytes) -> Header | None:
    """The header that octets begin with; None if more must come. Raises Malformed."""
    if octets[:12] != SIGNATURE[: len(octets)]:
        raise Malformed("cannot read a PROXY header: it does not begin with the signature")
    if len(octets) < FIXED:
        return None
    command, family, length = struct.unpack_from("!BBH", octets, 12)
    if command not in (LOCAL, PROXY):
        raise Malformed(f"cannot read a PROXY header: version and command are {command:#04x}")
    if length > MOST:
        raise Malformed(f"cannot read a PROXY header: {length} octets are more than {MOST}")
    if len(octets) < FIXED + length:
        return None
    size = FIXED + length
    if command == LOCAL or family == UNSPECIFIED:
        return Header(size, None)  # what follows may be anything (2.2)
    if family not in FAMILIES:
        raise Malformed(f"cannot read a PROXY header: family {family:#04x} has no IP address")
    kind, one, pair = FAMILIES[family]
    if length < pair:
        raise Malformed("cannot read a PROXY header: its addresses are cut short")
    _check_extensions(octets[:size], FIXED + pair)
    client = ip_address(socket.inet_ntop(kind, octets[FIXED : FIXED + one]))
    mapped = getattr(client, "ipv4_mapped", None)
    return Header(size, str(mapped or client))


def _check_extensions(header: bytes, at: int) -> None:
    """That the TLVs are whole, and the checksum right if there is one (2.2.3)."""
    while at < len(header):
        if at + 3 > len(header):
            raise Malformed("cannot read a PROXY header: an extension is cut short")
        kind, length = struct.unpack_from("!BH", header, at)
        value = at + 3
        at = value + length
        if at > len(header):
            raise Malformed("cannot read a PROXY header: an extension is cut short")
        if kind == CHECKSUM:
            blank = header[:value] + bytes(length) + header[at:]
            if length != 4 or crc32c(blank) != int.from_bytes(header[value:at], "big"):
                raise Malformed("cannot read a PROXY header: its checksum is wrong")


def _table() -> tuple[int, ...]:
    table = []
    for octet in range(256):
        value = octet
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_CRC = _table()


def crc32c(octets: bytes) -> int:
    """The Castagnoli checksum (RFC 9260 appendix A)."""
    value = 0xFFFFFFFF
    for octet in octets:
        value = value >> 8 ^ _CRC[(value ^ octet) & 255]
    return value ^ 0xFFFFFFFF
