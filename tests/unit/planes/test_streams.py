"""What connections over TCP and TLS are promised, and what they may not take."""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.planes import limits
from gtm.planes.certificate import Keeper
from gtm.planes.limits import StreamLimits, client_of
from gtm.planes.proxy import SIGNATURE
from gtm.planes.streams import frames as frames_module
from tests.unit.planes.stream_clients import (
    BALANCER,
    NAME,
    Client,
    SecureClient,
    Side,
    certified,
    frame,
    frames,
)

HEADER = SIGNATURE + bytes.fromhex("21110000c6336409c00002359c400035")
HEADER = HEADER[:14] + (12).to_bytes(2, "big") + HEADER[16:]
LOCAL = SIGNATURE + b"\x20\0\0\0"


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    return Keeper(*certified(tmp_path_factory.mktemp("tls")), http2=True)


def ask(client: Client, message: bytes = b"\0\1a query") -> list[bytes]:
    client.send(frame(message))
    return list(frames(client.wire.take()))


# --- TCP --------------------------------------------------------------------------------


def test_messages_one_behind_the_other_are_answered_however_they_are_cut() -> None:
    messages = [bytes((0, number)) + b"x" * number for number in range(60)]
    octets = b"".join(map(frame, messages))
    for piece in (1, 2, 3, 100, len(octets)):
        side = Side()
        client = Client(side)
        for at in range(0, len(octets), piece):
            client.send(octets[at : at + piece])
        assert list(frames(client.wire.take())) == [each[:2] + b"answered" for each in messages]
        assert [packet for _, packet in side.asked] == messages


def test_silence_of_the_plane_ends_the_connection_after_what_was_answered() -> None:
    client = Client(Side(lambda packet: None if packet == b"no query" else packet))
    client.send(frame(b"first") + frame(b"no query") + frame(b"never"))
    assert list(frames(client.wire.take())) == [b"first"]
    assert client.wire.aborted


def test_a_transfer_goes_out_message_by_message_as_the_client_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []

    def messages() -> Iterator[bytes]:
        for number in range(100):
            made.append(number)
            yield number.to_bytes(2, "big") + bytes(1000)

    monkeypatch.setattr(frames_module, "TURN", 1 << 30)
    side = Side(lambda packet: messages() if packet == b"all" else packet)
    client = Client(side)
    original = client.wire.write

    def write(data: bytes | bytearray | memoryview) -> None:
        original(data)
        if len(client.wire.sent) > 20_000:
            client.connection.pause_writing()

    client.wire.write = write  # type: ignore[method-assign]
    client.send(frame(b"all") + frame(b"next"))
    assert 0 < len(made) < 40, "no further than the client reads"
    assert not client.wire.reading
    heard = b""
    while not (heard.endswith(b"next") or len(heard) > 200_000):
        heard += client.wire.take()
        client.connection.resume_writing()
    found = list(frames(heard))
    assert [int.from_bytes(each[:2], "big") for each in found[:100]] == list(range(100))
    assert found[100] == b"next"
    assert client.wire.reading


def test_a_client_that_does_not_read_is_not_read_from_and_then_cut_off() -> None:
    side = Side(limits=StreamLimits(idle=10))
    client = Client(side)
    client.connection.pause_writing()
    assert not client.wire.reading
    side.later(11)
    assert client.wire.aborted
    assert client.dropped() == {"slow reader": 1}


def test_an_idle_connection_is_closed_and_one_that_asks_is_not() -> None:
    side = Side(limits=StreamLimits(idle=10))
    idle, busy = Client(side), Client(side)
    side.later(9)
    ask(busy)
    side.later(2)
    assert (idle.wire.closing, busy.wire.closing) == (True, False)
    assert idle.dropped() == {}


def test_half_a_message_keeps_no_connection_open() -> None:
    side = Side(limits=StreamLimits(idle=10))
    client = Client(side)
    for octet in frame(b"x" * 40)[:30]:
        side.later(0.5)
        client.send(bytes((octet,)))
    assert client.wire.closing


def test_no_connection_lasts_longer_than_its_lifetime() -> None:
    side = Side(limits=StreamLimits(idle=10, lifetime=30))
    client = Client(side)
    for _ in range(30):
        side.later(1)
        assert ask(client)
    side.later(1)
    assert client.wire.closing


def test_a_connection_that_does_not_end_in_good_order_is_cut_off_at_the_next_look() -> None:
    side = Side(limits=StreamLimits(idle=10))
    client = Client(side)
    side.later(11)
    assert not client.wire.aborted
    side.later(1)
    assert client.wire.aborted


def test_one_client_has_so_many_connections_and_no_more() -> None:
    side = Side(limits=StreamLimits(per_client=2))
    first, second, third = (Client(side) for _ in range(3))
    assert third.wire.aborted
    assert third.dropped() == {"too many connections of one client": 1}
    assert ask(first)
    assert ask(second)
    assert not Client(side, host="198.51.100.8").wire.closing
    first.connection.connection_lost(None)
    assert not Client(side).wire.closing


