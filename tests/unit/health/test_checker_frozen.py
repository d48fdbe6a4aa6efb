"""A checker that is cut off holds its verdicts still, says so, and thaws by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gtm.checks import Freeze, Target
from gtm.health import Frozen, Vantage
from gtm.health.outcome import Outcome
from gtm.model import State
from tests.unit.health.checker_scene import A, Clock, Scene
from tests.unit.health.health_backends import altered
from tests.unit.health.virtual_time import run

TARGETS = [replace(A, address=f"192.0.2.{n}") for n in range(12)]
REGIONS = {target: (f"region-{n % 3}",) for n, target in enumerate(TARGETS)}
CANARY = replace(A, address="198.51.100.1")

Play = Callable[[Scene, Clock], None]


def stage(
    clock: Clock, answer: Callable[[Target], bool | str], targets: list[Target] = TARGETS
) -> tuple[Scene, list[Frozen | None]]:
    scene = Scene(clock, answer)
    told: list[Frozen | None] = []
    scene.checker.tell_frozen(told.append)
    canaries = [CANARY] if CANARY in targets else []
    rules = Freeze(most=120.0)
    regions = {target: region for target, region in REGIONS.items() if target in targets}
    scene.checker.look_from(Vantage(regions, canaries, rules))
    scene.checker.retarget(targets)
    return scene, told


def test_no_verdict_falls_while_it_is_cut_off_and_all_is_as_before_when_it_is_over() -> None:
    async def scene(clock: Clock) -> None:
        with capture_logs() as logs:
            s, told = stage(clock, lambda _: not 1030 <= clock() < 1090)
            await s.checker.first_round(1.0)
            await asyncio.sleep(60.0)
            assert s.checker.frozen is not None
            assert told == [s.checker.frozen]
            assert s.checker.frozen.reason.startswith("11 of 12 targets began to fail in ")
            verdict = s.checker.verdict(TARGETS[0])
            assert verdict.state is State.UP
            assert verdict.reason.startswith(
                "ill, not believed while the checker seems to be cut off; before that: "
            )
            await asyncio.sleep(60.0)
            assert s.checker.frozen is None
            assert told[1:] == [None]
            assert s.checker.verdict(TARGETS[0]).reason == "well"
            await s.checker.close()
        assert {after.state for *_, after in s.changes} == {State.UP}
        assert [log["event"] for log in logs] == ["health_frozen", "health_thawed"]
        assert logs[0]["at_most_seconds"] == 120.0

    run(scene)


def test_what_went_down_before_it_was_found_out_comes_back_at_once() -> None:
    async def scene(clock: Clock) -> None:
        hasty = [replace(one, check=altered(one.check, fall=1)) for one in TARGETS]
        s = Scene(clock, lambda _: clock() < 1030)
        regions = {target: (f"region-{n % 3}",) for n, target in enumerate(hasty)}
        s.checker.look_from(Vantage(regions))
        s.checker.retarget(hasty)
        await s.checker.first_round(1.0)
        await asyncio.sleep(60.0)
        fell = [target for _, target, _, after in s.changes if after.state is State.DOWN]
        assert fell, "with one failure to fall the first ones fall before there is a pattern"
        assert {s.checker.verdict(target).state for target in hasty} == {State.UP}
        assert s.changes[-1][0] < 1030 + 6.0
        await s.checker.close()

    run(scene)


def test_a_true_outage_of_everything_is_believed_after_the_bound() -> None:
    async def scene(clock: Clock) -> None:
        s, told = stage(clock, lambda _: clock() < 1030)
        await s.checker.first_round(1.0)
        await asyncio.sleep(140.0)
        assert {s.checker.verdict(target).state for target in TARGETS} == {State.UP}
        await asyncio.sleep(60.0)
        assert {s.checker.verdict(target).state for target in TARGETS} == {State.DOWN}
        assert told[-1] is None
        await s.checker.close()

    run(scene)


def test_an_answer_that_is_bad_is_believed_even_from_all_targets_at_once() -> None:
    async def scene(clock: Clock) -> None:
        s, told = stage(clock, lambda _: True)
        probe = s.prober.probe

        async def overloaded(target: Target) -> Outcome:
            found = await probe(target)
            if clock() < 1030:
                return found
            return replace(found, ok=False, reason="HTTP 503", answered=True)

        s.prober.probe = overloaded  # type: ignore[method-assign]  # the scene's own
        await s.checker.first_round(1.0)
        await asyncio.sleep(60.0)
        assert {s.checker.verdict(target).state for target in TARGETS} == {State.DOWN}
        assert told == []
        await s.checker.close()

    run(scene)


@pytest.mark.parametrize("answers", [True, False])
def test_a_canary_decides_for_what_is_too_small_to_tell(answers: bool) -> None:
    async def scene(clock: Clock) -> None:
        def answer(target: Target) -> bool:
            return clock() < 1030 or (answers and target == CANARY)

        s, told = stage(clock, answer, [TARGETS[0], TARGETS[1], CANARY])
        await s.checker.first_round(1.0)
        await asyncio.sleep(60.0)
        expected = State.DOWN if answers else State.UP
        assert {s.checker.verdict(target).state for target in TARGETS[:2]} == {expected}
        assert bool(told) is not answers
        await s.checker.close()

    run(scene)


def test_frozen_verdicts_do_not_go_stale() -> None:
    async def scene(clock: Clock) -> None:
        s, _ = stage(clock, lambda _: clock() < 1030)
        await s.checker.first_round(1.0)
        await asyncio.sleep(100.0)
        assert {s.checker.verdict(target).state for target in TARGETS} == {State.UP}
        await s.checker.close()

    run(scene)
