"""Probes that this machine can't make move no verdict, are said once, and are tried again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from gtm.checks import Target
from gtm.model import State, Verdict
from tests.unit.health.checker_scene import A, B, Clock, Scene
from tests.unit.health.health_backends import altered
from tests.unit.health.virtual_time import run

FILES = "this process has too many open files"
PORTS = "no local address or port to connect from"


def lines(logs: list[EventDict]) -> list[tuple[object, ...]]:
    return [(log["event"], log["log_level"], log["reason"], log["targets"]) for log in logs]


def test_verdicts_stand_while_no_probe_can_be_made_until_they_are_stale() -> None:
    a, b = (replace(one, check=altered(one.check, stale_after=100.0)) for one in (A, B))

    async def scene(clock: Clock) -> None:
        def answer(probed: Target) -> bool | str:
            return FILES if 1030 <= clock() < 1090 else probed == a

        s = Scene(clock, answer)
        s.checker.retarget([a, b])
        await s.checker.first_round(10)
        await asyncio.sleep(25)
        told, before = len(s.outcomes), s.checker.report(a)
        changes = list(s.changes)
        await asyncio.sleep(60)
        during = s.checker.report(a)
        assert during.verdict == Verdict(
            State.UP, f"not probed: {FILES}; before that: well", before.verdict.since
        )
        assert during.impairment == FILES
        assert s.checker.verdict(b).state is State.DOWN
        assert during.successes >= before.successes
        assert during.outcome is not None
        assert during.outcome.at < 1030
        assert len(s.outcomes) <= told + 2
        assert len([moment for moment, _ in s.prober.begun if 1030 <= moment < 1085]) >= 2 * 10
        await asyncio.sleep(15)
        after = s.checker.report(a)
        assert (after.verdict, after.impairment) == (before.verdict, None)
        assert s.changes == changes
        await s.checker.close()

    run(scene)


def test_a_target_of_which_nothing_is_known_stays_unknown_until_it_can_be_probed() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: FILES if clock() < 1001 else True)
        s.checker.retarget([A])
        assert not await s.checker.first_round(10)
        assert s.checker.verdict(A) == Verdict(State.UNKNOWN, f"not probed: {FILES}", 1000)
        await asyncio.sleep(A.check.schedule.interval * 1.2)
        assert s.checker.verdict(A).state is State.UP
        await s.checker.close()

    run(scene)


def test_a_probe_that_was_not_made_neither_lengthens_nor_breaks_a_row() -> None:
    answers: list[bool | str] = [True, False, False, *[FILES] * 9, False]

    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: answers.pop(0) if answers else False)
        s.checker.retarget([A])
        while answers:  # each second of virtual time
            report = s.checker.report(A)
            assert report.verdict.state is not State.DOWN
            assert report.failures <= 2
            await asyncio.sleep(1)
        await asyncio.sleep(0.1)
        verdict = s.checker.verdict(A)
        assert (verdict.state, verdict.reason) == (State.DOWN, "ill, 3rd of 3")
        await s.checker.close()

    run(scene)


def test_a_spell_is_said_when_it_begins_and_when_it_is_over() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: FILES if clock() < 1060 else True)
        s.checker.retarget([replace(A, address=f"192.0.2.{n}") for n in range(40)])
        await asyncio.sleep(2)
        assert lines(logs) == [("probing_impaired", "warning", FILES, 40)]
        await asyncio.sleep(100)
        await s.checker.close()

    with capture_logs() as logs:
        run(scene)
    assert lines(logs) == [
        ("probing_impaired", "warning", FILES, 40),
        ("probing_restored", "warning", FILES, 40),
    ]
    assert logs[1]["seconds"] == pytest.approx(62, abs=4)


def test_a_short_spell_is_said_too() -> None:
    answers: list[bool | str] = [FILES]
    quick = replace(A, check=altered(A.check, interval=0.5))

    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: answers.pop() if answers else True)
        s.checker.retarget([quick])
        await asyncio.sleep(10)
        await s.checker.close()

    with capture_logs() as logs:
        run(scene)
    assert [log["event"] for log in logs] == ["probing_impaired", "probing_restored"]


def test_each_reason_has_a_spell_of_its_own() -> None:
    async def scene(clock: Clock) -> None:
        def answer(probed: Target) -> bool | str:
            if 1030 <= clock() < 1060:
                return FILES
            return PORTS if probed == B else True

        s = Scene(clock, answer)
        s.checker.retarget([A, B])
        await asyncio.sleep(100)
        assert s.checker.verdict(B).reason == f"not probed: {PORTS}"
        await s.checker.close()

    with capture_logs() as logs:
        run(scene)
    said = [(log["event"], log["reason"]) for log in logs]
    assert said[0] == ("probing_impaired", PORTS)
    assert said.count(("probing_impaired", FILES)) == 1
    assert said.count(("probing_restored", FILES)) == 1
    assert said[-2:].count(("probing_impaired", PORTS)) == 1


def test_a_reload_takes_a_spell_over_and_ends_it_with_its_last_target() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: FILES if clock() > 1003 else True)
        s.checker.retarget([A])
        await asyncio.sleep(20)
        patient = replace(A, check=altered(A.check, fall=9))
        s.checker.retarget([patient])
        assert s.checker.report(patient).impairment == FILES
        assert [log["event"] for log in logs] == ["probing_impaired"]
        s.checker.retarget([])
        assert [log["event"] for log in logs] == ["probing_impaired", "probing_restored"]
        await s.checker.close()

    with capture_logs() as logs:
        run(scene)


def test_nothing_is_said_after_closing() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: FILES)
        s.checker.retarget([A, B])
        await asyncio.sleep(0.5)
        await s.checker.close()
        await asyncio.sleep(10)

    with capture_logs() as logs:
        run(scene)
    assert logs == []
