"""Entries as dnstap messages (https://dnstap.info, dnstap.proto), encoded by hand.

A protobuf message is fields in a row: number and kind in one varint, then a varint, four octets
in little-endian order, or a length and so many octets. What gtm decided is JSON in `extra`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from gtm.dns.transport import Transport
from gtm.dns.types import Opcode
from gtm.querylog.entry import Entry, client
from gtm.querylog.lines import decision

# Dnstap
_IDENTITY, _VERSION, _EXTRA, _MESSAGE, _TYPE = 1, 2, 3, 14, 15
_IS_MESSAGE = 1
# Dnstap.Message
_KIND, _FAMILY, _PROTOCOL, _ADDRESS, _PORT = 1, 2, 3, 4, 6
_QUERY_SECONDS, _QUERY_NANOSECONDS, _QUERY = 8, 9, 10
_SECONDS, _NANOSECONDS, _ANSWER = 12, 13, 14
_AUTH_RESPONSE, _UPDATE_RESPONSE = 2, 14
_FAMILIES = {4: 1, 6: 2}
_PROTOCOLS = {Transport.UDP: 1, Transport.TCP: 2, Transport.TLS: 3, Transport.HTTPS: 4}

_VARINT, _OCTETS, _FIXED32 = 0, 2, 5


def encoded(entry: Entry, identity: bytes, version: bytes, *, whole: bool) -> bytes:
    """The entry as a Dnstap message of type AUTH_RESPONSE, or UPDATE_RESPONSE.

    `whole` keeps clients' addresses.
    """
    extra = json.dumps(decision(entry), separators=(",", ":")).encode()
    return b"".join(
        (
            _octets(_IDENTITY, identity),
            _octets(_VERSION, version),
            _octets(_EXTRA, extra),
            _octets(_MESSAGE, b"".join(_message(entry, whole))),
            _number(_TYPE, _IS_MESSAGE),
        )
    )


def _message(entry: Entry, whole: bool) -> Iterator[bytes]:
    address = client(entry.sender, whole=whole)
    seconds, microseconds = divmod(round(entry.at * 1e6), 1_000_000)
    nanoseconds = microseconds * 1000  # a float of today's time holds no more
    updated = int.from_bytes(entry.query[2:3], "big") >> 3 & 15 == Opcode.UPDATE
    yield _number(_KIND, _UPDATE_RESPONSE if updated else _AUTH_RESPONSE)
    yield _number(_FAMILY, _FAMILIES[address.version])
    yield _number(_PROTOCOL, _PROTOCOLS[entry.transport])
    yield _octets(_ADDRESS, address.packed)
    if entry.port and whole:
        yield _number(_PORT, entry.port)
    yield _number(_QUERY_SECONDS, seconds)
    yield _fixed(_QUERY_NANOSECONDS, nanoseconds)
    yield _octets(_QUERY, entry.query)
    yield _number(_SECONDS, seconds)
    yield _fixed(_NANOSECONDS, nanoseconds)
    yield _octets(_ANSWER, entry.answer)


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _octets(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _OCTETS) + _varint(len(value)) + value


def _fixed(field: int, value: int) -> bytes:
    return _varint(field << 3 | _FIXED32) + value.to_bytes(4, "little")
