"""What holds for every call, over loopback: HEAD, compression, limits, refusals, long answers."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from gtm.api.app import Api
from gtm.api.bounds import MOST_HEAVY_OF_ONE, MOST_WAITING
from gtm.api.call import WORTH_IT
from gtm.api.models import Status
from gtm.api.route import SMALL_BODY
from gtm.history import History
from tests.unit.control.test_controller import Stage
from tests.worlds import NobodyTold

HEAD = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77], capacity: 100}, eu: {location: IE, capacity: 100}}
checks: {up: {type: tcp, port: 80}}
load: {expire: 60s}
apps:
  shop:
    topology: spread
    check: up
    services:
"""
SERVICES = 400
ZONE = HEAD + "".join(
    f"      s{number}: {{us: [192.0.2.1], eu: [198.51.100.1]}}\n" for number in range(SERVICES)
)


def noon() -> float:
    return 1000.0


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[BaseTestServer]:
    stage = Stage(tmp_path)
    stage.write(ZONE)
    await stage.controller.start()
    api = Api(stage.controller, [], noon, History(None, noon), NobodyTold())
    async with TestServer(api.application(), host="127.0.0.1") as found:
        yield found


async def asked(
    server: BaseTestServer, method: str, path: str, **more: Any
) -> tuple[int, Any, bytes]:
    """Status, headers and body as it is sent."""
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.request(method, server.make_url(path), **more) as response,
    ):
        return response.status, response.headers, await response.read()


PLAIN = {"Accept-Encoding": "identity"}


async def test_a_long_status_is_whole_and_compressed_where_that_is_taken(
    server: BaseTestServer,
) -> None:
    status, headers, whole = await asked(server, "GET", "/v1/status", headers=PLAIN)
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert "Content-Encoding" not in headers
    found = Status.model_validate_json(whole)
    (shop,) = found.zones[0].apps
    assert len(shop.services) == SERVICES
    assert [one.region for one in shop.regions] == ["us", "eu"]
    accepts = {"Accept-Encoding": "gzip"}
    _, headers, short = await asked(server, "GET", "/v1/status", headers=accepts)
    assert headers["Content-Encoding"] == "gzip"
    assert len(short) < len(whole) / 5
    assert gzip.decompress(short) == whole


async def test_a_short_answer_has_its_length_and_is_left_as_it_is(server: BaseTestServer) -> None:
    accepts = {"Accept-Encoding": "gzip"}
    _, headers, body = await asked(server, "GET", "/v1/load", headers=accepts)
    assert "Content-Encoding" not in headers
    assert int(headers["Content-Length"]) == len(body) < WORTH_IT
    assert json.loads(body) == {"now": 1000.0, "loads": []}


@pytest.mark.parametrize("path", ["/healthz", "/v1/status", "/metrics", "/v1/load"])
async def test_head_is_get_without_its_body(server: BaseTestServer, path: str) -> None:
    status, headers, body = await asked(server, "HEAD", path, headers=PLAIN)
    _, expected, _ = await asked(server, "GET", path, headers=PLAIN)
    assert (status, body) == (200, b"")
    assert headers["Content-Type"] == expected["Content-Type"]


async def test_other_methods_are_told_which_there_are(server: BaseTestServer) -> None:
    status, headers, body = await asked(server, "PUT", "/v1/overrides")
    assert status == 405
    assert set(headers["Allow"].split(",")) == {"DELETE", "GET", "HEAD", "POST"}
    assert json.loads(body) == {"error": "cannot PUT /v1/overrides: use DELETE, GET, HEAD, POST"}


async def test_each_call_has_a_limit_of_its_own_for_bodies(server: BaseTestServer) -> None:
    body, kind = b" " * (SMALL_BODY + 1), {"Content-Type": "application/json"}
    status, _, said = await asked(server, "POST", "/v1/overrides", data=body, headers=kind)
    assert status == 413
    assert json.loads(said)["error"].endswith(f"it is larger than {SMALL_BODY} octets")
    status, _, said = await asked(server, "POST", "/v1/reports", data=body, headers=kind)
    assert (status, json.loads(said)["error"]) == (400, "cannot take reports: it is not JSON")


async def test_a_server_that_is_starting_says_so_in_json(tmp_path: Path) -> None:
    api = Api(Stage(tmp_path).controller, [], noon, History(None, noon), NobodyTold())
    async with TestServer(api.application(), host="127.0.0.1") as server:
        status, headers, body = await asked(server, "GET", "/v1/status")
        assert (status, headers["Retry-After"]) == (503, "1")
        assert json.loads(body)["error"].startswith("cannot show status: the first round")
        assert (await asked(server, "GET", "/openapi.json"))[0] == 200
        assert (await asked(server, "GET", "/healthz"))[0] == 200


# --- what if ----------------------------------------------------------------------------

CLIENTS = [
    {"network": "198.51.100.0/24", "queries": 30},
    {"network": "192.0.2.0/24", "queries": 10},
]


async def simulated(server: BaseTestServer, **body: object) -> tuple[int, dict[str, Any]]:
    status, _, found = await asked(server, "POST", "/v1/simulate", json=body, headers=PLAIN)
    return status, json.loads(found)


async def test_what_if_is_reckoned_from_what_is_served(server: BaseTestServer) -> None:
    status, found = await simulated(server, down=["eu"], clients=CLIENTS, service="s7", load=80)
    assert status == 200
    shares = {one["region"]: one["after"] for one in found["picture"]["shares"]}
    assert shares == {"us": 40.0, "eu": 0.0}
    assert found["assumptions"][0].startswith("before is what is answered now")
    loads = {one["region"]: one["after"] for one in found["loads"]}
    assert loads["us"] == 80


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "name a region to take `down` or to `drain`"),
        ({"down": ["ue"]}, "cannot take down region 'ue': no zone has it; the regions are us, eu"),
        ({"down": ["eu"], "service": "s9999"}, "no zone has that service"),
        (
            {"down": ["eu"], "clients": [{"network": "nowhere", "queries": 1}]},
            "clients.0.network: 'nowhere' is no network",
        ),
        ({"down": "eu"}, "down: input should be a valid array"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_in_words(
    server: BaseTestServer, body: dict[str, object], words: str
) -> None:
    status, found = await simulated(server, **body)
    assert status == 400
    assert words in found["error"]


async def test_questions_wait_for_each_other_and_too_many_are_told_to_come_back(
    server: BaseTestServer,
) -> None:
    many = MOST_WAITING + 3
    asks = [simulated(server, drain=["eu"], clients=CLIENTS) for _ in range(many)]
    statuses = sorted(status for status, _ in await asyncio.gather(*asks))
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= MOST_HEAVY_OF_ONE  # they are all of one caller
