"""Client networks as traffic files write them, to numbers and quickly."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_pton

MAPPED = 0xFFFF << 32  # ::ffff:0:0/96, how a dual-stack socket reports IPv4 (RFC 4291 2.5.5.2)


def network_key(text: str) -> tuple[int, int] | None:
    """(bits of an address, first address << 8 | prefix length); None for what is no network.

    Bits behind the prefix are dropped, as a log may hold a client's address with the length of
    the network it was asked for. Mapped IPv4 addresses are IPv4's.
    """
    address, slash, tail = text.partition("/")
    six = ":" in address
    try:
        packed = inet_pton(AF_INET6 if six else AF_INET, address)
    except (OSError, ValueError):  # ValueError: a NUL in the text
        return None
    bits = 128 if six else 32
    length = bits
    if slash:
        if not (tail.isascii() and tail.isdigit()) or len(tail) > 3 or int(tail) > bits:
            return None
        length = int(tail)
    number = int.from_bytes(packed, "big")
    if six and number >> 32 << 32 == MAPPED and length >= 96:
        bits, number, length = 32, number & 0xFFFFFFFF, length - 96
    behind = bits - length
    return bits, (number >> behind << behind) << 8 | length
