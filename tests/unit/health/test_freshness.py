"""Verdicts that nobody looked after are found in time, and steered by as the check says."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Target, Unknown
from gtm.health.freshness import Freshness, stale_after
from gtm.model import State
from tests.unit.health.checker_scene import A, B, Clock, Scene
from tests.unit.health.health_backends import altered
from tests.unit.health.virtual_time import run

FILES = "this process has too many open files"


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["note", "forget", "look"]), st.floats(0, 9))
    )
)
def test_what_expires_is_what_was_not_heard_of_for_its_own_patience(
    events: list[tuple[int, str, float]],
) -> None:
    fresh: Freshness[int] = Freshness()
    heard: dict[int, float] = {}
    now = 0.0
    for key, event, gap in events:
        now += gap
        patience = 5.0 + key % 3
        if event == "note":
            fresh.note(key, patience, now)
            heard[key] = now
        elif event == "forget":
            fresh.forget(key, patience)
            heard.pop(key, None)
        else:
            old = {one for one, at in heard.items() if now - at > 5.0 + one % 3}
            assert set(fresh.expired(now)) == old
            heard = {one: at for one, at in heard.items() if one not in old}


def test_a_verdict_lives_for_three_intervals_and_a_timeout_unless_said_otherwise() -> None:
    assert stale_after(altered(A.check, interval=5.0, timeout=2.0)) == 17.0
    assert stale_after(altered(A.check, stale_after=60.0)) == 60.0


@pytest.mark.parametrize(
    ("rule", "ok", "taken"),
    [
        (Unknown.KEEP, True, State.UP),
        (Unknown.KEEP, False, State.DOWN),
        (Unknown.UP, False, State.UP),
        (Unknown.DOWN, True, State.DOWN),
    ],
)
def test_a_stale_verdict_is_unknown_and_taken_for_what_the_check_says(
    rule: Unknown, ok: bool, taken: State
) -> None:
    async def scene(clock: Clock) -> None:
        target = replace(A, check=altered(A.check, unknown=rule, timeout=1.0))
        stage = Scene(clock, lambda _: ok if clock() < 1030 else FILES)
        stage.checker.retarget([target])
        await stage.checker.first_round(1.0)
        await asyncio.sleep(50.0)
        verdict = stage.checker.verdict(target)
        assert verdict.state is State.UNKNOWN
        assert verdict.taken is taken
        assert verdict.down is (taken is State.DOWN)
        said = "well" if ok else "ill, 7th in a row"
        assert verdict.reason == (
            f"no probe for more than 16 s: not probed: {FILES}; before that: {said}; "
            f"taken to be {taken.value}"
        )
        assert stage.checker.patience(target) == 0.0
        await stage.checker.close()

    run(scene)


def test_staleness_is_told_without_any_probe_and_so_is_its_end() -> None:
    async def scene(clock: Clock) -> None:
        stage = Scene(clock, lambda _: FILES if 1030 <= clock() < 1060 else True)
        stage.checker.retarget([A])
        await stage.checker.first_round(1.0)
        await asyncio.sleep(80.0)
        told = [(before.state, after.state) for _, _, before, after in stage.changes]
        assert told == [
            (State.UNKNOWN, State.UP),
            (State.UP, State.UNKNOWN),
            (State.UNKNOWN, State.UP),
        ]
        stale_at = stage.changes[1][0]
        assert 1025 + 18 < stale_at < 1030 + 18 + 2, "the last probe was between 1025 and 1030"
        assert stage.checker.verdict(A).since < 1010, "nothing changed but that it was looked after"
        await stage.checker.close()

    run(scene)


def test_a_failure_after_a_gap_is_counted_onto_what_was_known_before() -> None:
    async def scene(clock: Clock) -> None:
        stage = Scene(clock, lambda _: clock() < 1030 or (FILES if clock() < 1060 else False))
        stage.checker.retarget([A])
        await stage.checker.first_round(1.0)
        await asyncio.sleep(66.0)
        assert stage.checker.verdict(A).state is State.UP
        assert "of 3" in stage.checker.verdict(A).reason
        await stage.checker.close()

    run(scene)


def test_a_probe_that_hangs_makes_its_verdict_stale_and_no_other() -> None:
    async def scene(clock: Clock) -> None:
        stage = Scene(clock)
        hangs = asyncio.Event()

        probe = stage.prober.probe

        async def sometimes(target: Target) -> object:
            if target == B and clock() > 1010:
                await hangs.wait()
            return await probe(target)

        stage.prober.probe = sometimes  # type: ignore[method-assign, assignment]  # the scene's own
        stage.checker.retarget([A, B])
        await stage.checker.first_round(1.0)
        await asyncio.sleep(60.0)
        assert stage.checker.verdict(A).state is State.UP
        assert stage.checker.verdict(B).state is State.UNKNOWN
        hangs.set()
        await stage.checker.close()

    run(scene)
