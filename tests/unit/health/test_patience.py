"""How soon a verdict can change: a step for each state and row, told when it moves."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Check, Damping, Target
from gtm.health.outcome import Outcome
from gtm.health.patience import patience, undisturbed
from gtm.health.state import Health, step, unprobed
from gtm.model import State, Verdict
from tests.unit.health.checker_scene import A, Clock, Scene
from tests.unit.health.health_backends import altered, target
from tests.unit.health.virtual_time import run

outcomes = st.lists(st.booleans(), max_size=12)
checks = st.builds(
    lambda rise, fall, ok, interval: altered(
        A.check, rise=rise, fall=fall, ok=ok, interval=interval
    ),
    *(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.sampled_from([0.2, 1.0, 5.0])),
)


def after(row: list[bool], target: Target) -> Health:
    health = unprobed(0.0)
    for ok in row:
        health = step(health, Outcome(ok, "said", 0.0, 0.0), target.check.judgement)
    return health


@given(outcomes, checks)
def test_no_row_of_probes_changes_the_verdict_sooner_and_one_does_then(
    row: list[bool], check: Check
) -> None:
    probed = replace(A, check=check)
    health = after(row, probed)
    left = round(patience(health, probed.check) / probed.check.schedule.interval)
    if health.verdict.state is State.UNKNOWN:
        assert left == 0
        return
    turns = []
    for ok in (True, False):
        now, probes = health, 0
        while now.verdict.state is health.verdict.state and probes < 20:
            now = step(now, Outcome(ok, "said", 0.0, 0.0), probed.check.judgement)
            probes += 1
        turns.append(probes)
    assert min(turns) == left


def test_one_that_is_up_and_never_failed_has_all_of_its_failures_before_it() -> None:
    assert patience(after([True], A), A.check) == undisturbed(A.check) == 15.0


def test_probes_come_at_the_fast_interval_from_the_first_failure_on() -> None:
    check = altered(A.check, fast_interval=1.0)
    quick = replace(A, check=check)
    assert patience(after([True], quick), check) == undisturbed(check) == 5.0 + 1.0 + 1.0
    assert patience(after([True, False], quick), check) == 2.0
    assert patience(after([False], quick), check) == 5.0 + 1.0
    assert patience(after([False, True], quick), check) == 1.0


def test_a_hold_makes_it_later_never_sooner() -> None:
    damped = altered(A.check, rise=1, fall=1, damping=Damping(1, 100.0, 50.0))
    health = after([True, False, True, False], replace(A, check=damped))
    assert health.flaps.until == 50.0
    assert patience(health, damped) == 5.0


def test_a_row_that_a_reload_made_too_long_leaves_one_probe() -> None:
    health = Health(Verdict(State.UP, "said", 0.0), failures=4, strikes=4)
    assert patience(health, A.check) == A.check.schedule.interval


def test_each_step_is_told_once_and_a_change_of_state_is_told_as_that() -> None:
    async def scene(clock: Clock) -> None:
        ill = False
        stage = Scene(clock, answer=lambda _: not ill)
        told: list[float] = []
        stage.checker.tell_patience(lambda target: told.append(stage.checker.patience(target)))
        stage.checker.retarget([A])
        assert stage.checker.patience(A) == 0.0
        await stage.checker.first_round(1.0)
        assert stage.checker.patience(A) == 15.0
        await asyncio.sleep(20.0)
        assert told == [], "well, again and again, is nothing new"
        ill = True
        await asyncio.sleep(17.0)
        assert told == [10.0, 5.0]
        assert [state.state for *_, state in stage.changes] == [State.UP, State.DOWN]
        await asyncio.sleep(20.0)
        assert told == [10.0, 5.0], "down stays two successes from up"
        ill = False
        await asyncio.sleep(5.5)
        assert told == [10.0, 5.0, 5.0]
        await stage.checker.close()

    run(scene)


def test_what_is_not_checked_may_change_any_moment() -> None:
    async def scene(clock: Clock) -> None:
        stage = Scene(clock)
        assert stage.checker.patience(target("tcp", address="192.0.2.9")) == 0.0

    run(scene)
