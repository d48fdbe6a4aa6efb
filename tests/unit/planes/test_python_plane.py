"""The python plane on real loopback sockets."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address

import dns.message
import dns.query
import dns.rcode
import pytest

from gtm.errors import StartError
from gtm.planes import tcp
from gtm.planes.python import PythonPlane
from gtm.planes.sockets import ListenAddress, bind, parse_listen
from gtm.planes.stats import SocketStats
from tests.worlds import compile_world

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
apps:
  shop:
    topology: spread
    services: {orders: {us: [192.0.2.10], eu: [198.51.100.10]}}
"""
WAIT = 5.0
CUT_OFF = (ConnectionResetError, BrokenPipeError, EOFError)


def listen(address: str) -> ListenAddress:
    return ListenAddress(ip_address(address), 0)


@pytest.fixture
def plane() -> Iterator[PythonPlane]:
    made = PythonPlane([bind(listen("127.0.0.1")), bind(listen("0.0.0.0")), bind(listen("::1"))])
    made.publish(compile_world({"gtm.yaml": ZONE}).snapshot)
    yield made
    made.stop()


def port(plane: PythonPlane, index: int = 0) -> int:
    return plane._listeners[index].at.port


QUERY = dns.message.make_query("orders.gtm.example.com", "A")


@pytest.mark.parametrize(("index", "where"), [(0, "127.0.0.1"), (1, "127.0.0.1"), (2, "::1")])
def test_it_answers_over_udp_and_tcp_on_both_families(
    plane: PythonPlane, index: int, where: str
) -> None:
    over_udp = dns.query.udp(QUERY, where, WAIT, port(plane, index))
    over_tcp = dns.query.tcp(QUERY, where, WAIT, port(plane, index))
    assert over_udp.answer == over_tcp.answer
    assert over_udp.answer[0][0].to_text() == "192.0.2.10"


def test_on_a_wildcard_the_reply_comes_from_the_address_that_was_asked(plane: PythonPlane) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(WAIT)
        client.sendto(QUERY.to_wire(), ("127.0.0.7", port(plane, 1)))
        _, peer = client.recvfrom(4096)
    assert peer[0] == "127.0.0.7"


def test_a_published_snapshot_is_answered_from_at_once(plane: PythonPlane) -> None:
    plane.publish(compile_world({"gtm.yaml": ZONE}, down=["192.0.2.10"]).snapshot)
    answer = dns.query.udp(QUERY, "127.0.0.1", WAIT, port(plane))
    assert answer.answer[0][0].to_text() == "192.0.2.10", "no check: nothing can be down"
    plane.publish(compile_world({"gtm.yaml": ZONE.replace("192.0.2.10", "192.0.2.11")}).snapshot)
    answer = dns.query.udp(QUERY, "127.0.0.1", WAIT, port(plane))
    assert answer.answer[0][0].to_text() == "192.0.2.11"


def test_queries_pipelined_on_one_connection_are_all_answered(plane: PythonPlane) -> None:
    wires = [
        dns.message.make_query("orders.gtm.example.com", "A", id=at).to_wire() for at in range(50)
    ]
    with socket.create_connection(("127.0.0.1", port(plane)), WAIT) as client:
        client.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))
        seen = [read_frame(client)[:2] for _ in wires]
    assert sorted(seen) == sorted(struct.pack("!H", at) for at in range(50))


def test_a_query_in_one_octet_pieces_is_answered(plane: PythonPlane) -> None:
    wire = QUERY.to_wire()
    with socket.create_connection(("127.0.0.1", port(plane)), WAIT) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in struct.pack("!H", len(wire)) + wire:
            client.sendall(bytes((octet,)))
        assert read_frame(client)[:2] == wire[:2]


def test_a_response_sent_to_us_over_tcp_ends_the_connection(plane: PythonPlane) -> None:
    answer = dns.query.tcp(QUERY, "127.0.0.1", WAIT, port(plane)).to_wire()
    with socket.create_connection(("127.0.0.1", port(plane)), WAIT) as client:
        client.sendall(struct.pack("!H", len(answer)) + answer)
        with pytest.raises((ConnectionResetError, EOFError)):
            read_frame(client)


def test_one_client_has_so_many_connections_and_no_more(
    plane: PythonPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "PER_CLIENT", 2)
    clients = [connect(plane) for _ in range(2)]
    try:
        for client in clients:  # both are known to the server once they have an answer
            exchange(client)
        with connect(plane) as third, pytest.raises(CUT_OFF):
            exchange(third)
        exchange(clients[0])
    finally:
        for client in clients:
            client.close()


