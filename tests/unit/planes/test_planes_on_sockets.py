"""Both planes on real loopback sockets."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import dns.message
import dns.query
import dns.rcode
import pytest

from gtm.errors import StartError
from gtm.networks import Networks
from gtm.planes import Plane, choice
from gtm.planes.limits import StreamLimits
from gtm.planes.proxy import SIGNATURE, Balancers
from gtm.planes.sockets import ListenAddress, Listener, bind, parse_listen
from gtm.snapshot import Snapshot
from tests.unit.planes.native_plane import require
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


@dataclass
class Served:
    """A plane that answers, and its sockets."""

    plane: Plane
    listeners: list[Listener]

    def publish(self, snapshot: Snapshot) -> None:
        self.plane.publish(snapshot)


def serving(
    name: str,
    workers: int = 1,
    limits: StreamLimits | None = None,
    balancers: Balancers | None = None,
) -> Iterator[Served]:
    if name == "native":
        require()
    hosts = ("127.0.0.1", "0.0.0.0", "::1")
    listeners = [bind(listen(host), workers) for host in hosts]
    made = Served(choice.make(name, listeners, limits, balancers=balancers), listeners)
    made.publish(compile_world({"gtm.yaml": ZONE}).snapshot)
    yield made
    made.plane.stop()


@pytest.fixture(params=["python", "native"])
def plane(request: pytest.FixtureRequest) -> Iterator[Served]:
    yield from serving(request.param)


@pytest.fixture
def two_workers() -> Iterator[Served]:
    yield from serving("native", workers=2)


def port(plane: Served, index: int = 0) -> int:
    return plane.listeners[index].at.port


QUERY = dns.message.make_query("orders.gtm.example.com", "A")


@pytest.mark.parametrize(("index", "where"), [(0, "127.0.0.1"), (1, "127.0.0.1"), (2, "::1")])
def test_it_answers_over_udp_and_tcp_on_both_families(
    plane: Served, index: int, where: str
) -> None:
    over_udp = dns.query.udp(QUERY, where, WAIT, port(plane, index))
    over_tcp = dns.query.tcp(QUERY, where, WAIT, port(plane, index))
    assert over_udp.answer == over_tcp.answer
    assert over_udp.answer[0][0].to_text() == "192.0.2.10"


def test_on_a_wildcard_the_reply_comes_from_the_address_that_was_asked(plane: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(WAIT)
        client.sendto(QUERY.to_wire(), ("127.0.0.7", port(plane, 1)))
        _, peer = client.recvfrom(4096)
    assert peer[0] == "127.0.0.7"


def test_a_published_snapshot_is_answered_from_at_once(plane: Served) -> None:
    plane.publish(compile_world({"gtm.yaml": ZONE}, down=["192.0.2.10"]).snapshot)
    answer = dns.query.udp(QUERY, "127.0.0.1", WAIT, port(plane))
    assert answer.answer[0][0].to_text() == "192.0.2.10", "no check: nothing can be down"
    plane.publish(compile_world({"gtm.yaml": ZONE.replace("192.0.2.10", "192.0.2.11")}).snapshot)
    answer = dns.query.udp(QUERY, "127.0.0.1", WAIT, port(plane))
    assert answer.answer[0][0].to_text() == "192.0.2.11"


def test_queries_pipelined_on_one_connection_are_all_answered(plane: Served) -> None:
    wires = [
        dns.message.make_query("orders.gtm.example.com", "A", id=at).to_wire() for at in range(50)
    ]
    with socket.create_connection(("127.0.0.1", port(plane)), WAIT) as client:
        client.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))
        seen = [read_frame(client)[:2] for _ in wires]
    assert sorted(seen) == sorted(struct.pack("!H", at) for at in range(50))


def test_a_query_in_one_octet_pieces_is_answered(plane: Served) -> None:
    wire = QUERY.to_wire()
    with socket.create_connection(("127.0.0.1", port(plane)), WAIT) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in struct.pack("!H", len(wire)) + wire:
            client.sendall(bytes((octet,)))
        assert read_frame(client)[:2] == wire[:2]


def test_a_response_sent_to_us_over_tcp_ends_the_connection(plane: Served) -> None:
    answer = dns.query.tcp(QUERY, "127.0.0.1", WAIT, port(plane)).to_wire()
    with socket.create_connection(("127.0.0.1", port(plane)), WAIT) as client:
        client.sendall(struct.pack("!H", len(answer)) + answer)
        with pytest.raises((ConnectionResetError, EOFError)):
            read_frame(client)


@pytest.mark.parametrize("name", ["python", "native"])
def test_one_client_has_so_many_connections_and_no_more(name: str) -> None:
    for served in serving(name, limits=StreamLimits(per_client=2)):
        clients = [connect(served) for _ in range(2)]
        try:
            for client in clients:  # both are known to the server once they have an answer
                exchange(client)
            with connect(served) as third, pytest.raises(CUT_OFF):
                exchange(third)
            exchange(clients[0])
            assert connections(served) == (2, 3 if name == "python" else 2)
        finally:
            for client in clients:
                client.close()


def connections(served: Served) -> tuple[int, int]:
    """Over TCP on the first listener: open now, and so far."""
    stats = next(each for each in served.plane.stats if each.proto == "tcp")
    return stats.open, stats.opened


PROXY = SIGNATURE + b"\x21\x12\0\x0c" + socket.inet_aton("198.51.100.9") + bytes(8)
LOCAL = SIGNATURE + b"\x20\0\0\0"
BALANCER = "127.0.0.9"
AREAS = ZONE.replace(
    "apps:",
    "geo: {overrides: {198.51.100.0/24: {location: IE}, 127.0.0.0/8: {location: US}}}\napps:",
)


@pytest.fixture(params=["python", "native"])
def behind(request: pytest.FixtureRequest) -> Iterator[Served]:
    balancers = Balancers(Networks.of([BALANCER]))
    for served in serving(request.param, balancers=balancers):
        served.publish(compile_world({"gtm.yaml": AREAS}).snapshot)
        yield served


def datagram(served: Served, index: int, source: str, data: bytes) -> str | None:
    """The address in the answer to octets of an address; None if there is no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((source, 0))
        client.settimeout(WAIT)
        client.connect(("127.0.0.1", port(served, index)))
        client.send(data)
        answer = dns.message.from_wire(client.recv(4096))
        return answer.answer[0][0].to_text() if answer.answer else None


