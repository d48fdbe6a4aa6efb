"""Client networks as traffic files write them, to numbers and quickly."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_pton

MAPPED = 0xFFFF << 32  # ::ffff:0:0/96, how a dual-stack socket reports IPv4 (RFC 4291 2.5.5.2)
LENGTHS = {str(length): length for length in range(129)}
MASKS = {bits: [(1 << bits) - (1 << bits - n) for n in range(bits + 1)] for bits in (32, 128)}


def network_key(text: str) -> tuple[int, int] | None:
    """(bits of an address, first address << 8 | prefix length); None for what is no network.

    Bits behind the prefix are dropped, as a log may hold a client's address with the length of
    the network it was asked for. Mapped IPv4 addresses are IPv4's.
    """
    address, slash, tail = text.partition("/")
    bits, family = (128, AF_INET6) if ":" in address else (32, AF_INET)
    try:
        number = int.from_bytes(inet_pton(family, address), "big")
    except (OSError, ValueError):  # ValueError: a NUL, or what is not ASCII
        return None
    length = LENGTHS.get(tail, 255) if slash else bits
    if length > bits:
        return None
    if bits == 128 and number >> 32 << 32 == MAPPED and length >= 96:
        bits, number, length = 32, number & 0xFFFFFFFF, length - 96
    return bits, (number & MASKS[bits][length]) << 8 | length
