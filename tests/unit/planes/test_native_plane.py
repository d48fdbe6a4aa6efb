"""The native plane: what it reads anew, what it says to any packet, and what it does not need."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address

import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled, Compiler
from gtm.dns import message
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.planes import choice, stats
from gtm.planes.sockets import ListenAddress, bind
from gtm.steering.readings import Readings
from tests.unit.planes.native_plane import native, require
from tests.unit.planes.test_cases import CASES, world
from tests.worlds import Verdicts, compile_world, read_zones, sample_geo

SERVICES = 50
MANY = (
    """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
apps:
  shop:
    topology: spread
    check: {type: tcp, port: 80}
    services:
"""
    + "".join(
        f"      s{number}: {{us: [192.0.2.{number}], eu: [198.51.100.{number}]}}\n"
        for number in range(SERVICES)
    )
    + """
      cdn: {us: [cdn.example.net.], eu: [s1.gtm.example.com.]}
records:
  www: {type: CNAME, value: s1.gtm.example.com.}
  "*.wild": {type: CNAME, value: www.gtm.example.com.}
"""
)
QUERY = dns.message.make_query("s1.gtm.example.com", "A").to_wire()


@pytest.fixture(autouse=True)
def needed() -> None:
    require()


class Stage:
    """A compiled zone, whose endpoints go up and down."""

    def __init__(self) -> None:
        self._compiler = Compiler()
        self._down: set[str] = set()
        self.now = self.compiled()

    def compiled(self) -> Compiled:
        return self._compiler.compile(
            read_zones({"gtm.yaml": MANY}), sample_geo(), self._readings(), 1
        )

    def _readings(self) -> Readings:
        return Readings(Verdicts(self._down))

    def down(self, *addresses: str) -> Compiled:
        """From now on these are down and no others."""
        moved, self._down = self._down ^ set(addresses), set(addresses)
        changed = {target for target in self.now.uses if target.address in moved}
        self.now = self._compiler.refresh(self.now, changed, self._readings(), 2)
        return self.now


def test_only_what_a_verdict_changed_is_read_anew() -> None:
    stage, tables = Stage(), native()
    before = tables.of(stage.now.snapshot)
    assert before.read > SERVICES
    after = tables.of(stage.down("192.0.2.7").snapshot, before)
    assert 0 < after.read <= 3, "the group's plans, and what the region answers for A and AAAA"
    again = tables.of(stage.now.snapshot, after)
    assert again.read == 0


def test_other_names_are_read_whole() -> None:
    stage, tables = Stage(), native()
    before = tables.of(stage.now.snapshot)
    reloaded = stage.compiled().snapshot
    assert not before.reads(reloaded)
    assert tables.of(reloaded, before).read == before.read


def test_planes_measure_alike() -> None:
    from gtm import _native

    assert _native.UDP_MAXIMUM == message.UDP_MAXIMUM
    assert _native.BUCKETS == stats.BUCKETS


# --- what it says to anything -----------------------------------------------------------

OWNERS = st.sampled_from(
    [b"", b"www", b"a.b", b"*", b"x.dev", b"ns1", b"orders", b"child", b"x.child", b"ns.child"]
)
WIRES = st.builds(
    lambda owner, rrtype, edns, size: dns.message.make_query(
        dns.name.from_text((owner + b"." if owner else b"").decode() + "gtm.example.com."),
        rrtype,
        use_edns=0 if edns else False,
        payload=size,
        id=7,
    ).to_wire(),
    OWNERS,
    st.sampled_from(["A", "AAAA", "NS", "SOA", "DS", "CNAME", "TXT", "ANY", "TYPE65280"]),
    st.booleans(),
    st.sampled_from([512, 1232, 4096]),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A query with some octets changed, put in or left out."""
    wire = bytearray(draw(WIRES))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(wire) - 1))
        match draw(st.sampled_from(["change", "insert", "remove", "cut"])):
            case "change":
                wire[at] = draw(st.integers(0, 255))
            case "insert":
                wire[at:at] = draw(st.binary(max_size=4))
            case "remove":
                del wire[at]
            case _:
                del wire[at + 1 :]
        if not wire:
            break
    return bytes(wire)


@pytest.fixture(scope="module")
def static() -> Iterator[Compiled]:
    yield world(CASES / "static.yaml", ())


@settings(suppress_health_check=list(HealthCheck), max_examples=500, deadline=None)
@given(
    packet=mutated() | st.binary(max_size=600), udp=st.booleans(), draw=st.integers(0, 2**32 - 1)
)
def test_any_packet_is_answered_like_the_reference_responder_or_left_to_it(
    static: Compiled, packet: bytes, udp: bool, draw: int
) -> None:
    found = native().of(static.snapshot).answer(packet, "192.0.2.250", draw, 1.7e9, udp)
    if found is None:
        return
    reply = respond(
        static.snapshot,
        packet,
        asker_of("192.0.2.250"),
        Chance(draw, 1.7e9),
        transport=Transport.plain(udp),
    )
    assert found[0] == (b"" if reply is None else reply.message)


# --- what it does not need ---------------------------------------------------------------

CLIENT = """
import socket, sys
query, port, count = bytes.fromhex(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.settimeout(10)
    asking.connect(("127.0.0.1", port))
    for number in range(count):
        asking.send(number.to_bytes(2, "big") + query[2:])
        assert asking.recv(4096)[:2] == number.to_bytes(2, "big")
"""


@pytest.mark.parametrize(
    "asked",
    [
        *("s1 A", "www A", "a.wild AAAA", "cdn TXT", "www MX", "s1 ANY", "s1 CAA", "nope HTTPS"),
        *("@ DS", "@ ANY"),
    ],
)
def test_answers_go_on_while_the_control_side_is_stuck(asked: str) -> None:
    """Nothing of Python runs here until a client has had all its answers."""
    name, rrtype = asked.split()
    query = dns.message.make_query(f"{name}.gtm.example.com".removeprefix("@."), rrtype).to_wire()
    listener = bind(ListenAddress(ip_address("127.0.0.1"), 0))
    plane = choice.make("native", [listener])
    plane.publish(compile_world({"gtm.yaml": MANY}).snapshot)
    try:
        command = [sys.executable, "-c", CLIENT, query.hex(), str(listener.at.port), "300"]
        client = subprocess.Popen(command)
        status = ctypes.c_int(-1)
        holding = ctypes.PyDLL(None)  # what is called by it keeps Python's lock
        assert holding.waitpid(client.pid, ctypes.byref(status), 0) == client.pid
        client.returncode = os.waitstatus_to_exitcode(status.value)
        assert client.returncode == 0
    finally:
        plane.stop()


def test_a_snapshot_made_from_a_prepared_one_is_answered_from() -> None:
    stage = Stage()
    listener = bind(ListenAddress(ip_address("127.0.0.1"), 0))
    plane = choice.make("native", [listener])
    plane.publish(stage.now.snapshot)
    try:
        stage.now = stage.compiled()
        plane.prepare(stage.now.snapshot)
        plane.publish(stage.down("192.0.2.1").snapshot)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.sendto(QUERY, ("127.0.0.1", listener.at.port))
            answer = dns.message.from_wire(client.recv(4096))
        assert answer.answer[0][0].to_text() == "198.51.100.1"
    finally:
        plane.stop()
