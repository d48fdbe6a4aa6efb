"""A world of three regions on loopback, and a server that steers between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.harness import Backend, Gtm, free_port, serving

ZONE = """
zone: gtm.example.com
ttl: 30
nameservers: {ns1: [127.0.0.1]}
regions:
  us-east: {location: [39.04, -77.49]}
  eu-west: {location: [53.35, -6.26]}
  ap-south: {location: [1.35, 103.82]}
checks:
  web: {type: http, port: PORT, path: /health, interval: 200ms, timeout: 150ms, rise: 2, fall: 2}
freeze: {most: 1s}
apps:
  shop:
    topology: replicated
    check: web
    ramp: 0s
    services:
      orders: {us-east: [127.0.0.11], eu-west: [127.0.0.12], ap-south: [127.0.0.13]}
      payments: {us-east: [127.0.0.11], eu-west: [127.0.0.12], ap-south: [127.0.0.13]}
  media:
    topology: spread
    services:
      images: {us-east: [192.0.2.40], eu-west: [images.eu.cdn.example.net.]}
records:
  www: {type: CNAME, value: orders.gtm.example.com.}
  "*.dev": {type: A, ttl: 300, values: [192.0.2.99]}
  note: {type: TXT, value: FIRST}
"""
# On a busy machine an answer may be late: only what is down for a second is to be noticed here.
UNHURRIED = "interval: 500ms, timeout: 500ms"
US, EU, AP = "127.0.0.11", "127.0.0.12", "127.0.0.13"


@dataclass
class World:
    """Three backends, their zone, and the server."""

    backends: dict[str, Backend]
    zones: Path
    text: str
    gtm: Gtm

    def write(self, text: str) -> None:
        """Saves the zone as an editor does: beside it, then over it."""
        beside = self.zones / ".gtm.yaml.swp"
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.zones / "gtm.yaml")


both_planes = pytest.mark.parametrize("world", ["auto", "python"], indirect=True)


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """Answered by the native plane where it is built, or by the one that `both_planes` names."""
    port = free_port()
    zones = tmp_path / "zones"
    zones.mkdir()
    text = ZONE.replace("PORT", str(port)).replace("interval: 200ms, timeout: 150ms", UNHURRIED)
    (zones / "gtm.yaml").write_text(text, encoding="utf-8")
    backends = {address: Backend(address, port) for address in (US, EU, AP)}
    try:
        with serving(tmp_path, zones, "--plane", getattr(request, "param", "auto")) as gtm:
            yield World(backends, zones, text, gtm)
    finally:
        for backend in backends.values():
            backend.kill()