def test_an_ipv6_client_is_its_sites_network() -> None:
    side = Side(limits=StreamLimits(per_client=1))
    assert not Client(side, host="2001:db8:0:1200::1").wire.closing
    assert Client(side, host="2001:db8:0:12ff::2").wire.closing
    assert not Client(side, host="2001:db8:0:1300::1").wire.closing
    assert client_of("192.0.2.1") == "192.0.2.1"
    assert client_of("fe80::1%eth0") == client_of("fe80::2")


def test_with_all_places_taken_the_longest_idle_makes_room() -> None:
    side = Side(limits=StreamLimits(connections=2))
    first, second = Client(side), Client(side)
    side.later(1)
    ask(first)
    third = Client(side)
    assert (first.wire.closing, second.wire.closing, third.wire.closing) == (False, True, False)
    assert second.dropped() == {"too many connections": 1}


def test_connections_are_counted() -> None:
    side = Side()
    client = Client(side)
    other = Client(side, stats=client.stats)
    assert (client.stats.open, client.stats.opened) == (2, 2)
    other.connection.connection_lost(None)
    other.connection.connection_lost(None)
    assert (client.stats.open, client.stats.opened) == (1, 2)


# --- PROXY headers ----------------------------------------------------------------------


def test_a_balancer_says_whom_a_connection_is_from() -> None:
    side = Side(balancers=("192.0.2.200",))
    client = Client(side, host=BALANCER)
    for octet in HEADER + frame(b"\0\1"):
        client.send(bytes((octet,)))
    assert list(frames(client.wire.take())) == [b"\0\1answered"]
    assert side.asked == [("198.51.100.9", b"\0\1")]


def test_a_balancer_may_speak_for_itself() -> None:
    side = Side(balancers=("192.0.2.200",))
    assert ask(Client(side, host=BALANCER), LOCAL[:0]) == []
    client = Client(side, host=BALANCER)
    client.send(LOCAL + frame(b"\0\1"))
    assert side.asked == [(BALANCER, b"\0\1")]


def test_a_balancer_that_does_not_say_is_cut_off() -> None:
    side = Side(balancers=("192.0.2.200",))
    client = Client(side, host=BALANCER)
    client.send(frame(b"\0\1query"))
    assert client.wire.closing
    assert client.dropped() == {"bad PROXY header": 1}
    assert not side.asked


def test_nobody_else_is_believed() -> None:
    side = Side(balancers=("192.0.2.200",))
    client = Client(side)
    client.send(HEADER)
    assert not side.asked, "it is taken as the beginning of a long message"
    client.send(bytes(4000))
    assert side.asked[0][0] == "198.51.100.7"


def test_connections_by_way_of_a_balancer_count_for_their_clients() -> None:
    side = Side(limits=StreamLimits(per_client=1), balancers=("192.0.2.200",))
    first, second = Client(side, host=BALANCER), Client(side, host=BALANCER)
    first.send(HEADER + frame(b"\0\1"))
    assert not first.wire.closing
    second.send(HEADER + frame(b"\0\2"))
    assert second.wire.aborted
    assert second.dropped() == {"too many connections of one client": 1}
    assert Client(side, host="198.51.100.9").wire.aborted
    first.connection.connection_lost(None)
    assert not Client(side, host="198.51.100.9").wire.closing


def test_a_balancer_has_not_for_ever_to_say_it() -> None:
    side = Side(balancers=("192.0.2.200",))
    client = Client(side, host=BALANCER)
    side.later(limits.HANDSHAKE + 1)
    assert client.wire.aborted
    assert client.dropped() == {"handshake too slow": 1}


# --- TLS --------------------------------------------------------------------------------


def test_dns_over_tls_is_answered_however_records_are_cut(keeper: Keeper) -> None:
    for piece in (1, 50, 100_000):
        side = Side()
        client = SecureClient(side, keeper, "dot")
        client.shake()
        assert client.tls.version() == "TLSv1.3"
        assert client.tls.selected_alpn_protocol() == "dot"
        messages = [bytes((0, number)) + b"x" * 300 for number in range(30)]
        client.say(b"".join(map(frame, messages)), piece)
        assert list(frames(client.hear())) == [each[:2] + b"answered" for each in messages]


def test_a_large_answer_comes_whole_through_tls(keeper: Keeper) -> None:
    side = Side(lambda packet: packet + bytes(65_000))
    client = SecureClient(side, keeper)
    client.shake()
    client.say(frame(b"\0\1") * 3)
    assert list(frames(client.hear())) == [b"\0\1" + bytes(65_000)] * 3


def test_the_certificate_is_shown_of_the_name_served(keeper: Keeper) -> None:
    client = SecureClient(Side(), keeper)
    client.shake()
    shown = client.tls.getpeercert() or {}
    assert shown["subjectAltName"] == (("DNS", NAME),)


