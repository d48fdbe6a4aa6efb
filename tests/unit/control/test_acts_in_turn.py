"""Acts of operators are judged beside the control loop, and still one at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gtm.api.overrides import added, removed
from gtm.errors import ServerError
from gtm.model import Act
from gtm.overrides import Wanted, parse_target
from tests.unit.control.test_controller import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def drain(target: str) -> Wanted:
    return Wanted(Act.DRAIN, parse_target(target), "kernel", "alice")


async def test_two_drains_at_once_that_are_unsafe_together_are_not_both_done(stage: Stage) -> None:
    await stage.controller.start()
    both = (added(stage.controller, drain(f"region/{name}")) for name in ("us", "eu"))
    found = await asyncio.gather(*both, return_exceptions=True)
    refused = [each for each in found if isinstance(each, ServerError)]
    assert len(refused) == 1
    assert len(stage.controller.overrides.book.overrides) == 1


async def test_who_takes_back_what_somebody_else_just_did_finds_it_gone(stage: Stage) -> None:
    await stage.controller.start()
    await added(stage.controller, drain("region/eu"))
    both = (removed(stage.controller, "region/eu", name) for name in ("alice", "bob"))
    found = await asyncio.gather(*both)
    assert [each is None for each in found] == [False, True]
    assert not stage.controller.overrides.book.overrides


async def test_nothing_is_put_in_force_once_another_process_takes_over(stage: Stage) -> None:
    await stage.controller.start()
    act = asyncio.create_task(added(stage.controller, drain("region/eu")))
    await asyncio.sleep(0)  # it is being judged
    stage.controller.hold(True)
    with pytest.raises(ServerError, match="taking over"):
        await act
    assert not stage.controller.overrides.book.overrides
