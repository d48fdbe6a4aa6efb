"""`/v1/status` of a part: what is ailing, what the others are called, one zone, app or service."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from gtm.api.app import Api
from gtm.api.appstatus import WHOLE
from gtm.api.models import Status
from gtm.history import History
from gtm.model import State
from tests.unit.control.test_controller import Stage
from tests.worlds import NobodyTold

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: spread
    check: up
    services:
      orders: {us: [192.0.2.1], eu: [198.51.100.1]}
      carts: {us: [192.0.2.2], eu: [198.51.100.2]}
  other: {topology: spread, check: up, services: {search: {us: [192.0.2.9]}}}
"""


class Asked:
    """The API in front of a controller whose endpoint 192.0.2.1 is down."""

    def __init__(self, server: BaseTestServer) -> None:
        self._server = server

    async def status(self, query: str = "", code: int = 200) -> dict[str, Any]:
        url = self._server.make_url(f"/v1/status{query}")
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            text = await response.text()
            assert response.status == code, text
        if code == 200:
            Status.model_validate_json(text)
        found: dict[str, Any] = json.loads(text)
        return found

    async def services(self, query: str = "") -> dict[str, list[str]]:
        """Names of services by app, those with something about them marked."""
        apps = (await self.status(query))["zones"][0]["apps"]
        return {
            app["name"]: [
                one["name"].partition(".")[0] + ("!" if one["regions"] else "")
                for one in app["services"]
            ]
            for app in apps
        }


def noon() -> float:
    return 1000.0


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    stage = Stage(tmp_path)
    stage.write(ZONE)
    await stage.controller.start()
    stage.checker.change("192.0.2.1", State.DOWN)
    stage.controller.writer._apply()
    api = Api(stage.controller, [], noon, History(None, noon), NobodyTold())
    async with TestServer(api.application(), host="127.0.0.1") as server:
        yield Asked(server)


async def test_all_of_it_is_told_unless_less_is_asked_for(asked: Asked) -> None:
    whole = {"shop": ["orders!", "carts!"], "other": ["search!"]}
    assert await asked.services() == whole
    assert await asked.services("?services=all") == whole


async def test_ailing_leaves_out_what_is_well_and_counts_it(asked: Asked) -> None:
    assert await asked.services("?services=ailing") == {"shop": ["orders!"], "other": []}
    apps = (await asked.status("?services=ailing"))["zones"][0]["apps"]
    assert [app["services_left_off"] for app in apps] == [1, 1]
    assert [len(app["regions"]) for app in apps] == [2, 1]


async def test_named_says_what_the_others_are_called(asked: Asked) -> None:
    named = await asked.services("?services=named")
    assert named == {"shop": ["orders!", "carts"], "other": ["search"]}


async def test_medians_are_over_all_services_whatever_is_shown(asked: Asked) -> None:
    def regions(found: dict[str, Any]) -> Any:
        return [app["regions"] for app in found["zones"][0]["apps"]]

    whole = regions(await asked.status())
    assert regions(await asked.status("?services=ailing")) == whole
    assert regions(await asked.status("?services=named")) == whole


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?zone=gtm.example.com", {"shop": ["orders!", "carts!"], "other": ["search!"]}),
        ("?zone=gtm.example.com.&app=other", {"other": ["search!"]}),
        ("?app=shop", {"shop": ["orders!", "carts!"]}),
        ("?app=shop&service=carts.gtm.example.com", {"shop": ["carts!"]}),
        ("?app=shop&service=carts", {"shop": ["carts!"]}),
        ("?service=search", {"other": ["search!"]}),
        ("?app=shop&services=named", {"shop": ["orders!", "carts"]}),
    ],
)
async def test_one_zone_app_or_service(
    asked: Asked, query: str, wanted: dict[str, list[str]]
) -> None:
    assert await asked.services(query) == wanted


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("?zone=gtm.example.org", "there is no zone 'gtm.example.org'"),
        ("?app=shob", "did you mean `shop`?"),
        ("?app=shop&service=search", "there is no service of shop 'search'"),
        ("?services=some", "services"),
    ],
)
async def test_what_is_not_there_is_said(asked: Asked, query: str, why: str) -> None:
    assert why in (await asked.status(query, 400))["error"]


async def test_a_region_that_is_lost_to_very_many_services_does_not_bring_all_others_along(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    lines = (f"s{at}: {{us: [192.0.2.1], eu: [198.51.100.1]}}" for at in range(WHOLE + 5))
    head = ZONE.partition("apps:")[0]
    services = "".join(f"      {line}\n" for line in lines)
    stage.write(
        f"{head}apps:\n  shop:\n    topology: spread\n    check: up\n    services:\n{services}"
    )
    await stage.controller.start()
    stage.checker.change("192.0.2.1", State.DOWN)
    stage.controller.writer._apply()
    api = Api(stage.controller, [], noon, History(None, noon), NobodyTold())
    async with TestServer(api.application(), host="127.0.0.1") as server:
        found = await Asked(server).status("?services=ailing")
        named = await Asked(server).status("?services=named")
    shown = [[one["region"] for one in each["regions"]] for each in services_of(found)]
    assert shown == [["us", "eu"]] * WHOLE + [["us"]] * 5
    assert [len(each["regions"]) for each in services_of(named)] == [2] * (WHOLE + 5)


def services_of(status: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = status["zones"][0]["apps"][0]["services"]
    return found
