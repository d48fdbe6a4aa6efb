"""Reading queries and writing responses, on dnslib's message parts.

dnslib's own buffer is lenient in reading (labels over 63 octets, names over 255) and strict where
it should not be (labels that are not UTF-8), so names go through a buffer of our own; the rest of
a query is read record by record, as a server needs no more than its shape and its OPT record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import dnslib
from dnslib.buffer import BufferError as ShortBufferError

from gtm.dns import ede, names, subnet, tsig
from gtm.dns.ede import ExtendedError
from gtm.dns.options import NOTHING, PADDING, Option, Wishes, wishes
from gtm.dns.subnet import Subnet, SubnetError
from gtm.dns.types import IN, Opcode, Rcode, Type
from gtm.snapshot import RRset

HEADER = 12  # octets (RFC 1035 section 4.1.1)
MAX_POINTERS = 127  # in a name: one behind each label that it can have; more only cost time
MAX_RECORDS = 64  # in a query; none needs more than OPT, TSIG and, for IXFR, one SOA
MAX_UPDATE_RECORDS = 1000  # in an update (RFC 2136)
UDP_MINIMUM = 512  # what every client takes (RFC 1035 section 4.2.1)
UDP_MAXIMUM = 1232  # no fragments on any path (DNS flag day 2020; RFC 9715 appendix A)
TCP_MAXIMUM = 65535  # the length field of RFC 1035 section 4.2.2
EDNS_VERSION = 0
OPTION_HEAD = 4  # octets of an option without data (RFC 6891 section 6.1.2)
DO_BIT = 0x8000
KEPT_FLAGS = 0x0110  # RD and CD go back as they came (RFC 1035 4.1.1, RFC 4035 3.1.6)
QR, AA, TC = 0x8000, 0x0400, 0x0200


class MalformedError(ValueError):
    """The bytes are not a DNS query that can be answered other than by FORMERR."""


@dataclass(frozen=True, slots=True)
class Edns:
    """What an OPT record says (RFC 6891). `size` is octets of UDP payload the client takes.

    `bad` says that something is wrong with the record itself, or that it is not the only one: it
    is answered by FORMERR with an OPT record (section 7).
    """

    size: int
    version: int
    dnssec_ok: bool
    subnet: Subnet | None = None
    bad: bool = False
    wishes: Wishes = NOTHING


@dataclass(frozen=True, slots=True)
class Query:
    """A query as far as it could be read: `malformed` says that the rest could not.

    `name` keeps the case as asked; None where there is no single question. `signature` is the
    TSIG record, if there is one.
    """

    id: int
    flags: int
    name: bytes | None
    type: int
    rrclass: int
    edns: Edns | None
    malformed: bool = False
    signature: tsig.Signature | None = None

    @property
    def opcode(self) -> int:
        """What is asked for: 0 is a query (RFC 1035 section 4.1.1)."""
        return self.flags >> 11 & 15


@dataclass(frozen=True, slots=True)
class Placed:
    """An RRset in a section: its owner name, and which of its records comes first."""

    owner: bytes
    rrset: RRset
    start: int = 0

    def given(self) -> tuple[bytes, ...]:
        """The records' data in their order."""
        return self.rrset.given(self.start)

    def signed(self) -> tuple[bytes, ...]:
        """The data of the RRSIG records over these."""
        return self.rrset.signed(self.start)


@dataclass(frozen=True, slots=True)
class Response:
    """What to say to a query; `scope` is the client subnet's SCOPE PREFIX-LENGTH, if one came.

    `error` says why it is so, where the rcode does not. `options` stand in the OPT record behind
    these, and if `padded_to` is not 0, the message is padded to a multiple of it. `rrclass` is
    that of its records.
    """

    rcode: Rcode
    authoritative: bool = False
    answer: tuple[Placed, ...] = ()
    authority: tuple[Placed, ...] = ()
    additional: tuple[Placed, ...] = ()
    scope: int | None = None
    error: ExtendedError | None = None
    options: tuple[Option, ...] = ()
    padded_to: int = 0
    rrclass: int = IN


class WireBuffer(dnslib.DNSBuffer):  # type: ignore[misc]  # dnslib carries no types
    """dnslib's buffer with names read strictly and compressed against the question alone."""

    offset: int

    def decode_name(self, last: int = -1) -> dnslib.DNSLabel:
        """The name at the offset (RFC 1035 sections 2.3.4 and 4.1.4: pointers go backwards)."""
        parts: list[bytes] = []
        size, resume, limit, pointers = 1, None, self.offset, 0
        while True:
            (length,) = self.unpack("!B")
            if length >= 0xC0:
                (low,) = self.unpack("!B")
                target = (length & 0x3F) << 8 | low
                pointers += 1
                if not HEADER <= target < limit or pointers > MAX_POINTERS:
                    raise MalformedError("compression pointers that do not lead back to a name")
                resume = self.offset if resume is None else resume
                self.offset = limit = target
            elif length > names.MAX_LABEL:
                raise MalformedError("a label of unknown type")
            elif length == 0:
                break
            else:
                size += 1 + length
                if size > names.MAX_NAME:
                    raise MalformedError("a name over 255 octets")
                parts.append(self.get(length))
        self.offset = self.offset if resume is None else resume
        return dnslib.DNSLabel(parts)

    def encode_name(self, name: dnslib.DNSLabel) -> None:
        """Writes a name; the first one (the question's) is what later ones point into."""
        first = not self.names
        rest = tuple(name.label)
        while rest:
            key = tuple(label.lower() for label in rest)
            if not first and key in self.names:
                self.pack("!H", 0xC000 | self.names[key])
                return
            if first:
                self.names[key] = self.offset
            self.pack("!B", len(rest[0]))
            self.append(rest[0])
            rest = rest[1:]
        self.append(names.ROOT)


