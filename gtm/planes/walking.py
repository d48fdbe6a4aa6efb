"""Steps through a message that is ready, without reading what is in it."""

from __future__ import annotations

HEADER = 12  # octets (RFC 1035 section 4.1.1)


def record(message: bytes, at: int) -> tuple[int, int, int]:
    """Where the next record begins, and this one's type and TTL. Raises IndexError."""
    at = behind_name(message, at)
    if at + 10 > len(message):
        raise IndexError
    kind = int.from_bytes(message[at : at + 2], "big")
    ttl = int.from_bytes(message[at + 4 : at + 8], "big")
    end = at + 10 + int.from_bytes(message[at + 8 : at + 10], "big")
    if end > len(message):
        raise IndexError
    return end, kind, ttl


def behind_name(message: bytes, at: int) -> int:
    """Where a name ends: at a pointer or the root (RFC 1035 section 4.1.4). Raises IndexError."""
    while (size := message[at]) != 0:
        if size >= 0xC0:
            return at + 2
        at += 1 + size
    return at + 1
