"""A served world for the dashboard's tests: three regions on loopback, and the page on a port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.harness import Backend, Gtm, free_port, serving

ZONE = """
zone: gtm.example.com
ttl: 5
nameservers: {ns1: [127.0.0.1]}
regions:
  us-east: {location: [39.04, -77.49], capacity: 1000}
  eu-west: {location: [53.35, -6.26], capacity: 1000}
  ap-south: {location: [1.35, 103.82], capacity: 1000}
checks:
  web: {type: http, port: PORT, path: /health, interval: 1s, timeout: 1s, rise: 1, fall: 2}
freeze: {most: 1s}
apps:
  shop:
    topology: replicated
    check: web
    ramp: 0s
    services:
      orders: {us-east: [127.0.0.21], eu-west: [127.0.0.22], ap-south: [127.0.0.23]}
      payments: {us-east: [127.0.0.21], eu-west: [127.0.0.22], ap-south: [127.0.0.23]}
  catalog:
    topology: spread
    check: web
    services:
      search: {us-east: [127.0.0.21], ap-south: [127.0.0.23]}
"""
US, EU, AP = "127.0.0.21", "127.0.0.22", "127.0.0.23"
EU_CLIENT = "198.51.100.65"  # of data/sample.csv: Dublin
NAME = "orders.gtm.example.com"


@dataclass
class Shown:
    """Backends, the server, and where its dashboard is."""

    backends: dict[str, Backend]
    gtm: Gtm
    url: str


@contextmanager
def shown(folder: Path, *arguments: str) -> Iterator[Shown]:
    """The world, served until the end."""
    port, page = free_port(), free_port()
    zones = folder / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE.replace("PORT", str(port)), encoding="utf-8")
    backends = {address: Backend(address, port) for address in (US, EU, AP)}
    state = folder / "state"
    state.mkdir()
    more = ("--api", f"127.0.0.1:{page}", "--state", str(state), *arguments)
    try:
        with serving(folder, zones, *more) as gtm:
            yield Shown(backends, gtm, f"http://127.0.0.1:{page}/")
    finally:
        for backend in backends.values():
            backend.kill()
