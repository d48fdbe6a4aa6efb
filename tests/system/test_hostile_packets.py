"""Packets that no honest client sends, to a running server: the right rcode, bounded time and
memory, no line in the log, and everybody else is answered meanwhile.
"""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import dns.message
import dns.rcode
import pytest

from tests.system.harness import PATIENCE, Gtm, serving, until
from tests.unit.dns.test_edns_edges import EDGES
from tests.unit.dns.test_message import MALFORMED, OPT, QUESTION, packet

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
records: {orders: {type: A, value: 192.0.2.10}}
"""
NAME = "orders.gtm.example.com"
GARBAGE = 3000  # packets of a flood
CONNECTIONS = 60  # of one client at once, each with a frame that is not whole
GROWTH = 64  # MiB that the server may grow by under all of this: buffers, and what Python keeps
WHOLE = 65535  # octets of the longest frame (RFC 1035 section 4.2.2)


@pytest.fixture(scope="module", params=["auto", "python"])
def gtm(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Gtm]:
    """A server with either plane, that limits nobody's rate."""
    folder = tmp_path_factory.mktemp("hostile")
    zones = folder / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE, encoding="utf-8")
    with serving(folder, zones, "--plane", request.param, geoip="none") as server:
        yield server
        assert server.process.poll() is None
        assert server.address(NAME) == "192.0.2.10"
        assert [one for one in server.records() if one["level"] in ("error", "critical")] == []


def over_udp(gtm: Gtm, octets: bytes, wait: float = PATIENCE) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(wait)
        asking.sendto(octets, ("127.0.0.1", gtm.port))
        return asking.recv(65535)


def connection(gtm: Gtm) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", gtm.port), PATIENCE)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def frame(octets: bytes) -> bytes:
    return struct.pack("!H", len(octets)) + octets


def receive(asking: socket.socket) -> bytes:
    """A message, or nothing if the server closes."""
    head = _exactly(asking, 2)
    return _exactly(asking, int.from_bytes(head, "big")) if head else b""


def _exactly(asking: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = asking.recv(count - len(found))
        if not part:
            return b""
        found += part
    return found


def resident(gtm: Gtm) -> int:
    """MiB that the server has in memory."""
    status = Path(f"/proc/{gtm.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_packets_get_formerr_over_udp_and_tcp(gtm: Gtm, name: str) -> None:
    asked = MALFORMED[name]
    said = over_udp(gtm, asked)
    assert (said[:2], said[2] & 0x80, said[3] & 15) == (asked[:2], 0x80, dns.rcode.FORMERR)
    with closing(connection(gtm)) as asking:
        asking.sendall(frame(asked) + frame(packet()))
        # the connection goes on; answers may come in any order (RFC 7766 section 7)
        said_both = {receive(asking)[3] & 15, receive(asking)[3] & 15}
        assert said_both == {dns.rcode.FORMERR, dns.rcode.NOERROR}


@pytest.mark.parametrize("edge", EDGES)
def test_edges_of_edns_are_answered_by_the_book_over_udp_and_tcp(gtm: Gtm, edge: str) -> None:
    asked, rcode, version = EDGES[edge]
    with closing(connection(gtm)) as asking:
        asking.sendall(frame(asked))
        answers = [over_udp(gtm, asked), receive(asking)]
    for answer in map(dns.message.from_wire, answers):
        assert (answer.rcode(), answer.edns, answer.options) == (rcode, version, ())


@pytest.mark.parametrize("silent", [b"", b"\0" * 11, packet(flags=0x8000)], ids=repr)
def test_what_is_no_query_ends_its_connection_and_gets_nothing(gtm: Gtm, silent: bytes) -> None:
    with closing(connection(gtm)) as asking:
        asking.sendall(frame(silent))
        with suppress(ConnectionResetError):
            assert receive(asking) == b""
    with pytest.raises(TimeoutError):
        over_udp(gtm, silent, wait=0.3)


def test_the_longest_frame_in_pieces_of_one_octet_is_answered_and_holds_nobody_up(gtm: Gtm) -> None:
    padding = struct.pack("!HH", 65001, WHOLE - len(QUESTION) - 12 - len(OPT) - 4)
    length = struct.pack("!H", WHOLE - len(QUESTION) - 12 - len(OPT))
    body = QUESTION + OPT[:-2] + length + padding
    asked = packet(counts=(1, 0, 0, 1), body=body.ljust(WHOLE - 12, b"\0"))
    assert len(asked) == WHOLE
    with closing(connection(gtm)) as asking:
        for at, octet in enumerate(frame(asked)):
            asking.send(bytes((octet,)))
            if at % 8192 == 0:
                assert gtm.address(NAME) == "192.0.2.10"
        said = receive(asking)
    assert said[:2] == asked[:2]
    assert said[3] & 15 == dns.rcode.NOERROR
    assert len(said) < 512


def test_pointers_through_a_whole_frame_take_no_time(gtm: Gtm) -> None:
    chain = b"".join(struct.pack("!H", 0xC000 | 12 + max(0, 2 * at - 2)) for at in range(8186))
    asked = packet(counts=(1, 0, 0, 60), body=b"\0\0\1\0\1" + chain)
    owners = (b"\xff\xfe" + b"\0\x10\0\1\0\0\0\0\0\0") * 60
    with closing(connection(gtm)) as asking:
        asking.sendall(frame((asked + owners)[:WHOLE]) * 20)
        for _ in range(20):
            assert receive(asking)[3] & 15 == dns.rcode.FORMERR


def test_frames_that_never_become_whole_cost_their_octets_and_no_more(gtm: Gtm) -> None:
    before = resident(gtm)
    open_ones = [connection(gtm) for _ in range(CONNECTIONS)]
    try:
        for each in open_ones:
            each.sendall(struct.pack("!H", WHOLE) + b"\xc0" * (WHOLE - 1))
        assert gtm.address(NAME) == "192.0.2.10"
        with closing(connection(gtm)) as asking:
            asking.sendall(frame(packet()))
            assert receive(asking)[3] & 15 == dns.rcode.NOERROR
        assert resident(gtm) - before < GROWTH
    finally:
        for each in open_ones:
            each.close()


def test_a_flood_of_garbage_leaves_no_trace_but_in_counters(gtm: Gtm) -> None:
    source, before, lines = random.Random(6), resident(gtm), len(gtm.records())
    samples = [*MALFORMED.values(), packet(), packet(flags=0x8000), b""]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _ in range(GARBAGE):
            made = bytearray(source.choice(samples) + source.randbytes(source.randrange(1, 40)))
            for _ in range(source.randrange(4)):
                made[source.randrange(len(made))] = source.randrange(256)
            asking.sendto(bytes(made), ("127.0.0.1", gtm.port))
    for _ in range(50):
        with closing(connection(gtm)) as asking:
            asking.sendall(source.randbytes(2000))
    until("it answers again", lambda: gtm.address(NAME) == "192.0.2.10")
    assert resident(gtm) - before < GROWTH
    assert gtm.events()[lines:] == []
