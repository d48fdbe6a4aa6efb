"""An interface served by AF_XDP (`--xdp`), over a veth pair between two network namespaces.

It takes root, iproute2 (apt-get install iproute2), a kernel with XDP sockets and the native plane.
"""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import pytest

from bench.veth import INTERFACE, SERVER, Lab, lab, why_not
from gtm.planes.choice import why_not_native
from tests.system.harness import GTM, PATIENCE, plain_environment, until

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [10.99.0.1]}
soa: {contact: hostmaster@example.com}
regions: {one: {location: IE}}
apps:
  shop:
    topology: replicated
    services: {orders: {one: [127.0.0.2]}}
records:
  www: {type: A, values: [127.0.0.9]}
  long: {type: TXT, values: [LONG]}
  chain: {type: CNAME, value: orders.gtm.example.com.}
"""
LONG = ", ".join(f"'{number:03}{'x' * 200}'" for number in range(5))  # a kilobyte of text

AF_XDP = 44  # as Linux numbers it; the socket module has no name for it
CANNOT_START = 3  # the exit code
FAMILIES = (socket.AF_INET, socket.AF_INET6)


@cache
def why_no_xdp() -> str | None:
    """Why this machine can't do it; None if it can."""
    if why := why_not_native() or why_not():
        return f"XDP can't be tested: {why}"
    try:
        socket.socket(AF_XDP, socket.SOCK_RAW).close()
    except OSError as error:
        return f"XDP can't be tested: the kernel has no CONFIG_XDP_SOCKETS: {error}"
    return None


