"""A round of first probes can be waited for again, whenever a reload brought new targets."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gtm.checks import Target
from gtm.model import State
from tests.unit.health.checker_scene import A, B, Clock, Scene
from tests.unit.health.virtual_time import run

C = replace(A, address="192.0.2.3")


def test_after_a_reload_only_targets_never_tried_are_waited_for() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=3.0)
        s.checker.retarget([A])
        assert await s.checker.first_round(10)
        while not s.prober.running:  # noqa: ASYNC110  # until A's second probe is under way
            await asyncio.sleep(0.1)
        begun = clock()
        assert await s.checker.first_round(10)
        assert clock() == begun
        s.checker.retarget([A, B])
        assert await s.checker.first_round(10)
        assert clock() == pytest.approx(begun + 3)
        assert s.checker.verdict(B).state is State.UP
        await s.checker.close()

    run(scene)


def test_a_round_that_runs_out_of_time_says_so_of_the_new_targets_only() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock)
        s.checker.retarget([A])
        await s.checker.first_round(10)
        s.prober.takes = 30.0
        s.checker.retarget([A, B])
        assert not await s.checker.first_round(2)
        assert s.checker.verdict(A).reason == "well"
        assert s.checker.verdict(B).reason == (
            "still without an outcome when the first round ended after 2 s"
        )
        assert await s.checker.first_round(60)
        assert s.checker.verdict(B).state is State.UP
        await s.checker.close()

    run(scene)


def test_targets_added_while_a_round_is_waited_for_belong_to_it() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=1.0)
        s.checker.retarget([A])
        waiting = [asyncio.create_task(s.checker.first_round(10)) for _ in range(2)]
        await asyncio.sleep(0.5)
        s.checker.retarget([A, B])
        assert await asyncio.gather(*waiting) == [True, True]
        assert clock() == pytest.approx(1001.5)
        await s.checker.close()

    run(scene)


def test_a_target_added_at_the_moment_a_round_ends_is_still_waited_for() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=1.0)
        s.checker.retarget([A])
        waiting = asyncio.create_task(s.checker.first_round(10))
        await asyncio.sleep(0.5)
        s.checker.retarget([])  # nothing is left to wait for, and before that is noticed
        s.checker.retarget([C])
        assert await waiting
        assert clock() == pytest.approx(1001.5)
        assert s.checker.verdict(C).state is State.UP
        await s.checker.close()

    run(scene)


def test_closing_ends_a_round_that_is_waited_for() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=30.0)
        s.checker.retarget([A])
        waiting = asyncio.create_task(s.checker.first_round(20))
        await asyncio.sleep(1)
        await s.checker.close()
        await waiting
        assert clock() == 1001

    run(scene)


def test_a_target_whose_probe_can_not_be_made_holds_no_round_up() -> None:
    def answer(probed: Target) -> bool | str:
        return "too many open files" if probed == A else True

    async def scene(clock: Clock) -> None:
        s = Scene(clock, answer)
        s.checker.retarget([A, B])
        assert not await s.checker.first_round(10)
        assert clock() == pytest.approx(1000.01)
        assert s.checker.verdict(A).reason == "not probed: too many open files"
        await s.checker.close()

    run(scene)
