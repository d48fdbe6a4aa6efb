"""The loop: what is posted moves answers, what changes is said once, what is wrong is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from gtm.api.models import LoadRequest
from gtm.api.validated import body_of
from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.errors import GtmError
from gtm.load.loop import CapacityLoop, Surroundings
from gtm.load.spill import Intakes
from tests.worlds import compile_world

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions:
  eu: {location: IE, capacity: 100}
  us: {location: US-VA, capacity: 1000}
checks: {up: {type: http}}
apps:
  shop:
    topology: spread
    check: up
    services:
      orders: {eu: [192.0.2.1, 192.0.2.2], us: 192.0.2.3}
"""


class Stage:
    """A loop over a compiled world, with a clock to turn."""

    def __init__(self) -> None:
        self.compiled = compile_world({"gtm.yaml": ZONE})
        self.now = 0.0
        self.loads: dict[str, float] = {}
        self.uncounted = 0  # answers that the plane has not yet told the area table of
        around = Surroundings(
            lambda: self.compiled, self._probed, self._answers, self._admit, self._count
        )
        self.loop = CapacityLoop(around, lambda: self.now)

    def _probed(self, target: Target) -> tuple[float, float] | None:
        load = self.loads.get(target.address)
        return None if load is None else (load, 0.0)

    def _answers(self) -> Mapping[tuple[str, str], float]:
        return {}

    def _admit(self, seen: Compiled, intakes: Intakes) -> None:
        self.compiled = Compiler().admitted(self.compiled, intakes, 2)

    def _count(self) -> None:
        asked = self.compiled.groups[0].decider.areas.asked
        assert asked is not None
        asked[self.europeans] += self.uncounted
        self.uncounted = 0

    async def run(self, steps: int, answers: int = 100) -> None:
        """Steps of five seconds in which the clients near eu ask so often."""
        for _ in range(steps):
            self.now += 5.0
            self.uncounted += answers
            await self.loop.step()

    @property
    def europeans(self) -> int:
        plans = compile_world({"gtm.yaml": ZONE}).snapshot.plans[0]
        return next(area for area, plan in enumerate(plans) if plan.only == 0)

    def share(self, region: int) -> float:
        slots = self.compiled.snapshot.plans[0][self.europeans].slots
        return slots.count(region) / len(slots)


async def test_a_posted_load_above_the_soft_mark_moves_a_part_of_the_clients() -> None:
    stage = Stage()
    await stage.run(2)
    with capture_logs() as logs:
        for _ in range(6):
            stage.loop.post("eu", None, 100.0)
            stage.loop.post("us", None, 0.0)
            await stage.run(1)
    assert stage.share(0) == pytest.approx(0.8333, abs=0.02)
    assert [log["event"] for log in logs] == ["spilling_began"]
    eu = stage.loop.picture.sites[0]
    assert eu.spilling
    assert eu.feed.value == "fresh"


async def test_loads_of_endpoints_add_up_and_are_told_one_by_one() -> None:
    stage = Stage()
    stage.loads = {"192.0.2.1": 30.0, "192.0.2.2": 20.0}
    await stage.run(3)
    standing = stage.loop.picture.sites[0]
    assert standing.load == 50.0
    one = stage.compiled.zones[0].apps[0].services[0].endpoints["eu"][0]
    assert stage.loop.endpoint_load("gtm.example.com.", "eu", one) == 30.0
    assert stage.loop.endpoint_load("gtm.example.com.", "us", one) is None


async def test_feeds_that_never_come_and_feeds_that_stop_are_said_once() -> None:
    stage = Stage()
    with capture_logs() as logs:
        await stage.run(20)
    assert [(log["event"], log["region"]) for log in logs] == [
        ("load_never_reported", "eu"),
        ("load_never_reported", "us"),
    ]
    stage.loop.post("eu", None, 10.0)
    with capture_logs() as logs:
        await stage.run(1)
        await stage.run(20)
    assert [(log["event"], log["region"]) for log in logs] == [
        ("load_feed_fresh", "eu"),
        ("load_feed_stale", "eu"),
    ]
    assert stage.loop.picture.sites[0].feed.value == "stale"


@pytest.mark.parametrize("load", [-1.0, float("nan"), float("inf"), 1e16])
async def test_loads_that_cannot_be_are_refused(load: float) -> None:
    with pytest.raises(GtmError, match="cannot take a load of eu"):
        Stage().loop.post("eu", None, load)


@pytest.mark.parametrize(
    "body",
    [
        {"region": "eu", "load": 12.5},
        {"loads": [{"region": "eu", "load": 12.5}]},
        {"loads": [{"region": "eu", "load": 12.5, "zone": None}]},
    ],
)
def test_requests_hold_one_load_or_many(body: Any) -> None:
    found = body_of(LoadRequest, json.dumps(body).encode(), "take loads").loads
    assert [(each.region, each.load) for each in found] == [("eu", 12.5)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "loads.0"),
        (b'{"loads": []}', "at least 1"),
        (b'{"region": "eu"}', "loads.0.load: it is missing"),
        (b'{"region": "eu", "load": NaN}', "finite"),
        (b'{"region": "eu", "load": -1}', "greater than or equal to 0"),
        (b'{"region": "eu", "load": "5"}', "valid number"),
        (b'{"region": "eu", "load": 5, "cpu": 1}', "cpu"),
    ],
)
def test_other_requests_are_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(GtmError, match="cannot take loads") as error:
        body_of(LoadRequest, body, "take loads")
    assert words in str(error.value)
