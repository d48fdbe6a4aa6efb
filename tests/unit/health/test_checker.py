"""The checker: probes on time, tells of changes, follows a reload, and survives faults."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from gtm.checks import Target
from gtm.health.checker import Checker
from gtm.model import State, Verdict
from tests.unit.health.checker_scene import A, B, Clock, Scene, Scripted
from tests.unit.health.health_backends import altered
from tests.unit.health.virtual_time import run


def test_the_first_round_gives_every_target_a_verdict() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda target: target == A)
        assert s.checker.verdict(A).state is State.UNKNOWN
        assert s.checker.verdict(A).reason == "not probed yet"
        s.checker.retarget([A, B])
        assert s.checker.verdict(A).state is State.UNKNOWN
        assert await s.checker.first_round(10)
        assert clock() == pytest.approx(1000.01)
        assert s.checker.verdict(A) == Verdict(State.UP, "well", 1000.01)
        assert s.checker.verdict(B) == Verdict(State.DOWN, "ill", 1000.01)
        assert [(t, b.state, a.state) for _, t, b, a in s.changes] == [
            (A, State.UNKNOWN, State.UP),
            (B, State.UNKNOWN, State.DOWN),
        ]
        await s.checker.close()

    run(scene)


def test_without_targets_the_first_round_is_over_at_once() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock)
        assert await s.checker.first_round(10)
        s.checker.retarget([])
        assert await s.checker.first_round(10)
        assert clock() == 1000.0
        await s.checker.close()

    run(scene)


def test_the_first_round_ends_when_its_time_is_up() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=30)
        s.checker.retarget([A])
        assert not await s.checker.first_round(2)
        assert clock() == 1002
        assert s.checker.verdict(A) == Verdict(
            State.UNKNOWN, "still without an outcome when the first round ended after 2 s", 1000
        )
        await asyncio.sleep(30)
        assert s.checker.verdict(A).state is State.UP
        await s.checker.close()

    run(scene)


def test_a_change_is_told_when_it_happens_and_only_then() -> None:
    async def scene(clock: Clock) -> None:
        ill_from, well_from = 1020.0, 1060.0
        s = Scene(clock, lambda _: not ill_from <= clock() < well_from)
        s.checker.retarget([A])
        await asyncio.sleep(100)
        assert [after.state for *_, after in s.changes] == [State.UP, State.DOWN, State.UP]
        down, up = s.changes[1], s.changes[2]
        # 3 failures in a row at 5 s, 2 successes in a row at 5 s; a slot may lie anywhere.
        assert ill_from + 10 <= down[0] <= ill_from + 16
        assert well_from + 5 <= up[0] <= well_from + 11
        assert down[2].state is State.UP
        assert down[3] == Verdict(State.DOWN, "ill, 3rd of 3", down[0])
        assert up[3] == Verdict(State.UP, "well, 2nd of 2", up[0])
        await s.checker.close()

    run(scene)


def test_a_target_is_probed_once_per_interval() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock)
        s.checker.retarget([A])
        await asyncio.sleep(100)
        moments = [moment for moment, _ in s.prober.begun]
        gaps = [b - a for a, b in pairwise(moments[1:])]
        assert len(moments) in (20, 21, 22)
        assert all(4.4 < gap < 5.6 for gap in gaps)
        assert s.outcomes == [A] * len(moments)
        assert s.checker.report(A).probes == len(moments)
        await s.checker.close()

    run(scene)


def test_a_probe_that_outlasts_its_interval_is_not_doubled() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=12)
        s.checker.retarget([A])
        await asyncio.sleep(100)
        assert s.prober.most_running == 1
        assert 5 <= len(s.prober.begun) <= 8
        await s.checker.close()

    run(scene)


def test_probes_that_run_at_once_are_bounded_and_none_is_starved() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=1.0, concurrency=8)
        targets = [replace(A, address=f"192.0.2.{n}") for n in range(80)]
        s.checker.retarget(targets)
        assert await s.checker.first_round(60)
        assert s.prober.most_running == 8
        assert clock() == pytest.approx(1010, abs=0.1)
        await asyncio.sleep(60)
        assert min(s.checker.report(each).probes for each in targets) >= 5
        await s.checker.close()

    run(scene)


def test_a_removed_target_stops_at_once_and_the_others_keep_their_history() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=1.0)
        s.checker.retarget([A])
        await s.checker.first_round(10)
        learnt = s.checker.report(A)
        s.checker.retarget([A, B])
        await asyncio.sleep(0.5)
        s.checker.retarget([A])
        await asyncio.sleep(0)
        assert s.prober.running == 0 or s.checker.report(A).probes == 1
        assert s.checker.report(A) == learnt
        await asyncio.sleep(30)
        assert s.outcomes == [A] * len(s.outcomes)
        assert s.checker.verdict(B).reason == "not probed yet"
        await s.checker.close()

    run(scene)


def test_a_target_that_returns_starts_anew() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=1.0)
        s.checker.retarget([A])
        s.checker.retarget([])
        s.checker.retarget([A])
        assert await s.checker.first_round(10)
        assert clock() == 1001
        assert s.outcomes == [A]
        await s.checker.close()

    run(scene)


def test_new_thresholds_keep_what_was_learnt_and_a_new_question_does_not() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock)
        s.checker.retarget([A])
        await s.checker.first_round(10)
        patient = replace(A, check=altered(A.check, name="slow", interval=60.0, fall=5))
        other = replace(A, check=altered(A.check, port=81))
        s.checker.retarget([patient, other])
        assert s.checker.verdict(patient) == Verdict(State.UP, "well", 1000.01)
        assert s.checker.verdict(other).state is State.UNKNOWN
        assert await s.checker.first_round(10)
        assert {probed for _, probed in s.prober.begun} == {A, other}
        await s.checker.close()

    run(scene)


def test_a_report_tells_how_a_target_is_doing() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: clock() < 1004)
        empty = s.checker.report(A)
        assert (empty.outcome, empty.latency, empty.probes) == (None, None, 0)
        s.checker.retarget([A])
        for _ in range(20):
            if s.checker.report(A).failures < 2:
                await asyncio.sleep(1)
        report = s.checker.report(A)
        assert report.verdict.state is State.UP
        assert report.verdict.reason == "ill, 2nd of 3"
        assert (report.successes, report.failures, report.latency) == (0, 2, 0.01)
        await s.checker.close()

    run(scene)


def test_closing_cancels_probes_and_closes_the_prober() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, takes=30)
        s.checker.retarget([A, B])
        await asyncio.sleep(1)
        assert s.prober.running == 2
        await s.checker.close()
        assert clock() == 1001
        assert s.prober.running == 0
        assert s.prober.closed
        await asyncio.sleep(60)
        assert len(s.prober.begun) == 2
        assert s.changes == []

    run(scene)


def test_closing_before_a_probe_began_leaves_nothing_behind() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock)
        s.checker.retarget([A])
        await s.checker.close()
        await asyncio.sleep(60)
        assert s.prober.begun == []

    run(scene)


def test_a_fault_inside_a_probe_moves_no_verdict_and_is_logged_once() -> None:
    def answer(probed: Target) -> bool:
        if probed == A:
            raise ValueError("a fault of ours")
        return True

    async def scene(clock: Clock) -> None:
        s = Scene(clock, answer)
        s.checker.retarget([A, B])
        assert not await s.checker.first_round(10)
        assert clock() < 1001
        await asyncio.sleep(60)
        verdict = s.checker.verdict(A)
        assert verdict.state is State.UNKNOWN
        assert verdict.reason == "the probe failed inside gtm: ValueError: a fault of ours"
        assert len([each for _, each in s.prober.begun if each == A]) > 10
        assert s.checker.report(B).probes > 10
        await s.checker.close()

    with capture_logs() as logs:
        run(scene)
    assert [(log["event"], log["log_level"], log["target"]) for log in logs] == [
        ("probe_failed_internally", "error", "192.0.2.1:80")
    ]


def test_a_fault_in_a_callback_stops_nothing_and_is_logged_once() -> None:
    async def scene(clock: Clock) -> None:
        def broken(*_: object) -> None:
            raise ValueError("a fault of the listener")

        prober = Scripted(clock, lambda _: True)
        checker = Checker(on_change=broken, on_probe=broken, clock=clock, now=clock, prober=prober)
        checker.retarget([A])
        assert await checker.first_round(10)
        await asyncio.sleep(60)
        assert checker.verdict(A).state is State.UP
        assert checker.report(A).probes > 10
        await checker.close()

    with capture_logs() as logs:
        run(scene)
    assert [log["event"] for log in logs] == ["health_callback_failed"]


def test_targets_may_change_inside_a_callback() -> None:
    async def scene(clock: Clock) -> None:
        prober = Scripted(clock, lambda _: True)
        checker = Checker(
            on_change=lambda *_: checker.retarget([B]), clock=clock, now=clock, prober=prober
        )
        checker.retarget([A])
        await asyncio.sleep(60)
        assert checker.verdict(A).reason == "not probed yet"
        assert checker.report(B).probes > 10
        assert [each for _, each in prober.begun].count(A) == 1
        await checker.close()

    run(scene)
