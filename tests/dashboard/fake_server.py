"""The dashboard before made-up states, without a DNS server: for looking at it, and for tests.

python -m tests.dashboard.fake_server --port 8099     then open http://127.0.0.1:8099/?
The scene is chosen at the start (`--scene down`) or later: POST /fake/scene?name=all-down
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import random
import time
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

from aiohttp import web

from gtm.dashboard import Pages
from tests.dashboard.scenes import (
    ADDRESSES,
    REGIONS,
    SCENES,
    ZONE,
    Scene,
    overrides,
    status,
    verdict,
)
from tests.dashboard.world import map_of

BOTH = ((f"orders.{ZONE}", 10), (f"payments.{ZONE}", 20))
TOKEN = "gtm_secret"  # the one that the scene "token" wants


class Fake:
    """The API of a made-up server."""

    def __init__(self, scene: str = "calm") -> None:
        """Begins with that scene of SCENES."""
        self.scene = SCENES[scene]
        self.posted: list[Any] = []
        self._readers: set[asyncio.Queue[tuple[str, Any]]] = set()

    def application(self) -> web.Application:
        """To be served."""
        pages, app = Pages(), web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", pages.index),
                web.get("/static/{name:.+}", pages.static),
                web.get("/v1/whoami", self.whoami),
                web.get("/v1/status", self.status),
                web.get("/v1/map", self.map),
                web.get("/v1/traffic", self.traffic),
                web.get("/v1/probes", self.probes),
                web.get("/v1/history", self.history),
                web.get("/v1/overrides", self.overrides),
                web.post("/v1/overrides", self.act),
                web.delete("/v1/overrides", self.act),
                web.get("/v1/events", self.events),
                web.post("/fake/scene", self.choose),
                web.post("/fake/event", self.send),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        sent = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if self.scene.needs_token and request.path.startswith("/v1/") and not sent:
            error = {"error": "cannot answer: a token is needed"}
            return web.json_response(error, status=401, headers={"WWW-Authenticate": "Bearer"})
        answer: web.StreamResponse = await handler(request)
        return answer

    async def whoami(self, _request: web.Request) -> web.Response:
        """GET /v1/whoami."""
        found = {"name": "alice", "via": "token", "scopes": self.scene.scopes}
        return web.json_response({**found, "tokens_needed": self.scene.needs_token})

    async def status(self, request: web.Request) -> web.Response:
        """GET /v1/status."""
        asked = {key: request.query.get(key) for key in ("services", "app", "service")}
        text = status_asked(self.scene, int(time.time()) // 10 * 10, **asked)
        return web.Response(text=text, content_type="application/json")

    async def map(self, request: web.Request) -> web.Response:
        """GET /v1/map."""
        query = {key: request.query.getall(key) for key in request.query}
        return web.json_response(map_of(self.scene, time.time(), query))

    async def traffic(self, request: web.Request) -> web.Response:
        """GET /v1/traffic: a made-up curve."""
        now, long = int(time.time()), int(request.query.get("seconds", "900"))
        step = 1 if long <= 900 else 60
        ticks = [tick(at) for at in range(now - long, now, step)]
        rcodes = {name: [one["rcodes"][name] for one in ticks] for name in ticks[0]["rcodes"]}
        series = {key: [one[key] for one in ticks] for key in ("at", "queries", "p50_us", "p90_us")}
        late = [one["p99_us"] for one in ticks]
        return web.json_response(
            {"now": now, "step": step, **series, "p99_us": late, "rcodes": rcodes,
             "shares": tick(now)["shares"],
             "regions": {name: [one["regions"][name] for one in ticks] for name in REGIONS}}
        )  # fmt: skip

    async def probes(self, request: web.Request) -> web.Response:
        """GET /v1/probes: sixty of each endpoint."""
        now, draw = int(time.time()), random.Random(4)
        names = [request.query.get("service", "")] if request.query.get("service") else []
        found = [
            {
                "service": name, "region": region,
                "endpoint": f"{ADDRESSES[region]}{host + part}",
                "at": list(range(now - 300, now, 5)),
                "latency_ms": [
                    None if region in self.scene.down and place > 20 else draw.gauss(12, 1.5)
                    for place in range(60)
                ],
            }
            for name, host in ([(one, 10) for one in names] or BOTH)
            for region in REGIONS
            for part in range(2)
        ]  # fmt: skip
        return web.json_response({"now": now, "endpoints": found})

    async def history(self, _request: web.Request) -> web.Response:
        """GET /v1/history."""
        now = time.time()
        events = [
            {
                "at": now - 840, "kind": "region", "severity": "critical", "key": region,
                "said": f"{region} is down for shop", "by": "probe", "before": "up",
                "after": "down", "over": False, "zone": ZONE, "app": "shop", "service": "",
                "reason": verdict(self.scene, region, now)["reason"], "region": region,
                "endpoint": "",
            }
            for region in self.scene.down
        ]  # fmt: skip
        return web.json_response({"now": now, "events": events, "damage": None, "unsaved": None})

    async def overrides(self, _request: web.Request) -> web.Response:
        """GET /v1/overrides."""
        now = time.time()
        found = [one.model_dump() for one in overrides(self.scene, now)]
        kept = {"path": "/var/lib/gtm/overrides.json", "damage": None, "unsaved": None}
        return web.json_response({"now": now, "overrides": found, "kept": kept})

    async def act(self, request: web.Request) -> web.Response:
        """POST and DELETE /v1/overrides: only remembered, in `posted`."""
        asked = await request.json() if request.can_read_body else dict(request.query)
        self.posted.append(asked)
        if asked.get("rehearsal") is True:
            return web.json_response({"forced_past": ["this is a picture"]})
        return web.json_response({"error": "cannot drain: this is a picture"}, status=409)

    async def choose(self, request: web.Request) -> web.Response:
        """POST /fake/scene?name=: as if that had happened now."""
        self.scene = SCENES[request.query["name"]]
        self.tell("reload", {"at": time.time(), "ok": True, "error": None})
        self.tell("epoch", {"at": time.time(), "epoch": 42})
        return web.Response(text="ok\n")

    async def send(self, request: web.Request) -> web.Response:
        """POST /fake/event?kind=verdict: sends its body as an event."""
        self.tell(request.query["kind"], await request.json())
        return web.Response(text="ok\n")

    def tell(self, kind: str, data: Any) -> None:
        """Sends an event to every reader."""
        for reader in self._readers:
            reader.put_nowait((kind, data))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/events."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            async for number, (kind, data) in _numbered(self._heard()):
                text = f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"
                await response.write(text.encode())
        return response

    async def _heard(self) -> AsyncIterator[tuple[str, Any]]:
        queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._readers.add(queue)
        try:
            now = time.time()
            hello = {"version": "0.1.0", "plane": "native", "epoch": 41, "now": now}
            yield "hello", {**hello, "zones": [ZONE]}
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), 1)
                except TimeoutError:
                    yield "traffic", tick(time.time())
        finally:
            self._readers.discard(queue)


@cache
def status_asked(
    scene: Scene, now: int, services: str | None, app: str | None, service: str | None
) -> str:
    """The status with less in it, as its query asks; made once in ten seconds."""
    whole = status(scene, now)
    zones = []
    for zone in whole.zones:
        apps = []
        for one in zone.apps:
            kept = [each for each in one.services if service in (None, each.name.rstrip("."))]
            if services == "named":
                kept = [
                    each.model_copy(update={"regions": []})
                    if all(region.state == "up" for region in each.regions)
                    else each
                    for each in kept
                ]
            if app in (None, one.name):
                apps.append(one.model_copy(update={"services": kept}))
        zones.append(zone.model_copy(update={"apps": apps}))
    return whole.model_copy(update={"zones": zones}).model_dump_json()


async def _numbered(events: AsyncIterator[Any]) -> AsyncIterator[tuple[int, Any]]:
    number = 0
    async for event in events:
        number += 1
        yield number, event


def tick(at: float) -> dict[str, Any]:
    """Traffic of one second: some waves and some noise, the same for the same second."""
    draw = random.Random(int(at))
    queries = 9000 + 1500 * math.sin(at / 140) + draw.gauss(0, 160)
    shares = [
        {
            "zone": ZONE,
            "app": "shop",
            "service": f"orders.{ZONE}",
            "region": name,
            "per_second": part,
        }
        for name, part in zip(REGIONS, (4100.0, 2800.0, 1900.0), strict=True)
    ]
    return {
        "at": int(at), "queries": queries,
        "regions": {one["region"]: one["per_second"] for one in shares},
        "p50_us": 24 + draw.random(), "p90_us": 61 + 4 * draw.random(),
        "p99_us": 180 + 30 * draw.random(), "shares": shares,
        "rcodes": {"NOERROR": queries * 0.97, "NXDOMAIN": queries * 0.025, "REFUSED": 20.0},
    }  # fmt: skip


def main() -> None:
    """Serves on loopback until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--scene", choices=sorted(SCENES), default="calm")
    chosen = parser.parse_args()
    web.run_app(Fake(chosen.scene).application(), host="127.0.0.1", port=chosen.port)


if __name__ == "__main__":
    main()
