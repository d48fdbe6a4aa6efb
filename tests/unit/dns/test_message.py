"""Packets are read strictly, and anything at all may come."""

from __future__ import annotations

import struct

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gtm.dns import subnet
from gtm.dns.lookup import Chance
from gtm.dns.message import Query, parse
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.planes.choice import why_not_native
from gtm.planes.fast import FastPath
from gtm.snapshot import Snapshot
from tests.unit.planes.native_plane import native
from tests.worlds import asker, compile_world

NOW = 1_700_000_000.0
NO_CHANCE = Chance(0, NOW)
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
apps:
  shop:
    topology: spread
    services:
      orders: {us: [192.0.2.10, 192.0.2.11], eu: [198.51.100.10]}
      large: {us: [LARGE], eu: [198.51.100.10]}
records:
  www: {type: CNAME, value: orders.gtm.example.com.}
  "*.w": {type: A, value: 192.0.2.1}
  child: {type: NS, value: ns.example.net.}
"""


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    large = ", ".join(f"10.0.0.{last}" for last in range(1, 101))
    return compile_world({"gtm.yaml": ZONE.replace("LARGE", large)}).snapshot


def ask(name: str = "orders.gtm.example.com", rrtype: str = "A", **edns: object) -> bytes:
    return dns.message.make_query(name, rrtype, id=7, **edns).to_wire()  # type: ignore[arg-type]


def said(snapshot: Snapshot, packet: bytes, *, udp: bool = True) -> dns.message.Message:
    reply = respond(snapshot, packet, asker("192.0.2.1"), NO_CHANCE, transport=Transport.plain(udp))
    assert reply is not None
    return dns.message.from_wire(reply.message)


def said_by_reference(snapshot: Snapshot, packet: bytes) -> bytes:
    reply = respond(snapshot, packet, asker("192.0.2.1"), NO_CHANCE, transport=Transport.UDP)
    assert reply is not None
    return reply.message


def read(packet: bytes) -> Query:
    query = parse(packet)
    assert query is not None
    return query


HEADER = struct.Struct("!HHHHHH")
QUESTION = b"\x06orders\x03gtm\x07example\x03com\0\0\1\0\1"


def packet(flags: int = 0, counts: tuple[int, ...] = (1, 0, 0, 0), body: bytes = QUESTION) -> bytes:
    return HEADER.pack(7, flags, *counts) + body


def option(code: int, data: bytes) -> dns.edns.Option:
    return dns.edns.GenericOption(dns.edns.OptionType.make(code), data)


OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"


def with_option(code: int, data: bytes, version: int = 0) -> bytes:
    option = struct.pack("!HH", code, len(data)) + data
    return (
        b"\0\0\x29\x04\xd0\0"
        + bytes((version,))
        + b"\0\0"
        + struct.pack("!H", len(option))
        + option
    )


# RFC 8945 section 4.2: of the key "k", by hmac-sha256, with no MAC
TSIG_DATA = b"\x0bhmac-sha256\0" + b"\0" * 6 + b"\1\x2c" + b"\0" * 8
TSIG = b"\1k\0\0\xfa\0\xff\0\0\0\0" + struct.pack("!H", len(TSIG_DATA)) + TSIG_DATA


def pointers(count: int) -> bytes:
    """The question "a.", and two records: the second is owned by so many pointers, one after the
    other through the data of the first, that lead to the question.
    """
    question = b"\1a\0\0\1\0\1"
    begin = 12 + len(question) + 11
    targets = [12, *(begin + 2 * at for at in range(count - 1))]
    chain = b"".join(struct.pack("!H", 0xC000 | target) for target in targets)
    data = b"\0\0\x0a\0\1\0\0\0\0" + struct.pack("!H", len(chain) - 2) + chain[:-2]
    return question + data + chain[-2:] + b"\0\x10\0\1\0\0\0\0\0\0"


MALFORMED = {
    "no question": packet(counts=(0, 0, 0, 0), body=b""),
    "two questions": packet(counts=(2, 0, 0, 0), body=QUESTION * 2),
    "question cut short": packet(body=QUESTION[:-1]),
    "name runs out": packet(body=b"\x3fabc"),
    "label of 64 octets": packet(body=b"\x40" + b"a" * 64 + b"\0\0\1\0\1"),
    "label type 10": packet(body=b"\x80\0\0\1\0\1"),
    "name of 256 octets": packet(body=(b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1"),
    "pointer to itself": packet(body=b"\xc0\x0c\0\1\0\1"),
    "pointer forwards": packet(body=b"\xc0\x20\0\1\0\1"),
    "pointer loop": packet(body=b"\1a\xc0\x0c\0\1\0\1"),
    "octets behind the end": packet(body=QUESTION + b"\0"),
    "record missing": packet(counts=(1, 0, 0, 1)),
    "record cut short": packet(counts=(1, 0, 0, 1), body=QUESTION + OPT[:-1]),
    "65,535 records": packet(counts=(1, 65535, 65535, 65535)),
    "OPT twice": packet(counts=(1, 0, 0, 2), body=QUESTION + OPT * 2),
    "OPT in the answer section": packet(counts=(1, 1, 0, 0), body=QUESTION + OPT),
    "OPT not owned by the root": packet(counts=(1, 0, 0, 1), body=QUESTION + b"\1a" + OPT),
    "option longer than OPT": packet(
        counts=(1, 0, 0, 1), body=QUESTION + OPT[:-2] + b"\0\5\0\x0a\0\x09\0"
    ),
    "options with a stray octet": packet(
        counts=(1, 0, 0, 1), body=QUESTION + OPT[:-2] + b"\0\5\0\x0a\0\0\0"
    ),
    "subnet of family 3": packet(
        counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\3\x18\0\1\2\3")
    ),
    "subnet with a scope": packet(
        counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\1\x18\x18\1\2\3")
    ),
    "subnet of 33 bits": packet(
        counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\1\x21\0\1\2\3\4\5")
    ),
    "subnet with octets missing": packet(
        counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\1\x18\0\1\2")
    ),
    "subnet with octets to spare": packet(
        counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\1\x18\0\1\2\3\4")
    ),
    "subnet with bits behind the prefix": packet(
        counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\1\x17\0\1\2\3")
    ),
    "subnet too short": packet(counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\1\x18")),
    "subnet twice": packet(
        counts=(1, 0, 0, 1),
        body=QUESTION + OPT[:-2] + b"\0\x16" + b"\0\x08\0\7\0\1\x18\0\1\2\3" * 2,
    ),
    "subnet of no family with a length": packet(
        counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\0\x08\0\1")
    ),
    "more pointers than labels": packet(counts=(1, 0, 0, 2), body=pointers(128)),
    "label past the end of a record's name": packet(
        counts=(1, 0, 0, 1), body=QUESTION + b"\x3fabc"
    ),
    "pointer past the end": packet(counts=(1, 0, 0, 1), body=QUESTION + b"\xff\xff" + OPT[1:]),
    "pointer cut short": packet(counts=(1, 0, 0, 1), body=QUESTION + b"\xc0"),
    "pointer into the header": packet(body=b"\xc0\x0b\0\1\0\1"),
    "a record that overlaps the next": packet(
        counts=(1, 0, 0, 2), body=QUESTION + b"\0\0\1\0\1\0\0\0\0\0\x0b" + OPT[:-1]
    ),
    "TSIG before OPT": packet(counts=(1, 0, 0, 2), body=QUESTION + TSIG + OPT),
    "TSIG twice": packet(counts=(1, 0, 0, 2), body=QUESTION + TSIG * 2),
    "TSIG in the answer section": packet(counts=(1, 1, 0, 0), body=QUESTION + TSIG),
    "TSIG in the authority section": packet(counts=(1, 0, 1, 0), body=QUESTION + TSIG),
    "type OPT asked for": packet(body=QUESTION[:-4] + b"\0\x29\0\1"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_packets_get_formerr_from_both_paths(name: str, snapshot: Snapshot) -> None:
    reply = respond(
        snapshot, MALFORMED[name], asker("192.0.2.1"), NO_CHANCE, transport=Transport.UDP
    )
    assert reply is not None
    assert reply.message[:2] == b"\0\7"
    assert reply.message[2] & 0x80
    assert reply.message[3] & 15 == dns.rcode.FORMERR
    counts = [0] * len(snapshot.tallies)
    if why_not_native() is None:
        assert native().of(snapshot).answer(MALFORMED[name], "192.0.2.1", 0, NOW, True) is None
    assert (
        FastPath(snapshot, lambda: 0, lambda: NOW).answer(MALFORMED[name], "192.0.2.1", counts)
        is None
    )


def test_as_many_pointers_as_labels_are_followed(snapshot: Snapshot) -> None:
    message = said(snapshot, packet(counts=(1, 0, 0, 2), body=pointers(127)))
    assert message.rcode() == dns.rcode.REFUSED  # "a." is in no zone of ours


def test_a_client_cannot_have_pointers_followed_for_long(snapshot: Snapshot) -> None:
    """64 KiB of them, and names all over the message that begin behind the last."""
    chain = b"".join(struct.pack("!H", 0xC000 | 12 + max(0, 2 * at - 2)) for at in range(8186))
    asked = packet(counts=(1, 0, 0, 60), body=b"\0\0\1\0\1" + chain + b"\xff\xfe" * 20000)
    assert len(asked) < 65536
    assert said_by_reference(snapshot, asked)[3] & 15 == dns.rcode.FORMERR


def test_an_opt_record_need_not_be_the_last(snapshot: Snapshot) -> None:
    """RFC 6891 section 6.1.1: it may be anywhere in the additional section."""
    other = b"\0\0\x10\0\1\0\0\0\0\0\2\1a"
    for body in (OPT + other, other + OPT):
        message = said(snapshot, packet(counts=(1, 0, 0, 2), body=QUESTION + body))
        assert message.rcode() == dns.rcode.NOERROR
        assert message.edns == 0
        assert message.answer
    signed = packet(counts=(1, 0, 0, 2), body=QUESTION + OPT + TSIG)
    reply = respond(snapshot, signed, asker("192.0.2.1"), NO_CHANCE, transport=Transport.UDP)
    assert reply is not None
    assert reply.tally.rcode == "NOTAUTH"  # a key that nobody knows
    assert OPT[:3] in reply.message


def test_without_a_question_an_opt_record_is_still_answered(snapshot: Snapshot) -> None:
    message = said(snapshot, packet(counts=(0, 0, 0, 1), body=OPT))
    assert message.rcode() == dns.rcode.FORMERR
    assert message.edns == 0


def test_a_client_subnet_of_no_family_hides_the_client(snapshot: Snapshot) -> None:
    asked = packet(counts=(1, 0, 0, 1), body=QUESTION + with_option(8, b"\0\0\0\0"))
    reply = respond(snapshot, asked, asker("198.51.100.1"), NO_CHANCE, transport=Transport.UDP)
    assert reply is not None
    assert reply.message.endswith(b"\0\x08\0\4\0\0\0\0")
    fast = FastPath(snapshot, lambda: 0, lambda: NOW)
    counts = [0] * len(snapshot.tallies)
    assert fast.answer(asked, "198.51.100.1", counts) == reply.message


@pytest.mark.parametrize(
    "silent", [b"", b"\0" * 11, packet(flags=0x8000), packet(flags=0x8180)], ids=repr
)
def test_what_is_too_short_or_a_response_gets_silence(silent: bytes, snapshot: Snapshot) -> None:
    assert respond(snapshot, silent, asker("192.0.2.1"), NO_CHANCE, transport=Transport.UDP) is None


@pytest.mark.parametrize("opcode", [1, 2, 3, 4, *range(6, 16)])  # 5 is UPDATE
def test_other_opcodes_are_not_implemented(opcode: int, snapshot: Snapshot) -> None:
    for body in (QUESTION, b""):
        counts = (1 if body else 0, 0, 0, 1)
        asked = packet(opcode << 11, counts, body + OPT)
        reply = respond(snapshot, asked, asker("192.0.2.1"), NO_CHANCE, transport=Transport.UDP)
        assert reply is not None
        number, flags, *counted = HEADER.unpack(reply.message[:12])
        assert (number, flags) == (7, 0x8000 | opcode << 11 | dns.rcode.NOTIMP)
        assert counted == [counts[0], 0, 0, 1]
        assert reply.message[12:] == body + OPT


def test_an_unknown_edns_version_gets_badvers_with_ours(snapshot: Snapshot) -> None:
    message = said(snapshot, ask(use_edns=1))
    assert message.rcode() == dns.rcode.BADVERS
    assert message.edns == 0
    assert not message.answer


def test_unknown_options_and_flags_are_ignored(snapshot: Snapshot) -> None:
    options = [option(65001, b"abc"), option(3, b"")]
    message = said(snapshot, ask(use_edns=0, ednsflags=0x4001, options=options))
    assert message.rcode() == dns.rcode.NOERROR
    assert message.answer
    assert message.ednsflags == 0
    assert not message.options


def test_dnssec_ok_rd_and_cd_come_back_and_nothing_else_does(snapshot: Snapshot) -> None:
    query = dns.message.make_query("orders.gtm.example.com", "A", want_dnssec=True)
    query.flags = dns.flags.RD | dns.flags.CD | dns.flags.AD
    message = said(snapshot, query.to_wire())
    assert message.flags == dns.flags.QR | dns.flags.AA | dns.flags.RD | dns.flags.CD
    assert message.ednsflags & dns.flags.DO


def test_the_payload_size_is_1232_and_without_edns_there_is_no_opt(snapshot: Snapshot) -> None:
    assert said(snapshot, ask(use_edns=0)).payload == 1232
    assert said(snapshot, ask()).edns == -1


@pytest.mark.parametrize(
    ("size", "truncated"), [(None, True), (512, True), (100, True), (4096, True)]
)
def test_a_response_over_the_clients_size_is_truncated_over_udp(
    size: int | None, truncated: bool, snapshot: Snapshot
) -> None:
    asked = (
        ask("large.gtm.example.com")
        if size is None
        else ask("large.gtm.example.com", use_edns=0, payload=size)
    )
    message = said(snapshot, asked)
    assert bool(message.flags & dns.flags.TC) == truncated
    assert not message.answer
    assert len(said(snapshot, asked, udp=False).answer[0]) == 100


def test_names_are_compared_without_case_and_come_back_as_asked(snapshot: Snapshot) -> None:
    message = said(snapshot, ask("oRdErS.GTM.example.COM"))
    assert message.question[0].name.to_text() == "oRdErS.GTM.example.COM."
    assert message.answer[0].name.to_text() == "oRdErS.GTM.example.COM."


def test_octets_that_are_no_text_are_names_like_any_other(snapshot: Snapshot) -> None:
    name = b"\4\xff\0.\\\3gtm\7example\3com\0"
    message = said(snapshot, packet(body=name + b"\0\1\0\1"))
    assert message.rcode() == dns.rcode.NXDOMAIN


@given(st.binary(max_size=600))
@example(packet())
@example(packet(counts=(1, 0, 0, 1), body=QUESTION + OPT))
def test_any_octets_at_all_are_survived(snapshot: Snapshot, octets: bytes) -> None:
    reply = respond(snapshot, octets, asker("192.0.2.1"), NO_CHANCE, transport=Transport.UDP)
    assert reply is None or reply.message[:2] == octets[:2]


@st.composite
def queries(draw: st.DrawFn) -> bytes:
    """Well-formed queries, and such with a few octets changed, cut or added."""
    name = draw(
        st.sampled_from(
            [
                *("orders", "large", "www", "x.w", "nothing", "ns1", "w", "ORDERS", "a.b.c.d"),
                *("No.Thing", "x.orders", "in.child", "child", "z.x.w", "\\000.\\255", "a" * 63),
                ".".join(["b" * 61] * 3),
            ]
        )
    )
    rrtype = draw(
        st.sampled_from(
            ["A", "AAAA", "CNAME", "MX", "SOA", "NS", "ANY", "DS", "HTTPS", "TYPE65400"]
        )
    )
    options: list[dns.edns.Option] = []
    if draw(st.booleans()):
        if draw(st.booleans()):
            address = draw(st.ip_addresses(v=4))
            options.append(dns.edns.ECSOption(str(address), draw(st.integers(0, 32))))
        else:
            wide = draw(st.ip_addresses(v=6))
            options.append(dns.edns.ECSOption(str(wide), draw(st.integers(0, 128))))
    if draw(st.booleans()):
        options.append(option(draw(st.sampled_from([3, 10, 12])), draw(st.binary(max_size=24))))
    query = dns.message.make_query(
        name if name == "." else f"{name}.gtm.example.com",
        rrtype,
        use_edns=draw(st.sampled_from([False, 0, 0, 1])),
        payload=draw(st.sampled_from([0, 512, 1232, 4096, 65535])),
        want_dnssec=False,
        options=options or None,
    )
    query.flags = dns.flags.Flag(
        draw(st.sampled_from([0, 0x0100, 0x0130, 0x0010, 0x0400, 0x0200, 0x0040]))
    )
    wire = bytearray(query.to_wire())
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(wire) - 1))
        change = draw(st.sampled_from(["set", "cut", "add"]))
        if change == "set":
            wire[at] = draw(st.integers(0, 255))
        elif change == "cut":
            del wire[at:]
            break
        else:
            wire.insert(at, draw(st.integers(0, 255)))
    return bytes(wire)


CLIENTS = ["192.0.2.1", "198.51.100.1", "2001:db8:2000::1", "::ffff:198.51.100.1", "127.0.0.1"]


@given(queries(), st.sampled_from(CLIENTS), st.integers(0, 2**32 - 1), st.booleans())
def test_the_fast_path_says_what_the_reference_says_octet_for_octet(
    snapshot: Snapshot, octets: bytes, client: str, draw: int, udp: bool
) -> None:
    counts = [0] * len(snapshot.tallies)
    fast = FastPath(snapshot, lambda: draw, lambda: NOW).answer(
        octets, client, counts, transport=Transport.plain(udp)
    )
    if fast is not None:
        host = client.removeprefix("::ffff:")
        reply = respond(
            snapshot, octets, asker(host), Chance(draw, NOW), transport=Transport.plain(udp)
        )
        assert reply is not None
        assert fast == reply.message


def test_the_fast_path_answers_the_ordinary(snapshot: Snapshot) -> None:
    """So that the comparison above compares something."""
    path = FastPath(snapshot, lambda: 0, lambda: NOW)
    counts = [0] * len(snapshot.tallies)
    ecs: list[dns.edns.Option] = [dns.edns.ECSOption("198.51.100.0", 24)]
    for packet_ in (
        ask(),
        ask(rrtype="AAAA"),
        ask(rrtype="MX"),
        ask("nothing.at.all.gtm.example.com"),
        ask("NoThing.gtm.example.com", use_edns=0, options=ecs),
        ask("gtm.example.com", "SOA"),
        ask(use_edns=0),
        ask(use_edns=0, options=ecs),
        ask(use_edns=0, options=[option(65001, b"12345678")]),
    ):
        assert path.answer(packet_, "192.0.2.1", counts) is not None


@given(st.binary(max_size=24))
def test_a_client_subnet_is_read_or_refused(data: bytes) -> None:
    try:
        found = subnet.parse(data)
    except subnet.SubnetError:
        return
    assert found.reply(0) == data
