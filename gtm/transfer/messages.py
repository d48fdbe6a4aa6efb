"""Records into messages of a transfer (RFC 5936 section 2.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from gtm.dns.message import AA, HEADER, KEPT_FLAGS, QR, Query
from gtm.dns.types import IN
from gtm.transfer.copy import Line

LARGEST = 32 << 10  # octets of a message before it is signed: the limit is 64 KiB
_FIXED = struct.Struct("!HHIH")
_POINTER = b"\xc0\x0c"  # to the question's name, which is the apex
MOST = 65535  # records of a message, as ARCOUNT has 16 bits


def messages(query: Query, lines: Iterable[Line]) -> Iterator[tuple[bytes, int]]:
    """The messages that answer with these records, and how many records each has.

    Every one repeats the question, whose name is what owner names are compressed against. A
    record over LARGEST has a message of its own.
    """
    assert query.name is not None  # noqa: S101  # a transfer has a question
    question = query.name + struct.pack("!HH", query.type, query.rrclass)
    apex = query.name.lower()
    pointed = query.name == apex  # else owners would be in the case that was asked in
    parts: list[bytes] = []
    size, count = 0, 0
    for owner, rrtype, ttl, data in lines:
        name = owner[: -len(apex)] + _POINTER if pointed else owner
        record = name + _FIXED.pack(rrtype, IN, ttl, len(data)) + data
        if parts and (size + len(record) > LARGEST or count == MOST):
            yield _message(query, question, parts, count), count
            parts, size, count = [], 0, 0
        parts.append(record)
        size += len(record)
        count += 1
    if parts:
        yield _message(query, question, parts, count), count


def _message(query: Query, question: bytes, parts: list[bytes], count: int) -> bytes:
    flags = QR | AA | query.flags & KEPT_FLAGS
    head = struct.pack("!6H", query.id, flags, 1, count, 0, 0)
    return b"".join((head, question, *parts))


def serial_of(packet: bytes, query: Query) -> int | None:
    """The serial that the sender of an IXFR has (RFC 1995 section 3); None where it says none."""
    if query.name is None or int.from_bytes(packet[8:10], "big") < 1:
        return None
    at = HEADER + len(query.name) + 4
    while at < len(packet) and packet[at] and packet[at] < 0xC0:
        at += 1 + packet[at]
    at += 2 if at < len(packet) and packet[at] else 1
    fixed = packet[at : at + _FIXED.size]
    if len(fixed) < _FIXED.size:
        return None
    rrtype, _, _, length = _FIXED.unpack(fixed)
    data = packet[at + _FIXED.size : at + _FIXED.size + length]
    if rrtype != SOA or len(data) < SOA_NUMBERS:
        return None
    return int.from_bytes(data[-SOA_NUMBERS : -SOA_NUMBERS + 4], "big")


SOA = 6
SOA_NUMBERS = 20  # octets of the five numbers that end its data (RFC 1035 section 3.3.13)
