"""What is wrong with an OPT record, or with questions before it, is said with one (RFC 6891)."""

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


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return compile_world({"gtm.yaml": ZONE}).snapshot


def opt(data: bytes = b"", version: int = 0, owner: bytes = b"\0") -> bytes:
    return owner + struct.pack("!HHBBHH", 41, 1232, 0, version, 0, len(data)) + data


def said(snapshot: Snapshot, body: bytes, counts: tuple[int, int, int, int]) -> dns.message.Message:
    packet = struct.pack("!6H", 7, 0, *counts) + body
    chance = Chance(0, 0.0)
    reply = respond(snapshot, packet, asker("192.0.2.1"), chance, transport=Transport.UDP)
    assert reply is not None
    return dns.message.from_wire(reply.message)


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        (QUESTION + opt(b"\0\3\0"), (1, 0, 0, 1)),
        (QUESTION + opt(b"\0\3\0\5a"), (1, 0, 0, 1)),
        (QUESTION + opt() + opt(), (1, 0, 0, 2)),
        (QUESTION + opt(owner=b"\1a\0"), (1, 0, 0, 1)),
        (QUESTION * 2 + opt(), (2, 0, 0, 1)),
        (opt(), (0, 0, 0, 1)),
    ],
    ids=["half an option", "an option too long", "twice", "owned", "two questions", "no question"],
)
def test_formerr_comes_with_an_opt_record(
    snapshot: Snapshot, body: bytes, counts: tuple[int, int, int, int]
) -> None:
    message = said(snapshot, body, counts)
    assert message.rcode() == dns.rcode.FORMERR
    assert message.edns == 0
    assert not message.options


@pytest.mark.parametrize("section", [1, 2])
def test_an_opt_record_in_another_section_is_none(snapshot: Snapshot, section: int) -> None:
    counts = (1, int(section == 1), int(section == 2), 0)
    message = said(snapshot, QUESTION + opt(), counts)
    assert message.rcode() == dns.rcode.FORMERR
    assert message.edns == -1


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\3\0\5a", b"\0\x64\0\1a"])
@pytest.mark.parametrize("questions", [0, 1, 2])
def test_another_version_is_told_ours_whatever_its_options_look_like(
    snapshot: Snapshot, data: bytes, questions: int
) -> None:
    message = said(snapshot, QUESTION * questions + opt(data, 1), (questions, 0, 0, 1))
    assert message.rcode() == dns.rcode.BADVERS
    assert message.edns == 0
    assert not message.options


def test_questions_without_end_cost_nothing(snapshot: Snapshot) -> None:
    message = said(snapshot, QUESTION * 200, (65535, 0, 0, 0))
    assert message.rcode() == dns.rcode.FORMERR