class FakeConnection:
    """As much of a connection as keeping count of them needs."""

    def __init__(self, last: float, host: str = "192.0.2.1") -> None:
        self.last, self.host, self.ended = last, host, False
        self.stats = SocketStats("tcp", "1")

    def abort(self) -> None:
        self.ended = True


def connections(limit: int) -> tcp.Connections:
    return tcp.Connections(None, lambda: 100.0, limit)  # type: ignore[arg-type]


def admit(side: tcp.Connections, *made: FakeConnection) -> list[bool]:
    return [side.admit(each, each.host) for each in made]  # type: ignore[arg-type]


def test_with_all_places_taken_the_longest_idle_makes_room() -> None:
    side = connections(limit=2)
    old, new, third = FakeConnection(90.0), FakeConnection(95.0), FakeConnection(100.0)
    assert admit(side, old, new, third) == [True, True, True]
    assert [old.ended, new.ended, third.ended] == [True, False, False]
    assert {id(each) for each in side.open} == {id(new), id(third)}


def test_idle_connections_are_closed() -> None:
    side = connections(limit=9)
    old, new = FakeConnection(100.0 - tcp.IDLE - 1), FakeConnection(100.0)
    admit(side, old, new)
    side.sweep()
    assert (old.ended, new.ended) == (True, False)


def test_a_client_that_does_not_read_is_not_read_from_and_loses_nothing(plane: PythonPlane) -> None:
    """Far more answers than any buffer holds: all are there once the client reads."""
    wire = QUERY.to_wire()
    frame = struct.pack("!H", len(wire)) + wire
    count = 60_000
    with connect(plane) as client:
        sending = threading.Thread(target=client.sendall, args=(frame * count,))
        sending.start()
        for _ in range(count):
            assert read_frame(client)[:2] == wire[:2]
        sending.join(WAIT)


def test_garbage_gets_formerr_or_silence_and_the_next_query_is_answered(plane: PythonPlane) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port(plane)))
        for size in (0, 1, 11, 12, 13, 64, 600, 5000):
            client.send(b"\0" * size)
            client.send(b"\xff" * size)
    assert dns.query.udp(QUERY, "127.0.0.1", WAIT, port(plane)).rcode() == dns.rcode.NOERROR


def test_what_was_answered_is_counted(plane: PythonPlane) -> None:
    dns.query.udp(QUERY, "127.0.0.1", WAIT, port(plane))
    dns.query.udp(dns.message.make_query("www.example.org", "A"), "127.0.0.1", WAIT, port(plane))
    stats = plane.stats[0]
    deadline = time.monotonic() + WAIT
    while not stats.slow and time.monotonic() < deadline:
        pass  # the answer may be here before it is counted
    snapshot = plane._answering._snapshot  # type: ignore[union-attr]
    counted = [tally for tally, count in zip(snapshot.tallies, stats.fast, strict=True) if count]
    assert [(tally.service, tally.region) for tally in counted] == [
        ("orders.gtm.example.com.", "us")
    ]
    assert [tally.rcode for tally in stats.slow] == ["REFUSED"]


def test_an_address_in_use_is_a_clear_error() -> None:
    first = bind(listen("127.0.0.1"))
    try:
        with pytest.raises(
            StartError, match=r"cannot listen on 127\.0\.0\.1:\d+: .*in use; stop what"
        ):
            bind(first.at)
    finally:
        first.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("192.0.2.53:53", "192.0.2.53:53"),
        ("192.0.2.53", "192.0.2.53:53"),
        ("[::1]:5300", "[::1]:5300"),
        ("[::1]", "[::1]:53"),
    ],
)
def test_listen_addresses_are_read(text: str, shown: str) -> None:
    assert str(parse_listen(text)) == shown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("::1:53", "brackets"),
        ("localhost:53", "not an IP address"),
        ("127.0.0.1:http", "not a port"),
        ("127.0.0.1:99999", "not a port"),
        ("", "not an IP address"),
    ],
)
def test_wrong_listen_addresses_say_what_to_write(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_listen(text)


def connect(plane: PythonPlane) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port(plane)), WAIT)


def exchange(client: socket.socket) -> bytes:
    wire = QUERY.to_wire()
    client.sendall(struct.pack("!H", len(wire)) + wire)
    return read_frame(client)


def read_frame(client: socket.socket) -> bytes:
    size = int.from_bytes(read_exactly(client, 2), "big")
    return read_exactly(client, size)


def read_exactly(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = client.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
