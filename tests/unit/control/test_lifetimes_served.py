"""What moves TTLs without moving a verdict: patience that health reports, drains in phases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from gtm.api import metrics, overrides
from gtm.api.models import OverrideRequest
from gtm.api.validated import body_of
from gtm.api.views import explanation
from gtm.checks import Target
from gtm.errors import GtmError, ServerError
from gtm.explain import explain
from gtm.snapshot import Snapshot
from tests.unit.control.test_controller import ZONE, Stage, ToldChecker
from tests.worlds import NobodyTold

FLEXIBLE = ZONE.replace("nameservers", "ttl: {min: 10, max: 60}\nnameservers")
NAME = b"\x06orders\x03gtm\x07example\x03com\x00"


class PatientChecker(ToldChecker):
    """Has the patience that it is told, and tells the controller."""

    def __init__(self, on_change: Callable[..., None]) -> None:
        super().__init__(on_change)
        self.seconds: dict[str, float] = {}

    def patience(self, target: Target) -> float:
        return self.seconds.get(target.address, 600.0)

    def wait(self, address: str, seconds: float) -> None:
        self.seconds[address] = seconds
        for target in self.targets:
            if target.address == address:
                self._listeners.on_patience(target)


class PatientStage(Stage):
    def _checker(self, on_change: Callable[..., None]) -> ToldChecker:
        self.checkers.append(PatientChecker(on_change))
        return self.checkers[-1]

    @property
    def patient(self) -> PatientChecker:
        assert isinstance(self.checker, PatientChecker)
        return self.checker


@pytest.fixture
def stage(tmp_path: Path) -> PatientStage:
    return PatientStage(tmp_path)


def ttl(snapshot: Snapshot) -> int:
    steered = snapshot.nodes[NAME].steered
    assert steered is not None
    return snapshot.answers[steered.number][0][0].ttl


async def test_a_step_towards_a_change_is_in_the_answers_in_the_same_turn(
    stage: PatientStage,
) -> None:
    stage.write(FLEXIBLE)
    await stage.controller.start()
    assert ttl(stage.latest) == 60
    stage.patient.wait("192.0.2.1", 20.0)
    stage.patient.wait("198.51.100.1", 25.0)
    await asyncio.sleep(0)
    assert [snapshot.epoch for snapshot in stage.plane.published] == [1, 2], "both in one"
    assert ttl(stage.latest) == 20


async def test_a_fixed_ttl_takes_no_notice(stage: PatientStage) -> None:
    await stage.controller.start()
    stage.patient.wait("192.0.2.1", 5.0)
    await asyncio.sleep(0)
    assert len(stage.plane.published) == 1
    assert ttl(stage.latest) == 30


async def test_a_step_during_a_load_is_not_lost(
    stage: PatientStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.controller.start()
    compile_all = stage.controller.writer._compile
    stage.write(FLEXIBLE)

    def compiling(*arguments: object) -> object:
        made = compile_all(*arguments)  # type: ignore[arg-type]
        loop.call_soon_threadsafe(stage.patient.wait, "192.0.2.1", 20.0)
        return made

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(stage.controller.writer, "_compile", compiling)
    await stage.controller.loader.load()
    await asyncio.sleep(0)
    assert ttl(stage.latest) == 20


# --- drains -------------------------------------------------------------------------------


def request(**keys: object) -> Any:
    said = {"act": "drain", "target": "region/eu", "reason": "a test", "author": "tester"}
    body = json.dumps(said | keys).encode()
    return overrides.wanted(body_of(OverrideRequest, body, "add an override"))


async def test_a_planned_drain_lowers_the_ttl_and_says_what_is_coming(stage: PatientStage) -> None:
    await stage.controller.start()
    added = await overrides.added(stage.controller, request(planned=True, seconds=60))
    assert ttl(stage.latest) == 10
    assert added.changes == []
    assert {change.after for change in added.coming} == {"drained"}
    one = added.override
    assert (one.planned, one.phase, one.ttl, one.held) == (True, "lowering", 10, None)
    assert (one.next_phase, one.next_at, one.expires) == ("withdrawn", 1031.0, 1091.0)
    (listed,) = overrides.listed(stage.controller, 1000.0).overrides
    assert (listed.changes, listed.coming) == ([], added.coming)
    page = metrics.page(stage.controller, NobodyTold()).decode()
    assert 'gtm_override_phase{number="1",phase="lowering",target="region/eu"} 1.0' in page
    assert 'gtm_override_phase{number="1",phase="safe",target="region/eu"} 0.0' in page
    assert "gtm_overrides_held 0.0" in page
    name, client = "orders.gtm.example.com", ip_address("198.51.100.65")
    found = explanation(explain(stage.controller.compiled, name, "A", client, 0.0)).steering
    assert found is not None
    assert (found.ttl, found.regions_picked) == (10, ["eu"])
    assert found.ttl_reason == (
        "lowered while clients are led away: to be drained by tester until 00:18:11 UTC: a test"
    )
    await overrides.removed(stage.controller, "region/eu", "tester")
    assert ttl(stage.latest) == 30


async def test_what_is_planned_counts_as_done_for_safety(stage: PatientStage) -> None:
    await stage.controller.start()
    await stage.controller.add_override(request(planned=True))
    for planned in (True, False):
        with pytest.raises(ServerError, match="would be left with no region up"):
            await stage.controller.add_override(request(target="region/us", planned=planned))
    added = await stage.controller.add_override(request(target="region/us", force=True))
    assert added.forced_past


async def test_a_rehearsal_is_judged_and_puts_nothing_in_force(stage: PatientStage) -> None:
    await stage.controller.start()
    found = await overrides.added(stage.controller, request(act="down", rehearsal=True))
    assert {change.after for change in found.changes} == {"down"}
    assert stage.controller.overrides.book.overrides == ()
    await stage.controller.add_override(request(act="down"))
    with pytest.raises(ServerError, match="would be left with no region up"):
        await stage.controller.add_override(request(target="region/us", rehearsal=True))


async def test_one_that_is_due_is_judged_by_what_is_up_then(stage: PatientStage) -> None:
    await stage.controller.start()
    added = await stage.controller.add_override(request(planned=True))
    assert stage.controller._acts.objection(stage.controller.overrides, added.override) == ""
    await stage.controller.add_override(request(act="down", target="region/us", force=True))
    assert "no region up" in stage.controller._acts.objection(
        stage.controller.overrides, added.override
    )


async def test_only_a_drain_can_be_planned() -> None:
    with pytest.raises(GtmError, match="only a drain can be planned"):
        request(act="down", planned=True)


async def test_explain_calls_a_drained_region_drained_and_says_by_whom(
    stage: PatientStage,
) -> None:
    await stage.controller.start()
    await stage.controller.add_override(request(target="endpoint/198.51.100.1"))
    name, client = "orders.gtm.example.com", ip_address("198.51.100.65")
    found = explanation(explain(stage.controller.compiled, name, "A", client, 0.0))
    assert found.summary == (
        "us: nearest of those up (eu would be nearer, but is drained (orders: 0 of 1 endpoints up, "
        "1 needed; 198.51.100.1 is drained by tester: a test))"
    )
    await stage.controller.add_override(request())
    found = explanation(explain(stage.controller.compiled, name, "A", client, 0.0))
    assert found.summary == (
        "us: nearest of those up (eu would be nearer, but is drained by tester: a test)"
    )
    assert found.steering is not None
    assert {view.region: view.act for view in found.steering.regions} == {"us": None, "eu": "drain"}
