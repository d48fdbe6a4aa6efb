"""Padding of answers that are ready (RFC 7830), as gtm/dns/message.py pads those it builds.

Over TLS most clients ask for it, and the native plane's tables know nothing of it: this is the
step behind them.
"""

from __future__ import annotations

from gtm.dns.message import TCP_MAXIMUM
from gtm.dns.options import PADDED_TO, PADDING
from gtm.dns.types import Type
from gtm.planes.walking import HEADER, behind_name, record

CODE = PADDING.to_bytes(2, "big")
ONE_QUESTION = b"\0\1\0\0\0\0\0\1"  # counts of a query with an OPT record and nothing else
HEAD = 4  # octets of an option without its data
FIXED = 11  # octets of an OPT record without its options (RFC 6891 section 6.1.2)


def asked(packet: bytes) -> bool | None:
    """Whether a query asks for padding; None if it is not ordinary enough to say."""
    if CODE not in packet:
        return False
    if packet[4:12] != ONE_QUESTION:
        return None
    try:
        at = behind_name(packet, HEADER) + 4
        if packet[at] or int.from_bytes(packet[at + 1 : at + 3], "big") != Type.OPT:
            return None
    except IndexError:
        return None
    end = at + FIXED + int.from_bytes(packet[at + 9 : at + FIXED], "big")
    at += FIXED
    if end != len(packet):
        return None
    while at + HEAD <= end:
        if packet[at : at + 2] == CODE:
            return True
        at += HEAD + int.from_bytes(packet[at + 2 : at + HEAD], "big")
    return False


def padded(message: bytes) -> bytes | None:
    """A response with as much padding as makes its length say little; None if it has no OPT."""
    counts = [int.from_bytes(message[at : at + 2], "big") for at in range(4, HEADER, 2)]
    at, begin, kind = HEADER, HEADER, 0
    try:
        for _ in range(counts[0]):
            at = behind_name(message, at) + 4
        for _ in range(sum(counts[1:])):
            begin = at
            at, kind, _ = record(message, at)
    except IndexError:
        return None
    if kind != Type.OPT or at != len(message):
        return None
    room = TCP_MAXIMUM - at - HEAD
    size = min(-(at + HEAD) % PADDED_TO, room)
    if size < 0:
        return None
    length = at - begin - FIXED + HEAD + size
    head, options = message[: begin + 9], message[begin + FIXED :]
    option = CODE + size.to_bytes(2, "big") + bytes(size)
    return b"".join((head, length.to_bytes(2, "big"), options, option))
