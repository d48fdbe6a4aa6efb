"""The live calls over a socket: their forms, their mistakes, and readers of events that hang."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from gtm.api import events
from gtm.api.app import Api
from gtm.history import History
from gtm.live.feed import MOST_READERS
from gtm.live.live import Live
from gtm.model import State
from tests.unit.control.test_controller import Stage
from tests.worlds import NobodyTold, eventually

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US-VA}, eu: {location: IE, capacity: 100}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: replicated
    check: up
    services: {orders: {us: [192.0.2.1], eu: [198.51.100.1]}}
  catalog:
    topology: spread
    check: up
    steering: {policy: weighted, weights: {us: 3, eu: 1}}
    services:
      search: {us: [192.0.2.2], eu: [198.51.100.2]}
      images: {us: [192.0.2.3]}
"""


def noon() -> float:
    return 1_800_000_000.0


@dataclass
class Scene:
    """A controller, what is watched of it, and the API in front."""

    stage: Stage
    live: Live
    server: BaseTestServer

    async def get(self, path: str, status: int = 200) -> dict[str, Any]:
        url = self.server.make_url(path)
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == status
            found: dict[str, Any] = await response.json()
            return found

    @asynccontextmanager
    async def events(self, query: str = "", **headers: str) -> AsyncIterator[asyncio.StreamReader]:
        """A stream, behind its head."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"GET /v1/events{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode())
        assert b" 200 OK" in await reader.readuntil(b"\r\n\r\n")
        try:
            yield reader
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def event(reader: asyncio.StreamReader, kind: str) -> dict[str, Any]:
    """The next event of that kind."""
    while True:
        text = (await reader.readuntil(b"\n\n")).decode()
        if found := re.search(rf"event: {kind}\ndata: (.*)\n", text):
            data: dict[str, Any] = json.loads(found[1])
            return data


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    stage = Stage(tmp_path)
    stage.write(ZONE)
    live = Live(stage.controller, noon)
    api = Api(stage.controller, [], noon, History(None, noon), NobodyTold(), live=live)
    await stage.controller.start()
    async with TestServer(api.application(), host="127.0.0.1") as server:
        yield Scene(stage, live, server)


async def test_the_map_is_of_the_first_app_where_nothing_is_said(scene: Scene) -> None:
    found = await scene.get("/v1/map")
    assert (found["app"], found["service"], found["policy"]) == ("shop", None, "nearest")
    assert (found["weighed_by"], found["moved"], found["warnings"]) == ("networks", None, [])
    codes = {place["code"] for place in found["places"]}
    assert {"NA-US-VA", "EU-GB"} <= codes
    place = next(each for each in found["places"] if each["code"] == "EU-GB")
    assert (place["country"], place["regions"], place["regions_if"]) == ("GB", {"eu": 1.0}, None)
    assert sum(place["weight"] for place in found["places"]) == pytest.approx(1.0)


async def test_the_map_without_a_region(scene: Scene) -> None:
    found = await scene.get("/v1/map?service=search&down=us")
    assert (found["app"], found["service"]) == ("catalog", "search.gtm.example.com")
    assert [each["share"] for each in found["regions"]] == [0.75, 0.25]
    assert [each["share_if"] for each in found["regions"]] == [0.0, 1.0]
    assert found["moved"] == 0.75
    assert {tuple(each["regions_if"].items()) for each in found["places"]} == {(("eu", 1.0),)}
    assert found["warnings"] == ["nobody knows whether capacity holds: no region's load is known"]


async def test_where_clients_would_be_with_every_region_up(scene: Scene) -> None:
    scene.stage.checker.change("192.0.2.1", State.DOWN)
    await asyncio.sleep(0)
    found = await scene.get("/v1/map?app=shop")
    place = next(each for each in found["places"] if each["code"] == "NA-US-VA")
    assert (place["regions"], place["regions_all_up"]) == ({"eu": 1.0}, {"us": 1.0})
    state = next(each for each in found["regions"] if each["name"] == "us")
    assert state["state"] == "down" and "192.0.2.1" in state["reason"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("app=shopp", "there is no app 'shopp'; did you mean `shop`?"),
        ("zone=nope", "there is no zone 'nope'; there are gtm.example.com"),
        ("app=shop&service=ordres", "no service of shop 'ordres'; did you mean `orders`?"),
        ("down=us-east", "there is no region 'us-east'"),
        ("what=1", "there is no such key here"),
    ],
)
async def test_a_map_of_what_is_not_there_is_refused(scene: Scene, query: str, said: str) -> None:
    assert said in (await scene.get(f"/v1/map?{query}", 400))["error"]


async def test_names_are_taken_with_a_dot_at_the_end_too(scene: Scene) -> None:
    query = "zone=GTM.example.com.&service=images.gtm.example.com."
    found = await scene.get(f"/v1/map?{query}")
    assert (found["zone"], found["service"]) == ("gtm.example.com", "images.gtm.example.com")
    assert (await scene.get(f"/v1/probes?{query}"))["left_off"] == 0
    assert (await scene.get(f"/v1/traffic?{query}"))["shares"] == []


async def test_probes_are_told_by_endpoint_and_bounded(scene: Scene) -> None:
    found = await scene.get("/v1/probes")
    assert len(found["endpoints"]) == 5 and found["left_off"] == 0
    first = found["endpoints"][0]
    assert (first["service"], first["region"], first["endpoint"]) == (
        "orders.gtm.example.com", "us", "192.0.2.1",
    )  # fmt: skip
    assert len(first["at"]) == len(first["latency_ms"])
    few = await scene.get("/v1/probes?limit=2&app=catalog")
    assert (len(few["endpoints"]), few["left_off"]) == (2, 1)


async def test_traffic_has_a_number_for_each_time_in_each_list(scene: Scene) -> None:
    for _ in range(2):
        await scene.live.traffic.step()
    found = await scene.get("/v1/traffic?seconds=60")
    lists = [found["queries"], found["p50_us"], *found["rcodes"].values()]
    assert {len(each) for each in lists} == {len(found["at"])}
    assert (await scene.get("/v1/traffic?seconds=3600"))["step"] == 60
    refused = await scene.get("/v1/traffic?seconds=90000", 400)
    assert "less than or equal to 86400" in refused["error"]


async def test_events_begin_with_hello_and_go_on(scene: Scene) -> None:
    async with scene.events("?kinds=epoch,reload") as reader:
        hello = await event(reader, "hello")
        assert (hello["zones"], hello["epoch"]) == (["gtm.example.com"], 1)
        assert (await scene.stage.controller.loader.load()).error is None
        assert (await event(reader, "epoch"))["epoch"] == 2
        assert (await event(reader, "reload")) == {"at": 1000.0, "ok": True, "error": None}
    await eventually(lambda: len(scene.live.feed) == 0)


async def test_a_number_from_elsewhere_is_answered_with_a_gap(scene: Scene) -> None:
    for last in ("7", "x", "9" * 40, "-1"):
        async with scene.events(**{"Last-Event-ID": last}) as reader:
            assert await event(reader, "gap") == {"event": "gap"}


async def test_there_is_room_for_so_many_readers_and_metrics_count_them(scene: Scene) -> None:
    for _ in range(MOST_READERS):
        scene.live.feed.join(None, None, lambda: None)
    found = await scene.get("/v1/events", 503)
    assert "64 readers are connected" in found["error"]
    url = scene.server.make_url("/metrics")
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        page = await response.text()
    assert "gtm_event_readers 64.0" in page
    assert "gtm_event_readers_cut_off_total 0.0" in page


async def test_a_reader_that_takes_nothing_is_cut_off_and_holds_nobody_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PATIENCE", 0.1)
    feed = scene.live.feed
    hanging = socket.create_connection(("127.0.0.1", scene.server.port or 0))
    hanging.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    hanging.sendall(b"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    async with scene.events() as reader:
        await event(reader, "hello")
        await eventually(lambda: len(feed) == 2)
        number = 0
        while not feed.cut_off:
            number += 1
            feed.publish("alert", partial(dict, n=number, x="x" * 60_000))
            assert (await event(reader, "alert"))["n"] == number
    hanging.close()
    await eventually(lambda: len(feed) == 0)
    assert feed.cut_off == 1


async def test_a_reader_that_is_too_far_behind_is_cut_off_at_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gtm.live.feed.BEHIND", 5)
    feed = scene.live.feed
    async with scene.events() as reader:
        await event(reader, "hello")
        for _ in range(10):  # more than it may be behind, before it can be sent any
            feed.publish("alert", dict)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            while True:
                await event(reader, "alert")
    assert (feed.cut_off, len(feed)) == (1, 0)
    assert not caplog.records, "nothing to tell anybody"


async def test_head_gets_the_headers_alone(scene: Scene) -> None:
    url = scene.server.make_url("/v1/events")
    async with aiohttp.ClientSession() as session, session.head(url) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
    assert len(scene.live.feed) == 0


async def test_streams_end_when_the_server_stops(scene: Scene) -> None:
    async with scene.events() as reader:
        await event(reader, "hello")
        await scene.server.close()
        assert (await reader.read()).endswith(b"0\r\n\r\n"), "the end, as HTTP has it"