def test_the_clients_goodbye_is_answered_in_kind(keeper: Keeper) -> None:
    client = SecureClient(Side(), keeper)
    client.shake()
    client.hear()
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.send(client._outgoing.read())
    assert client.wire.closing
    assert client.hear() == b""


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\3\1\xff\xff" + bytes(70_000), bytes(50)]
)
def test_what_is_no_tls_ends_and_is_counted(keeper: Keeper, garbage: bytes) -> None:
    side = Side()
    client = SecureClient(side, keeper)
    client.send(garbage)
    assert client.wire.closing
    assert client.dropped() == {"TLS failed": 1}
    assert not side.asked


def test_garbage_after_the_handshake_ends_the_connection(keeper: Keeper) -> None:
    client = SecureClient(Side(), keeper)
    client.shake()
    client.send(b"\x17\3\3\0\x20" + bytes(32))
    assert client.wire.closing
    assert client.dropped() == {"TLS failed": 1}


def test_half_open_handshakes_are_bounded_in_time(keeper: Keeper) -> None:
    side = Side()
    silent, half, done = (SecureClient(side, keeper) for _ in range(3))
    half.send(half.hello())
    done.shake()
    side.later(limits.HANDSHAKE + 1)
    assert (silent.wire.aborted, half.wire.aborted, done.wire.closing) == (True, True, False)
    assert silent.dropped() == half.dropped() == {"handshake too slow": 1}


def test_half_open_handshakes_are_bounded_in_number_and_cost_nobody_else(keeper: Keeper) -> None:
    side = Side(limits=StreamLimits(connections=10_000, per_client=10_000))
    good = SecureClient(side, keeper)
    good.shake()
    flood = [SecureClient(side, keeper) for _ in range(limits.HANDSHAKES + 50)]
    assert [each.wire.closing for each in flood] == [True] * 50 + [False] * limits.HANDSHAKES
    assert flood[0].dropped() == {"too many handshakes": 1}
    good.say(frame(b"\0\1"))
    assert list(frames(good.hear())) == [b"\0\1answered"]


def test_a_header_of_proxy_may_stand_before_tls_or_inside(keeper: Keeper) -> None:
    for outside in (True, False):
        side = Side(balancers=("192.0.2.200",))
        client = SecureClient(side, keeper, host=BALANCER)
        if outside:
            for octet in HEADER:
                client.send(bytes((octet,)))
        client.shake()
        if not outside:
            client.say(HEADER, 1)
        client.say(frame(b"\0\1"))
        assert list(frames(client.hear())) == [b"\0\1answered"]
        assert side.asked == [("198.51.100.9", b"\0\1")]
        side.later(limits.HANDSHAKE + 1)
        assert not client.wire.closing


def test_header_and_hello_may_come_at_once(keeper: Keeper) -> None:
    side = Side(balancers=("192.0.2.200",))
    client = SecureClient(side, keeper, host=BALANCER)
    client.send(HEADER + client.hello())
    client._incoming.write(client.wire.take())
    client.tls.do_handshake()
    client.say(frame(b"\0\1"))
    assert side.asked == [("198.51.100.9", b"\0\1")]


def test_over_tls_too_a_balancer_must_say_it(keeper: Keeper) -> None:
    side = Side(balancers=("192.0.2.200",))
    client = SecureClient(side, keeper, host=BALANCER)
    client.shake()
    client.say(frame(b"\0\1query"))
    assert client.wire.closing
    assert client.dropped() == {"bad PROXY header": 1}
    assert not side.asked


def test_a_renewed_certificate_is_for_new_connections_and_old_ones_live_on(
    tmp_path: Path,
) -> None:
    renewed = Keeper(*certified(tmp_path), http2=False)
    side = Side()
    old = SecureClient(side, renewed)
    old.shake()
    certified(tmp_path, NAME, "also.example.com")
    renewed.look()
    new = SecureClient(side, renewed)
    new.shake()
    assert len((new.tls.getpeercert() or {})["subjectAltName"]) == 2
    old.say(frame(b"\0\1"))
    assert list(frames(old.hear())) == [b"\0\1answered"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    pieces=st.lists(st.binary(min_size=1, max_size=200), max_size=6),
    shaken=st.booleans(),
    believed=st.booleans(),
    before=st.sampled_from([b"", HEADER, LOCAL, HEADER[:9]]),
)
def test_whatever_comes_a_connection_lives_or_ends_and_nothing_is_left_behind(
    keeper: Keeper, pieces: list[bytes], shaken: bool, believed: bool, before: bytes
) -> None:
    side = Side(balancers=("192.0.2.200",) if believed else ())
    client = SecureClient(side, keeper, host=BALANCER)
    if before:
        client.send(before)
    if shaken and not client.wire.closing:
        client.send(client.hello())
    for piece in pieces:
        client.send(piece)
    client.connection.connection_lost(None)
    assert not side.connections.open
    assert client.stats.open == 0


def test_limits_are_the_same_words_everywhere() -> None:
    assert [each.name for each in dataclasses.fields(StreamLimits)] == [
        "connections",
        "per_client",
        "idle",
        "lifetime",
    ]
