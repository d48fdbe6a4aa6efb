"""Signed messages, with dnspython as who asks and who judges the answers (RFC 8945)."""

from __future__ import annotations

import dns.message
import dns.rcode
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns import tsig
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.message import parse
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.peering import Algorithm, SharedKey
from gtm.snapshot import Snapshot

SECRET = b"0123456789abcdef0123456789abcdef"
KEY = SharedKey(b"\x03key\x07example\0", Algorithm.SHA256, SECRET)


def query(
    name: str = "KEY.example.", secret: bytes = SECRET, algorithm: str = "hmac-sha256"
) -> dns.message.QueryMessage:
    made = dns.message.make_query("orders.gtm.example.", "A", use_edns=True)
    made.use_tsig(dns.tsig.Key(name, secret, algorithm))
    return made


def signed_at(packet: bytes) -> int:
    found = parse(packet)
    assert found is not None
    assert found.signature is not None
    return found.signature.time


def answer(packet: bytes, *keys: SharedKey, late: int = 0) -> bytes:
    """The answer so many seconds after the query was signed."""
    snapshot = Snapshot(1, (), {}, {}, set(), (), keys={each.name: each for each in keys})
    chance = Chance(1, float(signed_at(packet) + late))
    reply = respond(snapshot, packet, asker_of("192.0.2.1"), chance, transport=Transport.UDP)
    assert reply is not None
    return reply.message


def said(message: bytes) -> tuple[int, int, int]:
    """The rcode, what is said to be wrong with the signature, and the length of the MAC."""
    found = parse(bytes((*message[:2], message[2] & 0x7F, *message[3:])))
    assert found is not None
    assert found.signature is not None
    return message[3] & 15, found.signature.error, len(found.signature.mac)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_the_answer_to_a_signed_query_is_signed(algorithm: Algorithm) -> None:
    asked = query(algorithm=algorithm.value)
    packet = asked.to_wire()
    message = answer(packet, SharedKey(KEY.name, algorithm, SECRET))
    judged = dns.message.from_wire(message, keyring=asked.keyring, request_mac=asked.mac)
    assert judged.had_tsig
    assert judged.rcode() == dns.rcode.REFUSED
    assert len(message) <= 512


def test_a_key_that_is_not_known_is_said_unsigned() -> None:
    assert said(answer(query("other.example.").to_wire(), KEY)) == (9, tsig.TsigError.BADKEY, 0)
    assert said(answer(query(algorithm="hmac-sha512").to_wire(), KEY))[1] == tsig.TsigError.BADKEY
    assert said(answer(query().to_wire()))[1] == tsig.TsigError.BADKEY


def test_a_wrong_secret_is_said_unsigned() -> None:
    message = answer(query(secret=b"another secret of so many octets").to_wire(), KEY)
    assert said(message) == (9, tsig.TsigError.BADSIG, 0)


@pytest.mark.parametrize("late", [-301, 301])
def test_a_clock_that_is_off_is_told_ours_and_signed(late: int) -> None:
    asked = query()
    packet = asked.to_wire()
    message = answer(packet, KEY, late=late)
    assert said(message) == (9, tsig.TsigError.BADTIME, 32)
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(message, keyring=asked.keyring, request_mac=asked.mac)
    found = parse(bytes((*message[:2], message[2] & 0x7F, *message[3:])))
    assert found is not None
    assert found.signature is not None
    assert found.signature.time == signed_at(packet)
    assert int.from_bytes(found.signature.other, "big") == signed_at(packet) + late


@pytest.mark.parametrize("late", [-300, 300])
def test_a_clock_within_the_fudge_is_taken(late: int) -> None:
    assert said(answer(query().to_wire(), KEY, late=late))[:2] == (5, 0)


def test_a_mac_that_was_cut_is_not_enough() -> None:
    packet = query().to_wire()
    found = parse(packet)
    assert found is not None
    assert found.signature is not None
    whole = found.signature
    for length, expected in ((16, (9, tsig.TsigError.BADTRUNC)), (15, (1, None)), (33, (1, None))):
        mac = (whole.mac + b"x")[:length]
        made = tsig.Signature(
            whole.start, whole.owner, whole.algorithm, whole.time, whole.fudge, mac, whole.original
        )
        changed = packet[: whole.start] + made.record()
        snapshot = Snapshot(1, (), {}, {}, set(), (), keys={KEY.name: KEY})
        chance = Chance(1, float(whole.time))
        reply = respond(snapshot, changed, asker_of("192.0.2.1"), chance, transport=Transport.UDP)
        assert reply is not None
        assert reply.message[3] & 15 == expected[0]
        if expected[1] is not None:
            assert said(reply.message)[1] == expected[1]


def test_tsig_must_be_the_last_record() -> None:
    packet = query().to_wire()
    found = parse(packet)
    assert found is not None
    assert found.signature is not None
    record = packet[found.signature.start :]
    opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    head, body = packet[:10], packet[12 : found.signature.start].removesuffix(opt)
    for additional in (record + opt, record + record):
        read = parse(head + b"\0\2" + body + additional)
        assert read is not None
        assert read.malformed
    read = parse(head[:6] + b"\0\1\0\0\0\1" + body + record + opt)
    assert read is not None
    assert read.malformed


@given(st.binary(max_size=120), st.integers(0, 100))
def test_any_octets_are_read_or_refused(octets: bytes, start: int) -> None:
    try:
        found = tsig.read(octets, start)
    except ValueError:
        return
    again = tsig.read(found.record(), 0)
    assert (again.owner, again.algorithm, again.mac) == (found.owner, found.algorithm, found.mac)


@given(st.data())
def test_no_changed_octet_goes_unseen(data: st.DataObject) -> None:
    """Every octet of a signed query is signed, but for case and the ID, which forwarders change."""
    packet = query().to_wire()
    at = data.draw(st.integers(2, len(packet) - 1))
    changed = bytearray(packet)
    changed[at] ^= data.draw(st.integers(1, 255))
    snapshot = Snapshot(1, (), {}, {}, set(), (), keys={KEY.name: KEY})
    chance = Chance(1, float(signed_at(packet)))
    reply = respond(
        snapshot, bytes(changed), asker_of("192.0.2.1"), chance, transport=Transport.UDP
    )
    if reply is None or reply.message[3] & 15 != 5:
        return
    read, before = parse(bytes(changed)), parse(packet)
    assert read is not None
    assert before is not None
    if read.signature is not None:
        assert before.signature is not None
        assert read.signature.owner == before.signature.owner  # case alone is another
        assert read.signature.algorithm == before.signature.algorithm


def test_messages_of_one_answer_are_signed_over_each_other() -> None:
    asked = query()
    packet = asked.to_wire()
    found = parse(packet)
    assert found is not None
    assert found.signature is not None
    seal = tsig.check(packet, found.signature, {KEY.name: KEY}, float(found.signature.time))
    sealing = tsig.Sealing(seal)
    plain = packet[:2] + b"\x84\0\0\0\0\0\0\0\0\0"
    context = None
    for _ in range(3):
        message = sealing.next(plain, float(found.signature.time))
        judged = dns.message.from_wire(
            message,
            keyring=asked.keyring,
            request_mac=asked.mac,
            tsig_ctx=context,
            multi=True,
        )
        assert judged.had_tsig
        context = judged.tsig_ctx


def test_a_key_never_shows_its_secret() -> None:
    assert "0123" not in repr(KEY)