# --- reading ----------------------------------------------------------------------------


def parse(packet: bytes) -> Query | None:
    """A query, as far as it can be read; None for what deserves silence.

    Silence is for packets shorter than a header, which carry no id to answer to, and for
    responses, which would start a loop (RFC 1035 section 7.3 leaves both to the server).
    """
    if len(packet) < HEADER or packet[2] & QR >> 8:
        return None
    return _parsed(packet)


def parse_answer(packet: bytes) -> Query | None:
    """An answer to a message of ours, as far as its shape, question, OPT and TSIG go."""
    if len(packet) < HEADER or not packet[2] & QR >> 8:
        return None
    found = _parsed(packet)
    return None if found.malformed else found


def _parsed(packet: bytes) -> Query:
    buffer = WireBuffer(packet)
    header = dnslib.DNSHeader.parse(buffer)
    query = Query(header.id, header.bitmap, None, 0, 0, None, malformed=True)
    try:
        if header.q <= 1:
            query = _with_question(query, buffer, header.q)
        else:
            _pass_questions(buffer, header.q)
        edns, signature = _records(buffer, header)
    except (MalformedError, ShortBufferError, dnslib.DNSError):
        return query
    # RFC 9619: a query has one question; with none or several there is still an OPT to answer.
    # RFC 7873 section 5.4: one with a cookie asks for nothing but that
    bare = edns is not None and edns.wishes.cookie is not None
    missing = header.q == 0 and query.opcode == 0 and not bare
    return replace(query, edns=edns, malformed=missing or header.q > 1, signature=signature)


def _with_question(query: Query, buffer: WireBuffer, count: int) -> Query:
    if count == 0:
        return query
    question = dnslib.DNSQuestion.parse(buffer)
    name = b"".join(bytes((len(part),)) + part for part in question.qname.label) + names.ROOT
    return replace(query, name=name, type=question.qtype, rrclass=question.qclass)


def _pass_questions(buffer: WireBuffer, count: int) -> None:
    """Reads over several questions, of which none is answered."""
    if count > MAX_RECORDS:
        raise MalformedError("more questions than a query can need")
    for _ in range(count):
        dnslib.DNSQuestion.parse(buffer)


def _records(buffer: WireBuffer, header: Any) -> tuple[Edns | None, tsig.Signature | None]:
    """Reads all sections behind the question to the packet's end: what OPT and TSIG say."""
    most = MAX_UPDATE_RECORDS if header.bitmap >> 11 & 15 == Opcode.UPDATE else MAX_RECORDS
    if header.a + header.auth + header.ar > most:
        raise MalformedError("more records than a query can need")
    edns: Edns | None = None
    signature: tsig.Signature | None = None
    last = header.a + header.auth + header.ar - 1
    for index in range(last + 1):
        start = buffer.offset
        owner = buffer.decode_name()
        rrtype, rrclass, ttl, length = buffer.unpack("!HHIH")
        data = buffer.get(length)
        if rrtype == Type.OPT:
            # RFC 6891 section 6.1.1: one OPT, owned by the root, in the additional section
            if index < header.a + header.auth:
                raise MalformedError("an OPT record out of place")
            alone = edns is None and not owner.label
            edns = _edns(rrclass, ttl, data) if edns is None else edns
            edns = edns if alone else replace(edns, bad=True)
        elif rrtype == Type.TSIG:
            # RFC 8945 section 5.1: one TSIG, the last record of the additional section
            if index < last or header.ar == 0:
                raise MalformedError("a TSIG record out of place")
            signature = _signature(bytes(buffer.data), start)
    if buffer.remaining():
        raise MalformedError("octets behind the last record")
    return edns, signature


def _signature(packet: bytes, start: int) -> tsig.Signature:
    try:
        return tsig.read(packet, start)
    except ValueError as error:
        raise MalformedError(str(error)) from error


def _edns(size: int, ttl: int, data: bytes) -> Edns:
    client: Subnet | None = None
    bad = False
    version = ttl >> 16 & 255
    if version != EDNS_VERSION:  # whose options may look otherwise (RFC 6891 section 6.1.3)
        return Edns(size, version, bool(ttl & DO_BIT))
    try:
        options = list(_options(data)) if data else []
    except MalformedError:
        return Edns(size, version, bool(ttl & DO_BIT), bad=True)
    for code, value in options:
        if code == subnet.OPTION:
            try:
                bad = bad or client is not None
                client = subnet.parse(value)
            except SubnetError:
                bad = True
    asked = wishes(options) if options else NOTHING
    return Edns(size, version, bool(ttl & DO_BIT), client, bad, asked)