@pytest.fixture(params=["driver", "generic"])
def pair(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The namespaces, with a server's interface whose driver runs XDP, and one whose does not."""
    if why := why_no_xdp():
        pytest.skip(why)
    with lab(bridged=request.param == "generic") as made:
        yield made


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    folder = tmp_path / "zones"
    folder.mkdir()
    (folder / "gtm.yaml").write_text(ZONE.replace("LONG", LONG))
    return folder


class Served:
    """`gtm serve --xdp` in the server's namespace."""

    def __init__(self, pair: Lab, zones: Path, *more: str, port: int = 53) -> None:
        self.log = zones.parent / f"{len(list(zones.parent.iterdir()))}.log"
        self.socket = zones.parent / f"{self.log.stem}.sock"
        command = ["ip", "netns", "exec", pair.server, str(GTM), "serve", str(zones)]
        command += ["--listen", f"{SERVER[0]}:{port}", "--listen", f"[{SERVER[1]}]:{port}"]
        command += ["--geoip", "none", "--api", f"unix:{self.socket}", "--xdp", INTERFACE]
        command += ["--log-format", "json", *more]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=plain_environment()
            )

    def answering(self) -> bool:
        return self.process.poll() is not None or '"answering"' in self.log.read_text()

    def counted(self, family: str) -> float:
        """Queries that the interface has answered, by the metric's family."""
        return self.metric(f'gtm_dns_requests_total{{family="{family}",proto="xdp"')

    def metric(self, start: str) -> float:
        """The sum of the metrics that begin so."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.socket))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: gtm\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        return sum(float(each.rsplit(" ", 1)[1]) for each in text.splitlines() if start in each)


@contextmanager
def served(pair: Lab, zones: Path, *more: str) -> Iterator[Served]:
    """A server that answers; killed at the end if it still runs."""
    server = Served(pair, zones, *more)
    try:
        until("answering", server.answering)
        assert server.process.poll() is None, server.log.read_text()
        yield server
    finally:
        server.process.kill()
        server.process.wait(PATIENCE)


def ask(
    pair: Lab, family: int, name: str, kind: str = "A", size: int = 1232
) -> dns.message.Message:
    """Asks over UDP from the client's namespace; only the address that was asked is heard."""
    query = dns.message.make_query(f"{name}.gtm.example.com", kind, use_edns=0, payload=size)
    with pair.socket(pair.client, family, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect((SERVER[FAMILIES.index(family)], 53))
        client.send(query.to_wire())
        return dns.message.from_wire(client.recv(4096))


def addresses(answer: dns.message.Message) -> list[str]:
    return [each.to_text() for rrset in answer.answer for each in rrset]


def test_queries_over_ipv4_and_ipv6_are_answered_by_the_interface(pair: Lab, zones: Path) -> None:
    with served(pair, zones) as server:
        for number, family in enumerate(FAMILIES):
            assert addresses(ask(pair, family, "orders")) == ["127.0.0.2"]
            assert addresses(ask(pair, family, "www")) == ["127.0.0.9"]
            assert len(ask(pair, family, "long", "TXT").answer[0]) == 5
            assert server.counted(str(number + 1)) == 3


def test_what_is_answered_by_the_book_comes_back_too(pair: Lab, zones: Path) -> None:
    with served(pair, zones) as server:
        for number, family in enumerate(FAMILIES):
            found = addresses(ask(pair, family, "chain"))
            assert found == ["orders.gtm.example.com.", "127.0.0.2"]
            assert server.counted(str(number + 1)) == 1


@pytest.mark.parametrize("name", ["www", "chain"])
def test_a_flood_is_limited_there_too(pair: Lab, zones: Path, name: str) -> None:
    """Also of what is answered by the book."""
    query = dns.message.make_query(f"{name}.gtm.example.com", "A").to_wire()
    with (
        served(pair, zones, "--rate-limit", "1", "--rate-limit-slip", "1") as server,
        pair.socket(pair.client, socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(PATIENCE)
        client.connect((SERVER[0], 53))
        cut = 0
        for _ in range(50):
            client.send(query)
            answer = dns.message.from_wire(client.recv(4096))
            cut += bool(answer.flags & dns.flags.TC)
            assert bool(answer.answer) != bool(answer.flags & dns.flags.TC)
        assert 0 < cut < 50
        action = 'gtm_dns_rate_limited_total{action="cut",family="1",proto="xdp"'
        assert server.metric(action) == cut


def test_everything_else_goes_on_as_without_it(pair: Lab, zones: Path) -> None:
    with served(pair, zones) as server:
        query = dns.message.make_query("www.gtm.example.com", "A")
        for family, to in zip(FAMILIES, SERVER, strict=True):
            with pair.socket(pair.client, family, socket.SOCK_STREAM) as client:
                client.settimeout(PATIENCE)
                client.connect((to, 53))
                assert addresses(dns.query.tcp(query, to, sock=client)) == ["127.0.0.9"]
            with (
                pair.socket(pair.server, family, socket.SOCK_DGRAM) as other,
                pair.socket(pair.client, family, socket.SOCK_DGRAM) as client,
            ):
                other.settimeout(PATIENCE)
                other.bind((to, 5353))
                client.sendto(b"another port", (to, 5353))
                assert other.recv(64) == b"another port"
        assert pinged(pair)
        assert server.counted("1") == server.counted("2") == 0


def pinged(pair: Lab) -> bool:
    """Whether the server's kernel answers an ICMP echo request (RFC 792)."""
    with pair.socket(pair.client, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as client:
        client.settimeout(PATIENCE)
        message = struct.pack("!BBHHH", 8, 0, 0, 0x6774, 1)
        check = 0xFFFF - sum(struct.unpack("!4H", message)) % 0xFFFF
        client.sendto(struct.pack("!BBHHH", 8, 0, check, 0x6774, 1), (SERVER[0], 0))
        while True:
            packet, (sender, _) = client.recvfrom(256)
            if sender == SERVER[0] and packet[20] == 0:
                return True


def test_a_query_in_fragments_is_answered_by_the_kernels_way(pair: Lab, zones: Path) -> None:
    query = dns.message.make_query("www.gtm.example.com", "A", use_edns=0, pad=2500)
    with served(pair, zones) as server:
        with pair.socket(pair.client, socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(PATIENCE)
            client.connect((SERVER[0], 53))
            client.send(query.to_wire(max_size=4096))
            assert addresses(dns.message.from_wire(client.recv(4096))) == ["127.0.0.9"]
        assert server.counted("1") == 0


@pytest.mark.parametrize("ending", ["terminate", "kill"])
def test_the_interface_is_given_back_when_the_server_ends(
    pair: Lab, zones: Path, ending: str
) -> None:
    with served(pair, zones) as server:
        assert pair.attached()
        getattr(server.process, ending)()
        server.process.wait(PATIENCE)
        until("the program is detached", lambda: not pair.attached())


def test_an_interface_that_another_has_is_not_taken(pair: Lab, zones: Path) -> None:
    with served(pair, zones):
        second = Served(pair, zones, port=5353)
        assert second.process.wait(PATIENCE) == CANNOT_START
    said = " ".join(second.log.read_text().split())
    assert f"cannot serve {INTERFACE} by XDP: another XDP program is attached to it" in said
