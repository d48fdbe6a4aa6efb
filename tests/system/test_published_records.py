"""HTTPS, SVCB and SRV records of services as dig and kdig read them, while backends die."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.edns
import pytest

from tests.system.conftest import both_planes
from tests.system.harness import Backend, Gtm, free_port, needs, serving, until

HERE, SPARE, THERE = "127.0.20.1", "127.0.20.2", "127.0.21.1"
LONDON = "198.51.100.0/26"
ZONE = """
zone: gtm.example.com
ttl: 1
nameservers: {{ns1: [192.0.2.53]}}
whoami: {{allow: [127.0.0.1]}}
regions: {{eu-west: {{location: IE}}, us-east: {{location: US-VA}}}}
checks:
  api: {{type: http, port: {port}, interval: 500ms, timeout: 500ms, rise: 1, fall: 2}}
freeze: {{most: 1s}}
apps:
  shop:
    topology: replicated
    check: api
    ramp: 0s
    https: {{alpn: [h2, h3], port: 8443, mandatory: [port]}}
    services:
      orders:
        alias: true
        srv: {{_grpc._tcp: {{port: 8443}}}}
        svcb: {{_dns: {{alpn: [dot]}}}}
        eu-west: [{here}, {spare}]
        us-east: [{there}]
"""


class World:
    """A server with its backends."""

    def __init__(self, gtm: Gtm, backends: dict[str, Backend]) -> None:
        self.gtm, self.backends = gtm, backends

    def asked(self, program: str, name: str, rrtype: str, *more: str) -> str:
        """What a program prints of a client in London."""
        command = [program, "@127.0.0.1", "-p", str(self.gtm.port), f"+subnet={LONDON}"]
        found = subprocess.run(
            [*command, *more, name, rrtype], capture_output=True, text=True, timeout=20, check=True
        )
        return found.stdout

    def hints(self, name: str = "orders.gtm.example.com") -> set[str]:
        """The IPv4 hints of the HTTPS record, as dnspython reads it."""
        option = dns.edns.ECSOption("198.51.100.0", 26)
        (rrset,) = self.gtm.ask(name, "HTTPS", options=[option]).answer
        return set(re.findall(r"127\.\d+\.\d+\.\d+", rrset.to_text()))

    def targets(self) -> list[tuple[int, str]]:
        """Priorities and targets of the SRV records."""
        option = dns.edns.ECSOption("198.51.100.0", 26)
        name = "_grpc._tcp.orders.gtm.example.com"
        (rrset,) = self.gtm.ask(name, "SRV", options=[option]).answer
        return sorted((one.priority, one.target.to_text().partition(".")[0]) for one in rrset)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Two regions, one with two backends."""
    port = free_port()
    backends = {address: Backend(address, port) for address in (HERE, SPARE, THERE)}
    zones = tmp_path / "zones"
    zones.mkdir()
    text = ZONE.format(port=port, here=HERE, spare=SPARE, there=THERE)
    (zones / "gtm.yaml").write_text(text, encoding="utf-8")
    plane = getattr(request, "param", "auto")
    try:
        with serving(tmp_path, zones, "--plane", plane) as gtm:
            yield World(gtm, backends)
    finally:
        for backend in backends.values():
            backend.kill()


@both_planes
def test_hints_and_targets_leave_out_what_died_and_take_back_what_revived(world: World) -> None:
    assert world.hints() == {HERE, SPARE}
    assert world.targets() == [(1, "127-0-20-1"), (1, "127-0-20-2"), (2, "127-0-21-1")]
    world.backends[HERE].kill()
    until("the dead backend is no hint", lambda: world.hints() == {SPARE})
    until("nor a target", lambda: world.targets() == [(1, "127-0-20-2"), (2, "127-0-21-1")])
    assert world.hints("gtm.example.com") == {SPARE}, "the apex is the service"
    world.backends[SPARE].kill()
    until("the other region is hinted", lambda: world.hints() == {THERE})
    until("and alone the target", lambda: world.targets() == [(1, "127-0-21-1")])
    assert world.gtm.address("127-0-20-1.eu-west.orders.gtm.example.com") == HERE
    world.backends[HERE].start()
    until("the region is back", lambda: world.hints() == {HERE})
    until("with the other behind it", lambda: world.targets()[1:] == [(2, "127-0-21-1")])


@both_planes
def test_dig_reads_the_records(world: World) -> None:
    dig = needs("dig", "bind9-dnsutils")
    https = world.asked(dig, "orders.gtm.example.com", "HTTPS", "+short")
    params = rf'1 . mandatory=port alpn="h2,h3" port=8443 ipv4hint={HERE},{SPARE}'
    assert https.strip() == params
    assert world.asked(dig, "gtm.example.com", "HTTPS", "+short").strip() == params
    svcb = world.asked(dig, "_dns.orders.gtm.example.com", "SVCB", "+short")
    assert svcb.strip() == f'1 orders.gtm.example.com. alpn="dot" ipv4hint={HERE},{SPARE}'
    srv = world.asked(dig, "_grpc._tcp.orders.gtm.example.com", "SRV", "+short").splitlines()
    assert srv[-1] == "2 1 8443 127-0-21-1.us-east.orders.gtm.example.com."


def test_kdig_reads_the_records(world: World) -> None:
    kdig = needs("kdig", "knot-dnsutils")
    https = world.asked(kdig, "orders.gtm.example.com", "HTTPS", "+short")
    assert https.split()[:2] == ["1", "."] and f"ipv4hint={HERE},{SPARE}" in https
    srv = world.asked(kdig, "_grpc._tcp.orders.gtm.example.com", "SRV", "+short").splitlines()
    assert srv[-1] == "2 1 8443 127-0-21-1.us-east.orders.gtm.example.com."
    whole = world.asked(kdig, "_dns.orders.gtm.example.com", "SVCB")
    assert "WARNING" not in whole and "status: NOERROR" in whole


@both_planes
def test_whoami_says_what_the_server_sees(world: World) -> None:
    dig = needs("dig", "bind9-dnsutils")
    lines = world.asked(dig, "whoami.gtm.example.com", "TXT", "+short").splitlines()
    found = dict(line.strip('"').split("=", 1) for line in lines)
    assert found["address"] == "127.0.0.1" and found["subnet"] == LONDON
    assert found["shop"].startswith("eu-west ")
    assert int(found["epoch"]) == world.gtm.status()["epoch"]
    refused = world.asked(dig, "whoami.gtm.example.com", "TXT", "-b", "127.0.0.2")
    assert "NXDOMAIN" in refused


def test_the_api_explains_and_metrics_count_the_records(world: World) -> None:
    world.hints()
    world.targets()
    path = "/v1/explain?name=_grpc._tcp.orders.gtm.example.com&type=SRV&client=198.51.100.1"
    status, body = world.gtm.get(path)
    assert status == 200 and json.loads(body)["steering"]["regions_picked"] == ["eu-west"]
    _, metrics = world.gtm.get("/metrics")
    for rrtype in ("HTTPS", "SRV"):
        assert re.search(rf'gtm_dns_requests_total{{[^}}]*type="{rrtype}"', metrics), rrtype