def _options(data: bytes) -> Iterable[tuple[int, bytes]]:
    """The (code, data) pairs of an OPT record (RFC 6891 section 6.1.2)."""
    offset = 0
    while offset < len(data):
        code, length = data[offset : offset + 2], data[offset + 2 : offset + 4]
        end = offset + 4 + int.from_bytes(length, "big")
        if len(length) < 2 or end > len(data):
            raise MalformedError("an EDNS option that does not fit")
        yield int.from_bytes(code, "big"), data[offset + 4 : end]
        offset = end


# --- writing ----------------------------------------------------------------------------


def udp_limit(query: Query) -> int:
    """How many octets a response over UDP may have (RFC 6891 section 6.2.5)."""
    if query.edns is None:
        return UDP_MINIMUM
    return min(max(query.edns.size, UDP_MINIMUM), UDP_MAXIMUM)


def build(query: Query, response: Response, limit: int, *, cut: bool = False) -> bytes:
    """The response's bytes; over `limit` octets, or if `cut`, without sections and with TC set.

    RFC 2181 section 9: a truncated response is only a hint to ask again by TCP, so nothing
    partial is sent. RFC 9471 asks the same of glue that does not fit.
    """
    message = _message(query, response, truncated=cut)
    if len(message) > limit:
        message = _message(query, response, truncated=True)
    if response.padded_to:
        over = (len(message) + OPTION_HEAD) % response.padded_to
        room = limit - len(message) - OPTION_HEAD
        padding = (PADDING, bytes(max(0, min(-over % response.padded_to, room))))
        padded = replace(response, options=(*response.options, padding), padded_to=0)
        return build(query, padded, limit, cut=cut)
    return message


def _message(query: Query, response: Response, truncated: bool) -> bytes:
    flags = QR | query.flags & 0x7800 | query.flags & KEPT_FLAGS | response.rcode & 15
    flags |= (AA if response.authoritative else 0) | (TC if truncated else 0)
    empty: tuple[Placed, ...] = ()
    sections = (
        (empty, empty, empty)
        if truncated
        else (response.answer, response.authority, response.additional)
    )
    # glue is not signed, and no RRset that is additional is asked for (RFC 4035 section 3.1)
    secure = query.edns is not None and query.edns.dnssec_ok
    signed = (secure, secure, False)
    counts = [
        sum(len(placed.given()) + (len(placed.signed()) if wanted else 0) for placed in section)
        for section, wanted in zip(sections, signed, strict=True)
    ]
    buffer = WireBuffer()
    questions = 0 if query.name is None else 1
    edns = query.edns is not None
    dnslib.DNSHeader(query.id, flags, questions, counts[0], counts[1], counts[2] + edns).pack(
        buffer
    )
    if query.name is not None:
        dnslib.DNSQuestion(_label(query.name), query.type, query.rrclass).pack(buffer)
    for section, wanted in zip(sections, signed, strict=True):
        _pack_section(buffer, section, wanted, response.rrclass)
    if query.edns is not None:
        _opt(query.edns, response).pack(buffer)
    return bytes(buffer.data)


def _pack_section(
    buffer: WireBuffer, section: tuple[Placed, ...], signed: bool, rrclass: int
) -> None:
    """Writes RRsets, each with its RRSIG records behind it if they are wanted."""
    for placed in section:
        for data in placed.given():
            _pack(buffer, placed, placed.rrset.type, rrclass, data)
        for data in placed.signed() if signed else ():
            _pack(buffer, placed, Type.RRSIG, rrclass, data)


def _pack(buffer: WireBuffer, placed: Placed, rrtype: int, rrclass: int, data: bytes) -> None:
    record = dnslib.RR(_label(placed.owner), rrtype, rrclass, placed.rrset.ttl, dnslib.RD(data))
    record.pack(buffer)


def _opt(edns: Edns, response: Response) -> dnslib.RR:
    """Our OPT record: our size and version, the query's DO bit, the client subnet's scope."""
    options = []
    if edns.subnet is not None and response.scope is not None:
        options.append(dnslib.EDNSOption(subnet.OPTION, edns.subnet.reply(response.scope)))
    if response.error is not None:
        options.append(dnslib.EDNSOption(ede.OPTION, response.error.data))
    options += [dnslib.EDNSOption(code, data) for code, data in response.options]
    ttl = (response.rcode >> 4) << 24 | EDNS_VERSION << 16 | (DO_BIT if edns.dnssec_ok else 0)
    return dnslib.RR(dnslib.DNSLabel([]), Type.OPT, UDP_MAXIMUM, ttl, options)


def _label(name: bytes) -> dnslib.DNSLabel:
    return dnslib.DNSLabel(list(names.labels(name)))
