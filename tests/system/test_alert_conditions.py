"""A webhook hears of what no verdict tells: kept databases, held drains, and its own removal."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.system.harness import Gtm, free_port, serving, until
from tests.worlds import SAMPLE

ZONE = """
zone: gtm.example.com
ttl: {min: 1, max: 9}
nameservers: {ns1: [127.0.0.1]}
regions: {us: {location: US}, eu: {location: IE}, ap: {location: SG}}
safety: {min_regions: 2}
checks: {web: {type: tcp, port: PORT}}
apps:
  shop:
    topology: replicated
    services: {orders: {us: 127.0.0.11, eu: 127.0.0.12, ap: 127.0.0.13}}
"""
WHY = ("--reason", "kernel update", "--by", "alice")


class Hook:
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                outer.messages.append(json.loads(self.rfile.read(length)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def hears(self, status: str, key: str) -> dict[str, Any]:
        """Waits for a message; gives it."""

        def found() -> list[dict[str, Any]]:
            return [
                each for each in self.messages if (each["status"], each["key"]) == (status, key)
            ]

        until(f"{status} {key}", lambda: bool(found()))
        return found()[0]


@dataclass
class Scene:
    """The server, its files and its webhook."""

    gtm: Gtm
    hook: Hook
    zone: Path
    database: Path


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    hook, zones = Hook(), tmp_path / "zones"
    zones.mkdir()
    database = tmp_path / "geo.mmdb"
    shutil.copy(SAMPLE, database)
    text = ZONE.replace("PORT", str(free_port()))
    port = hook.server.server_address[1]
    receiver = f"{{type: webhook, url: 'http://127.0.0.1:{port}/', group_wait: 100ms}}"
    (zones / "gtm.yaml").write_text(f"{text}alerts: {{hook: {receiver}}}\n")
    try:
        with serving(tmp_path, zones, geoip=str(database)) as gtm:
            yield Scene(gtm, hook, zones / "gtm.yaml", database)
    finally:
        hook.server.shutdown()
        hook.server.server_close()


def replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(data)
    beside.replace(path)


def test_a_database_that_can_not_be_read_is_told_and_so_is_its_end(scene: Scene) -> None:
    replace(scene.database, b"this is no database" * 100)
    told = scene.hook.hears("firing", "gtm/reload/geo")
    assert "the geo database could not be loaded: cannot " in told["text"][0]
    assert scene.gtm.ask("orders.gtm.example.com").answer
    replace(scene.database, SAMPLE.read_bytes())
    scene.hook.hears("resolved", "gtm/reload/geo")


def test_a_drain_that_safety_holds_back_is_told_and_so_is_its_end(scene: Scene) -> None:
    drain = ("drain", "region/eu", "--planned", *WHY)
    assert scene.gtm.command(*drain).returncode == 0
    # safety foresees the planned drain, so that the next word has to be forced
    down = ("force", "down", "region/ap", "--force", *WHY)
    assert scene.gtm.command(*down).returncode == 0
    told = scene.hook.hears("firing", "gtm/override/region/eu/held")
    assert told["severity"] == "warning"
    assert told["text"][0].startswith("the drain of region/eu is held back by safety: ")
    assert "(override by alice)" in told["text"][0]
    assert scene.gtm.command("undrain", "region/ap").returncode == 0
    scene.hook.hears("resolved", "gtm/override/region/eu/held")


def test_a_receiver_that_is_removed_is_told_so_about_what_is_open(scene: Scene) -> None:
    with_check = scene.zone.read_text().replace(
        "topology: replicated", "topology: replicated\n    check: web"
    )
    replace(scene.zone, with_check.encode())
    scene.hook.hears("firing", "gtm/region/eu")
    without = with_check[: with_check.index("alerts:")]
    replace(scene.zone, without.encode())
    told = scene.hook.hears("resolved", "gtm/region/eu")
    assert told["text"][0].startswith("shop in eu is no longer reported: ")
