"""A real server, told by gateways that an endpoint fails, and probes that have the last word."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.edns
import pytest

from tests.system.harness import PATIENCE, Backend, Gtm, free_port, until

ZONE = """
zone: gtm.example.com
ttl: 1
nameservers: {ns1: [127.0.0.1]}
regions: {us: {location: [39.04, -77.49]}, eu: {location: [53.35, -6.26]}}
checks:
  web:
    type: http
    port: PORT
    interval: 500ms  # and as long a timeout: on a busy machine an answer may be late
    timeout: 500ms
    passive: {failures: 50%, minimum: 20, window: 2s, hold: 1s}
apps:
  shop:
    topology: spread
    check: web
    services: {orders: {us: [127.0.0.11], eu: [127.0.0.12]}}
latency_feed: {samples: 4}
"""
NAME, US, EU = "orders.gtm.example.com", "127.0.0.11", "127.0.0.12"
LONDON = "198.51.100.0/26"


@dataclass
class Scene:
    """The server, its API over TCP, and its backends."""

    gtm: Gtm
    api: int
    backends: list[Backend]

    def post(self, by: str, path: str, body: object) -> int:
        """What a gateway at a loopback address posts."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.api, timeout=PATIENCE, source_address=(by, 0)
        )
        headers = {"Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    def fail(self, by: str, endpoint: str, region: str, count: int = 40) -> None:
        item = {"service": NAME, "region": region, "endpoint": endpoint, "failed": count}
        assert self.post(by, "/v1/reports", {"reports": [item]}) == 200

    def nearest(self, network: str | None = None) -> str:
        """The answer to a client, or to one of a network."""
        if network is None:
            return self.gtm.address(NAME)
        subnet = dns.edns.ECSOption(*_parts(network))
        return self.gtm.address(NAME, use_edns=0, options=[subnet])


def _parts(network: str) -> tuple[str, int]:
    address, length = network.split("/")
    return address, int(length)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    port, api = free_port(), free_port()
    zones = tmp_path / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE.replace("PORT", str(port)), encoding="utf-8")
    backends = [Backend(address, port) for address in (US, EU)]
    state = str(tmp_path / "state")
    gtm = Gtm(tmp_path, zones, "--api", f"127.0.0.1:{api}", "--state", state)
    scene = Scene(gtm, api, backends)
    try:
        gtm.wait()
        yield scene
    finally:
        for each in {gtm, scene.gtm}:
            each.process.kill()
            each.process.wait(PATIENCE)
        for backend in backends:
            backend.kill()


def test_reports_take_an_endpoint_out_and_probes_put_it_back(scene: Scene) -> None:
    first = scene.nearest()
    region, other = ("us", EU) if first == US else ("eu", US)
    for by in ("127.0.0.2", "127.0.0.3"):
        scene.fail(by, first, region)
    until("the endpoint is out of the answers", lambda: scene.nearest() == other)
    reasons = [record for record in scene.gtm.records() if record["event"] == "endpoint_down"]
    assert (
        "100 % of 80 requests failed in 2 s, reported by 127.0.0.2, 127.0.0.3"
        in (reasons[0]["reason"])
    )
    assert "is held out" in scene.gtm.command("status").stdout
    begun = time.monotonic()
    until("its probes put it back", lambda: scene.nearest() == first)
    assert time.monotonic() - begun < PATIENCE
    assert [record["event"] for record in scene.gtm.records()].count("endpoint_up") >= 1


def test_what_reports_hold_out_stays_out_over_a_restart_and_says_who_decided(
    scene: Scene, tmp_path: Path
) -> None:
    file = tmp_path / "zones" / "gtm.yaml"
    file.write_text(file.read_text().replace("hold: 1s", "hold: 10m"), encoding="utf-8")
    until("the file is loaded", lambda: scene.gtm.events().count("loaded") == 2)
    first = scene.nearest()
    region, other = ("us", EU) if first == US else ("eu", US)
    for by in ("127.0.0.2", "127.0.0.3"):
        scene.fail(by, first, region)
    until("the endpoint is out of the answers", lambda: scene.nearest() == other)
    found = json.loads(scene.gtm.command("history", "--json").stdout)
    assert {event["by"] for event in found["events"] if event["after"] == "down"} == {"reports"}
    assert scene.gtm.stop() == 0
    scene.gtm = Gtm(tmp_path, tmp_path / "zones", "--state", str(tmp_path / "state")).wait()
    assert scene.nearest() == other, "from the first answer on"
    status = scene.gtm.status()
    (service,) = status["zones"][0]["apps"][0]["services"]
    decided = {each["region"]: (each["state"], each["by"]) for each in service["regions"]}
    assert decided == {
        region: ("down", "reports"),
        ("eu" if region == "us" else "us"): ("up", "probe"),
    }
    assert "down (reports)" in scene.gtm.command("status").stdout


def test_one_gateway_that_reports_all_failed_empties_nothing(scene: Scene) -> None:
    first = scene.nearest()
    for _ in range(5):
        for region, endpoint in (("us", US), ("eu", EU)):
            scene.fail("127.0.0.9", endpoint, region, count=1000)
        assert scene.nearest() == first
        time.sleep(0.3)
    assert scene.gtm.metric("gtm_reports_held_out") == 0


def test_latency_that_gateways_measure_moves_their_clients_and_outlives_a_restart(
    scene: Scene, tmp_path: Path
) -> None:
    assert scene.nearest(LONDON) == EU
    items = [
        {"area": "EU-GB", "region": "us", "ms": 3},
        {"area": "EU-GB", "region": "eu", "ms": 300},
    ]
    body = {"samples": items * 4}
    for by in ("127.0.0.2", "127.0.0.3"):
        assert scene.post(by, "/v1/latency", body) == 200
    until("it is followed", lambda: "latency_followed" in scene.gtm.events())
    assert scene.nearest(LONDON) == US
    table = scene.gtm.command("latency").stdout
    assert "EU-GB" in table
    assert "300.0 ms" in table
    explained = scene.gtm.command("explain", NAME, "--client", "198.51.100.1").stdout
    assert "measured for EU-GB" in explained
    assert scene.gtm.stop() == 0
    kept = json.loads((tmp_path / "state" / "latency.json").read_text())
    assert len(kept["cells"]) == 4
    scene.gtm = Gtm(tmp_path, tmp_path / "zones", "--state", str(tmp_path / "state")).wait()
    assert scene.nearest(LONDON) == US, "from the first answer on"
