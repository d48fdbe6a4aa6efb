"""Edges of EDNS (RFC 6891): what is wrong with an OPT record or the questions, and what is not."""

from __future__ import annotations

import struct

import dns.message
import dns.rcode
import pytest

from gtm.dns.lookup import Chance
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.snapshot import Snapshot
from tests.worlds import asker, compile_world

ZONE = "zone: gtm.example.com\nnameservers: {ns1: [192.0.2.53]}\n"
QUESTION = b"\x03gtm\x07example\x03com\0\0\6\0\1"


def opt(data: bytes = b"", version: int = 0, owner: bytes = b"\0", flags: int = 0) -> bytes:
    return owner + struct.pack("!HHBBHH", 41, 1232, 0, version, flags, len(data)) + data


def packet(body: bytes, *counts: int, flags: int = 0) -> bytes:
    return struct.pack("!6H", 7, flags, *counts) + body


ASKED = QUESTION + opt()
UNKNOWN = opt(b"\0\x64\0\1a")
# What is asked, its response code, and the version of EDNS in its answer, -1 for none.
EDGES: dict[str, tuple[bytes, dns.rcode.Rcode, int]] = {
    "half an option": (packet(QUESTION + opt(b"\0\3\0"), 1, 0, 0, 1), dns.rcode.FORMERR, 0),
    "an option too long": (packet(QUESTION + opt(b"\0\3\0\5a"), 1, 0, 0, 1), dns.rcode.FORMERR, 0),
    "two OPT": (packet(ASKED + opt(), 1, 0, 0, 2), dns.rcode.FORMERR, 0),
    "an owned OPT": (packet(QUESTION + opt(owner=b"\1a\0"), 1, 0, 0, 1), dns.rcode.FORMERR, 0),
    "two questions": (packet(QUESTION + ASKED, 2, 0, 0, 1), dns.rcode.FORMERR, 0),
    "no question": (packet(opt(), 0, 0, 0, 1), dns.rcode.FORMERR, 0),
    "OPT as an answer": (packet(ASKED, 1, 1, 0, 0), dns.rcode.FORMERR, -1),
    "OPT as authority": (packet(ASKED, 1, 0, 1, 0), dns.rcode.FORMERR, -1),
    "half an OPT": (packet(ASKED[:-5], 1, 0, 0, 1), dns.rcode.FORMERR, -1),
    "another opcode": (packet(ASKED, 1, 0, 0, 1, flags=2 << 11), dns.rcode.NOTIMP, 0),
    "another opcode alone": (packet(b"", 0, 0, 0, 0, flags=15 << 11), dns.rcode.NOTIMP, -1),
    "an unknown option": (packet(QUESTION + UNKNOWN, 1, 0, 0, 1), dns.rcode.NOERROR, 0),
    "unknown flags": (packet(QUESTION + opt(flags=0x7FFF), 1, 0, 0, 1), dns.rcode.NOERROR, 0),
    "type OPT": (packet(QUESTION[:-3] + b"\x29\0\1" + opt(), 1, 0, 0, 1), dns.rcode.FORMERR, 0),
    "type 0": (packet(QUESTION[:-3] + b"\0\0\1", 1, 0, 0, 0), dns.rcode.NOERROR, -1),
    "class ANY": (packet(QUESTION[:-1] + b"\xff", 1, 0, 0, 0), dns.rcode.REFUSED, -1),
}
for _questions in range(3):
    for _data in (b"", b"\0", b"\0\3\0\5a", b"\0\x64\0\1a"):
        EDGES[f"version 1, {_questions} questions, {_data!r}"] = (
            packet(QUESTION * _questions + opt(_data, 1), _questions, 0, 0, 1),
            dns.rcode.BADVERS,
            0,
        )


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return compile_world({"gtm.yaml": ZONE}).snapshot


def said(snapshot: Snapshot, asked: bytes) -> dns.message.Message:
    chance = Chance(0, 0.0)
    reply = respond(snapshot, asked, asker("192.0.2.1"), chance, transport=Transport.UDP)
    assert reply is not None
    return dns.message.from_wire(reply.message)


@pytest.mark.parametrize("edge", EDGES)
def test_edges_of_edns_are_answered_by_the_book(snapshot: Snapshot, edge: str) -> None:
    asked, rcode, version = EDGES[edge]
    message = said(snapshot, asked)
    assert (message.rcode(), message.edns) == (rcode, version)
    assert not message.options
    assert not message.ednsflags & 0x7FFF


def test_questions_without_end_cost_nothing(snapshot: Snapshot) -> None:
    message = said(snapshot, packet(QUESTION * 200, 65535, 0, 0, 0))
    assert message.rcode() == dns.rcode.FORMERR
