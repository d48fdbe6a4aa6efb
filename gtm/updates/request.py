"""Reading dynamic updates (RFC 2136 section 2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from gtm.dns.message import HEADER
from gtm.dns.types import FIRST_META_TYPE, IN, Type

ANY_CLASS, NONE_CLASS = 255, 254
_COUNTS = struct.Struct("!HHHH")
_FIXED = struct.Struct("!HHIH")  # type, class, TTL and the length of the data


class UnreadableError(ValueError):
    """The update is malformed: it gets FORMERR."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of an update. `name` is in lower case, `data` canonical; b"" where there is none.

    Both are as they are compared (RFC 2136 section 1.1).
    """

    name: bytes
    type: int
    rrclass: int
    ttl: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What has to hold before a zone is changed, and what is to change."""

    zone: bytes
    prerequisites: tuple[Record, ...]
    changes: tuple[Record, ...]


def parse(packet: bytes) -> Request:
    """The update in a packet whose shape has been seen to be sound. Raises UnreadableError."""
    try:
        return _parse(packet)
    except (dns.exception.DNSException, struct.error, ValueError) as error:
        raise UnreadableError(str(error)) from error


def canonical(rrtype: int, data: bytes) -> bytes:
    """Data as it is compared: names in it in lower case (RFC 4034 section 6.2). May raise."""
    return _read(rrtype, data, 0, len(data))


def _parse(packet: bytes) -> Request:
    zones, prerequisites, changes, _ = _COUNTS.unpack_from(packet, 4)
    if zones != 1:
        raise UnreadableError("not one zone")  # RFC 2136 section 3.1.1
    zone, used = dns.name.from_wire(packet, HEADER)
    at = HEADER + used
    rrtype, rrclass = struct.unpack_from("!HH", packet, at)
    if rrtype != Type.SOA or rrclass != IN:
        raise UnreadableError("the zone section names no zone of class IN")
    at += 4
    sections: list[tuple[Record, ...]] = []
    for count in (prerequisites, changes):
        records = []
        for _ in range(count):
            record, at = _record(packet, at)
            records.append(record)
        sections.append(tuple(records))
    return Request(zone.to_digestable(), sections[0], sections[1])


def _record(packet: bytes, at: int) -> tuple[Record, int]:
    name, used = dns.name.from_wire(packet, at)
    rrtype, rrclass, ttl, length = _FIXED.unpack_from(packet, at + used)
    at += used + _FIXED.size
    if at + length > len(packet):
        raise UnreadableError("a record that does not fit")
    data = b""
    if length and is_data_type(rrtype):
        # class NONE has the data of the zone's class (RFC 2136 section 2.5.4)
        data = _read(rrtype, packet, at, length)
    elif length:
        data = packet[at : at + length]
    return Record(name.to_digestable(), rrtype, rrclass, ttl, data), at + length


def _read(rrtype: int, packet: bytes, at: int, length: int) -> bytes:
    kind = dns.rdatatype.RdataType.make(rrtype)
    return dns.rdata.from_wire(dns.rdataclass.IN, kind, packet, at, length).to_digestable()


def is_data_type(rrtype: int) -> bool:
    """Whether records of that type can be in a zone (RFC 6895 section 3.1)."""
    return rrtype > 0 and rrtype != Type.OPT and not FIRST_META_TYPE <= rrtype <= Type.ANY
