"""Probes that failed for want of time to run are known by that."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gtm.health.lateness import SHARE, Lateness
from gtm.health.rounds import HELD_UP
from gtm.model import State
from tests.unit.health.checker_scene import A, Clock, Scene
from tests.unit.health.virtual_time import VirtualLoop, run


def hold_up(seconds: float) -> None:
    """As if nothing had run for so long."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.selector.now += seconds


@given(st.floats(0.05, 5.0), st.floats(0.1, 5.0))
def test_a_probe_is_spoilt_if_it_was_held_up_for_a_good_part_of_its_time(
    held: float, timeout: float
) -> None:
    async def scene(clock: Clock) -> None:
        lateness = Lateness(clock)
        lateness.follow()
        await asyncio.sleep(1.05)
        begun = clock()
        hold_up(held)
        await asyncio.sleep(0.2)
        assert not lateness.spoilt(clock(), timeout)
        if held > SHARE * timeout + 0.1:
            assert lateness.spoilt(begun, timeout)
        if held < SHARE * timeout - 0.1:
            assert not lateness.spoilt(begun, timeout)
        lateness.close()

    run(scene)


def test_failures_of_a_checker_that_is_held_up_move_no_verdict() -> None:
    async def scene(clock: Clock) -> None:
        stage = Scene(clock, lambda _: clock() < 1030, takes=1.0)
        stage.checker.retarget([A])
        await stage.checker.first_round(2.0)
        await asyncio.sleep(28.0)
        for _ in range(70):
            hold_up(0.5)
            await asyncio.sleep(0.2)
        report = stage.checker.report(A)
        assert report.impairment == HELD_UP
        assert report.verdict.taken is State.UP
        await asyncio.sleep(40.0)
        assert stage.checker.verdict(A).state is State.DOWN, "in time again"
        await stage.checker.close()

    run(scene)
