"""A region that answers its probes slowly loses its clients, as dig sees it, and gets them back."""

from __future__ import annotations

import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.system.harness import PATIENCE, Gtm, free_port, needs, serving, until

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
regions:
  us-east: {location: [39.04, -77.49]}
  eu-west: {location: [53.35, -6.26]}
checks:
  web: {type: http, port: PORT, interval: 250ms, timeout: 250ms, fall: 10}
apps:
  shop:
    topology: replicated
    check: web
    steering: {latency_weight: 2}
    services:
      orders: {us-east: [127.0.0.21], eu-west: [127.0.0.22]}
  pages:
    topology: spread
    check: web
    balance: ewma
    services:
      static: {us-east: [127.0.0.21, 127.0.0.22]}
"""
US, EU = "127.0.0.21", "127.0.0.22"


class SlowBackend:
    """An HTTP server that waits for `delay` seconds before it answers."""

    def __init__(self, address: str, port: int) -> None:
        self.delay = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(outer.delay)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *arguments: object) -> None: ...

            def handle_error(self, *arguments: object) -> None: ...

        self._server = ThreadingHTTPServer((address, port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def dig(server: Gtm, name: str) -> str:
    """What dig prints for a client in London."""
    command = [needs("dig", "bind9-dnsutils"), "@127.0.0.1", "-p", str(server.port), "+short"]
    command += ["+subnet=198.51.100.0/26", f"{name}.gtm.example.com"]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE).stdout.strip()


def test_clients_leave_a_slow_region_and_return_when_it_is_fast(tmp_path: Path) -> None:
    port = free_port()
    zones = tmp_path / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE.replace("PORT", str(port)), encoding="utf-8")
    us, eu = SlowBackend(US, port), SlowBackend(EU, port)
    try:
        with serving(tmp_path, zones) as server:
            assert dig(server, "orders") == EU
            eu.delay = 0.12
            until("clients of eu-west moved", lambda: dig(server, "orders") == US)
            said = server.get("/v1/explain?name=orders.gtm.example.com&client=198.51.100.1")[1]
            assert "service times count, times 2: us-east" in said
            metric = 'gtm_region_service_time_seconds{region="eu-west",zone="gtm.example.com."}'
            assert server.metric(metric) > 0.04
            labels = f'endpoint="{EU}",region="eu-west",service="orders.gtm.example.com."'
            smoothed = f'gtm_endpoint_latency_ewma_seconds{{{labels},zone="gtm.example.com."}}'
            assert server.metric(smoothed) > 0.04
            where = 'region="eu-west",service="orders.gtm.example.com.",zone="gtm.example.com."'
            assert server.metric(f"gtm_service_latency_ewma_seconds{{{where}}}") > 0.04
            where = 'app="shop",region="eu-west",zone="gtm.example.com."'
            assert server.metric(f"gtm_region_latency_ewma_seconds{{{where}}}") > 0.04
            (app,) = [a for a in server.status()["zones"][0]["apps"] if a["name"] == "shop"]
            times = {region["region"]: region["service_ms"] for region in app["regions"]}
            assert times["eu-west"] > 40 > times["us-east"]
            until("the slow one gets less", lambda: slow_share(server) < 0.4)
            eu.delay = 0.0
            until("clients of eu-west returned", lambda: dig(server, "orders") == EU)
    finally:
        us.stop()
        eu.stop()


def slow_share(server: Gtm) -> float:
    """The part of 200 answers that have the slow endpoint."""
    found = [server.address("static.gtm.example.com") for _ in range(200)]
    return found.count(EU) / len(found)