@pytest.mark.parametrize("index", [0, 1])
def test_a_balancer_says_whom_a_datagram_is_from_and_gets_the_answer(
    behind: Served, index: int
) -> None:
    wire = QUERY.to_wire()
    assert datagram(behind, index, "127.0.0.1", wire) == "192.0.2.10"
    assert datagram(behind, index, BALANCER, PROXY + wire) == "198.51.100.10"
    assert datagram(behind, index, BALANCER, LOCAL + wire) == "192.0.2.10"
    assert datagram(behind, index, BALANCER, PROXY + LONG.to_wire()) is None


LONG = dns.message.make_query("a" * 60 + ".orders.gtm.example.com", "A")


def test_datagrams_of_balancers_without_a_header_are_dropped_and_counted(behind: Served) -> None:
    wire = QUERY.to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((BALANCER, 0))
        client.settimeout(WAIT)
        client.connect(("127.0.0.1", port(behind)))
        for bad in (wire, PROXY[:-1], b"PROXY UDP4 " + wire, b"x"):
            client.send(bad)
        client.send(PROXY + wire)
        assert client.recv(4096)[:2] == wire[:2]
    stats = next(each for each in behind.plane.stats if each.proto == "udp")
    assert stats.dropped == {"bad PROXY header": 4}


def test_headers_of_others_are_not_believed(behind: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(WAIT)
        client.connect(("127.0.0.1", port(behind)))
        client.send(PROXY + QUERY.to_wire())
        answer = client.recv(4096)
    assert answer[:2] == SIGNATURE[:2], "it is read as a message, which it is none"
    assert not dns.message.from_wire(answer, ignore_trailing=True).answer


def test_a_connection_by_way_of_a_balancer_is_its_clients(behind: Served) -> None:
    wire = QUERY.to_wire()
    with socket.create_connection(("127.0.0.1", port(behind)), WAIT, (BALANCER, 0)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in PROXY + struct.pack("!H", len(wire)) + wire:
            client.sendall(bytes((octet,)))
        answer = dns.message.from_wire(read_frame(client))
        assert answer.answer[0][0].to_text() == "198.51.100.10"
        exchange(client)


def test_a_connection_of_a_balancer_without_a_header_ends(behind: Served) -> None:
    where = "127.0.0.1", port(behind)
    with (
        socket.create_connection(where, WAIT, (BALANCER, 0)) as client,
        pytest.raises(CUT_OFF),
    ):
        exchange(client)
    stats = next(each for each in behind.plane.stats if each.proto == "tcp")
    assert stats.dropped == {"bad PROXY header": 1}


def test_a_client_that_does_not_read_is_not_read_from_and_loses_nothing(plane: Served) -> None:
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


def test_garbage_gets_formerr_or_silence_and_the_next_query_is_answered(plane: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port(plane)))
        for size in (0, 1, 11, 12, 13, 64, 600, 5000):
            client.send(b"\0" * size)
            client.send(b"\xff" * size)
    assert dns.query.udp(QUERY, "127.0.0.1", WAIT, port(plane)).rcode() == dns.rcode.NOERROR


def counted(plane: Served, snapshot: Snapshot) -> Counter[tuple[str, str, str]]:
    """Answers over UDP so far, by service, region and how they ended."""
    found: Counter[tuple[str, str, str]] = Counter()
    for stats in plane.plane.stats:
        if stats.proto == "udp":
            for tally, count in stats.answers(snapshot.tallies):
                found[tally.service, tally.region, tally.rcode] += count
    return +found


def test_what_was_answered_is_counted(plane: Served) -> None:
    snapshot = compile_world({"gtm.yaml": ZONE}).snapshot
    plane.publish(snapshot)
    for name, rrtype in (("orders.gtm.example.com", "A"), ("www.example.org", "A"), (".", "ANY")):
        dns.query.udp(dns.message.make_query(name, rrtype), "127.0.0.1", WAIT, port(plane))
    expected = {("orders.gtm.example.com.", "us", "NOERROR"): 1, ("", "", "REFUSED"): 2}
    deadline = time.monotonic() + WAIT
    while counted(plane, snapshot) != expected and time.monotonic() < deadline:
        pass  # the answer may be here before it is counted
    assert counted(plane, snapshot) == expected


def test_answers_are_counted_by_area_where_capacity_asks(plane: Served) -> None:
    limited = ZONE.replace("location: IE}", "location: IE, capacity: 100}")
    snapshot = compile_world({"gtm.yaml": limited}).snapshot
    plane.publish(snapshot)
    for _ in range(3):
        dns.query.udp(QUERY, "127.0.0.1", WAIT, port(plane))
    steered = next(node.steered for node in snapshot.nodes.values() if node.steered)
    deadline = time.monotonic() + WAIT
    while sum(steered.areas.asked or ()) < 3 and time.monotonic() < deadline:
        plane.plane.count()
    assert sum(steered.areas.asked or ()) == 3
    plane.plane.count()
    assert sum(steered.areas.asked or ()) == 3, "nothing is counted twice"


def test_workers_share_a_port(two_workers: Served) -> None:
    for _ in range(20):  # each from a port of its own: the kernel deals them out
        answer = dns.query.udp(QUERY, "127.0.0.1", WAIT, port(two_workers))
        assert answer.answer[0][0].to_text() == "192.0.2.10"


def test_a_port_that_workers_share_is_in_use_for_others(two_workers: Served) -> None:
    with pytest.raises(StartError, match="in use"):
        bind(two_workers.listeners[0].at, workers=2)


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


def connect(plane: Served) -> socket.socket:
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
