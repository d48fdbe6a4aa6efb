"""`/v1/reports` and `/v1/latency` over loopback: what is taken, what is refused, and how."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer
from hypothesis import given
from hypothesis import strategies as st

from gtm.api import feeds
from gtm.api.app import Api
from gtm.api.metrics import page
from gtm.api.models import LatencyRequest, ReportsRequest
from gtm.api.route import LARGE_BODY
from gtm.api.validated import body_of
from gtm.cli.feedsview import feeds_line, latency_view
from gtm.cli.output import screen
from gtm.errors import UsageError
from gtm.feeds.limits import REQUESTS
from gtm.history import History
from gtm.model import State
from tests.unit.control.test_controller import Stage
from tests.worlds import NobodyTold

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80, passive: {minimum: 10}}, plain: {type: tcp, port: 81}}
apps:
  shop:
    topology: spread
    check: up
    services: {orders: {us: [192.0.2.1], eu: [198.51.100.1]}}
  other: {topology: spread, check: plain, services: {search: {us: [192.0.2.9]}}}
latency_feed: {samples: 10}
"""
ORDERS = {"service": "orders.gtm.example.com", "region": "us", "endpoint": "192.0.2.1"}


class Scene:
    """A controller, and the API in front of it."""

    def __init__(self, stage: Stage, server: BaseTestServer) -> None:
        self.stage, self.controller, self._server = stage, stage.controller, server

    async def post(
        self, path: str, body: Any, by: str = "127.0.0.1", kind: str = "application/json"
    ) -> tuple[int, dict[str, Any], Any]:
        """Status, body and headers of what a reporter at a loopback address posts."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connector = aiohttp.TCPConnector(local_addr=(by, 0))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post(
                self._server.make_url(path), data=data, headers={"Content-Type": kind}
            ) as response,
        ):
            text = await response.text()
            found = json.loads(text) if text.startswith("{") else {"error": text}
            return response.status, found, response.headers

    async def get(self, path: str) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(self._server.make_url(path)) as response,
        ):
            found: dict[str, Any] = await response.json()
            return found


def noon() -> float:
    return 1000.0


@asynccontextmanager
async def serving(stage: Stage) -> AsyncIterator[Scene]:
    await stage.controller.start()
    api = Api(stage.controller, [], noon, History(None, noon), NobodyTold())
    async with TestServer(api.application(), host="127.0.0.1") as server:
        yield Scene(stage, server)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    stage = Stage(tmp_path)
    stage.write(ZONE)
    async with serving(stage) as found:
        yield found


def failed(count: int = 100, **more: object) -> dict[str, Any]:
    return {"reports": [{**ORDERS, "ok": 0, "failed": count, **more}]}


async def test_two_reporters_take_an_endpoint_out_and_everything_says_so(scene: Scene) -> None:
    for by in ("127.0.0.2", "127.0.0.3"):
        status, found, _ = await scene.post("/v1/reports", failed(), by)
        assert (status, found["taken"], found["refused_count"]) == (200, 1, 0)
    scene.controller.follow_reports()
    scene.controller.writer._apply()
    health = scene.controller.compiled.apps["gtm.example.com.", "shop"].health
    verdict = health.services["orders"]["us"].verdict
    assert verdict.state is State.DOWN
    assert "100 % of 200 requests failed in 30 s, reported by 127.0.0.2, 127.0.0.3" in (
        verdict.reason
    )
    status_now = await scene.get("/v1/status")
    assert status_now["feeds"]["held"][0]["endpoint"] == "192.0.2.1:80"
    assert {one["reporter"] for one in status_now["feeds"]["reporters"]} == {
        "127.0.0.2",
        "127.0.0.3",
    }
    metrics = page(scene.controller, NobodyTold()).decode()
    assert "gtm_reports_held_out 1.0" in metrics
    assert 'gtm_reporter_items_total{reporter="127.0.0.2"} 1.0' in metrics


async def test_what_is_not_served_is_refused_by_name_and_the_rest_counts(scene: Scene) -> None:
    gone = {**ORDERS, "endpoint": "192.0.2.77", "failed": 1}
    plain = {"service": "search.gtm.example.com", "region": "us", "endpoint": "192.0.2.9"}
    status, found, _ = await scene.post("/v1/reports", {"reports": [gone, ORDERS, plain]})
    assert (status, found["taken"], found["refused_count"]) == (200, 1, 2)
    assert [one["index"] for one in found["refused"]] == [0, 2]
    assert "has no endpoint '192.0.2.77' in us" in found["refused"][0]["why"]
    assert "its check has no `passive`" in found["refused"][1]["why"]
    assert scene.controller.feeds.reports.items_refused == 2


BAD_REPORTS = [
    ({"failed": -1}, "reports.1.failed"),
    ({"failed": True}, "reports.1.failed"),
    ({"failed": 1.5}, "reports.1.failed"),
    ({"failed": 10**30}, "reports.1.failed"),
    ({"ok": "many"}, "reports.1.ok"),
    ({"latency_ms": float("nan")}, "reports.1.latency_ms"),
    ({"latency_ms": float("inf")}, "reports.1.latency_ms"),
    ({"latency_ms": -4}, "reports.1.latency_ms"),
    ({"endpoint": None}, "reports.1.endpoint"),
    ({"service": ""}, "reports.1.service"),
    ({"service": "x" * 300}, "reports.1.service"),
    ({"latency_ms": 4, "client": "nowhere"}, "reports.1.client"),
    ({"colour": "red"}, "reports.1.colour"),
]


@pytest.mark.parametrize(("wrong", "where"), BAD_REPORTS)
async def test_an_item_that_makes_no_sense_refuses_its_batch_and_is_named(
    scene: Scene, wrong: dict[str, Any], where: str
) -> None:
    body = {"reports": [{**ORDERS, "failed": 500}, {**ORDERS, **wrong}]}
    status, found, _ = await scene.post("/v1/reports", body)
    assert status == 400
    assert found["error"].startswith("cannot take ")
    assert where in found["error"]
    assert not scene.controller.feeds.reports.items


async def test_what_a_browser_may_send_unasked_is_refused(scene: Scene) -> None:
    status, found, _ = await scene.post("/v1/reports", failed(), kind="text/plain")
    assert status == 400
    assert "application/json" in found["error"]


async def test_a_body_that_is_too_large_is_refused(scene: Scene) -> None:
    status, _, _ = await scene.post("/v1/reports", b" " * (LARGE_BODY + 1))
    assert status == 413


async def test_one_that_sends_too_many_requests_is_told_when_to_come_back(scene: Scene) -> None:
    answers = [await scene.post("/v1/reports", {"reports": []}, "127.0.0.2") for _ in range(140)]
    refused = [headers for status, _, headers in answers if status == 429]
    assert refused
    assert len(answers) - len(refused) >= REQUESTS[1]
    assert int(refused[0]["Retry-After"]) >= 1
    status, _, _ = await scene.post("/v1/reports", {"reports": []}, "127.0.0.3")
    assert status == 200


async def test_one_that_sends_too_many_samples_is_held_back_and_none_of_them_count(
    scene: Scene,
) -> None:
    body = {"samples": [{"area": "EU-GB", "region": "eu", "ms": 4}] * 9_000}
    statuses = [(await scene.post("/v1/latency", body))[0] for _ in range(4)]
    assert statuses[:2] == [200, 200]
    assert 429 in statuses
    taken = statuses.count(200) * 9_000
    assert scene.controller.feeds.latency.samples == taken


# --- latency ----------------------------------------------------------------------------


def samples(number: int, milliseconds: float, **more: object) -> dict[str, Any]:
    item = {"area": "EU-GB", "region": "eu", "ms": milliseconds}
    return {"samples": [{**item, **more}] * number}


async def test_latency_that_is_measured_steers_and_is_explained(scene: Scene) -> None:
    for by in ("127.0.0.2", "127.0.0.3"):
        status, found, _ = await scene.post("/v1/latency", samples(6, 41.0), by)
        assert (status, found["taken"]) == (200, 6)
    assert await scene.controller.follow_latency()
    assert not await scene.controller.follow_latency(), "nothing new, so nothing is compiled"
    (row,) = (await scene.get("/v1/latency"))["rows"]
    assert (row["area"], row["region"], row["used_ms"], row["samples"]) == ("EU-GB", "eu", 41, 12)
    found = await scene.get("/v1/explain?name=orders.gtm.example.com&client=198.51.100.1")
    known = {one["region"]: one for one in found["steering"]["regions"]}
    assert known["us"]["rtt_from"] == "estimated from the distance"
    assert known["eu"]["rtt_ms"] == 41
    words = "measured for EU-GB, median of 12 samples"
    assert known["eu"]["rtt_from"] == words


async def test_a_load_keeps_what_was_measured(scene: Scene) -> None:
    for by in ("127.0.0.2", "127.0.0.3"):
        await scene.post("/v1/latency", samples(6, 41.0), by)
    await scene.controller.follow_latency()
    scene.stage.write(ZONE.replace("ttl: 30", "ttl: 31") + "ttl: 17\n")
    assert (await scene.controller.loader.load()).error is None
    (zone,) = scene.controller.compiled.zones
    assert [dict(known.milliseconds) for known in zone.latency] == [{"eu": 41.0}]


async def test_a_client_is_looked_up_and_one_that_is_nowhere_is_refused(scene: Scene) -> None:
    body = {
        "samples": [
            {"client": "198.51.100.1", "region": "eu", "ms": 12},
            {"client": "240.0.0.1", "region": "eu", "ms": 12},
            {"area": "EU-GB", "region": "mars", "ms": 12},
        ]
    }
    _, found, _ = await scene.post("/v1/latency", body)
    assert found["taken"] == 1
    assert [one["why"] for one in found["refused"]] == [
        "no geo database knows where 240.0.0.1 is",
        "there is no region 'mars'",
    ]
    areas = {row["area"] for row in (await scene.get("/v1/latency"))["rows"]}
    assert "EU-GB" in areas


async def test_latency_of_reports_counts_where_the_client_is_named(scene: Scene) -> None:
    await scene.post("/v1/reports", failed(0, ok=9, latency_ms=33.0, client="198.51.100.0/26"))
    assert scene.controller.feeds.latency.samples == 1
    await scene.post("/v1/reports", failed(0, ok=9, latency_ms=33.0))
    assert scene.controller.feeds.latency.samples == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"client": "198.51.100.1"}, "samples.0: name either a `client` or an `area`"),
        ({"area": None}, "samples.0: name either a `client` or an `area`"),
        ({"area": "Mars"}, "samples.0.area"),
        ({"ms": 0}, "samples.0.ms"),
        ({"ms": True}, "samples.0.ms"),
        ({"count": 0}, "samples.0.count"),
    ],
)
async def test_a_sample_that_makes_no_sense_is_named(
    scene: Scene, wrong: dict[str, Any], words: str
) -> None:
    status, found, _ = await scene.post("/v1/latency", samples(1, 5.0, **wrong))
    assert status == 400
    assert words in found["error"]


# --- anything from outside --------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "reports",
                    "samples",
                    "service",
                    "region",
                    "endpoint",
                    "ok",
                    "failed",
                    "ms",
                    "area",
                ]
            ),
            inner,
        )
    ),
    max_leaves=15,
)


@given(JUNK | st.lists(JUNK).map(lambda found: {"reports": found, "samples": found}), st.binary())
def test_whatever_the_body_is_it_is_read_or_refused_in_words(value: object, raw: bytes) -> None:
    for body in (json.dumps(value).encode(), raw, b"[" * 50_000):
        for model in (ReportsRequest, LatencyRequest):
            try:
                body_of(model, body, "take it")
            except UsageError as error:
                assert str(error).startswith("cannot take ")


# --- for people -------------------------------------------------------------------------


def shown(view: Any) -> str:
    console = screen()
    with console.capture() as capture:
        console.print(view)
    return capture.get()


async def test_status_and_the_table_show_it_to_people(scene: Scene) -> None:
    assert "no latency was posted" in shown(latency_view(feeds.latency(scene.controller, 1000.0)))
    for by in ("127.0.0.2", "127.0.0.3"):
        await scene.post("/v1/latency", samples(6, 41.0), by)
        await scene.post("/v1/reports", failed(), by)
    await scene.controller.follow_latency()
    scene.controller.follow_reports()
    table = shown(latency_view(feeds.latency(scene.controller, 1000.0)))
    assert "gtm.example.com" in table
    assert "41.0 ms" in table
    line = feeds_line(feeds.status(scene.controller.feeds), 1000.0).plain
    assert line.startswith("2 reports (0 refused), 12 latency samples of 1 pair, by 127.0.0.")
    assert "192.0.2.1:80 is held out: 100 % of 200 requests failed" in line
