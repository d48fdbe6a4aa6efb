"""Targets that no probe can tell apart are probed as one, and each has the verdict."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Passive, Target
from gtm.health import Vantage
from gtm.health.together import together
from gtm.model import State
from tests.unit.health.checker_scene import A, B, Clock, Scene
from tests.unit.health.health_backends import altered
from tests.unit.health.virtual_time import run


def reported(target: Target, failures: float = 0.5) -> Target:
    """The target with a check that reports count for, too."""
    return replace(target, check=replace(target.check, passive=Passive(failures)))


TOLD, TOLD_OTHERWISE = reported(A), reported(A, 0.2)


def test_checks_that_differ_in_passive_alone_are_one_probe_with_every_verdict() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: clock() < 1020)
        s.checker.retarget([A, TOLD, TOLD_OTHERWISE])
        await s.checker.first_round(1.0)
        await asyncio.sleep(60.0)
        assert len({target for _, target in s.prober.begun}) == 1
        for target in (A, TOLD, TOLD_OTHERWISE):
            assert s.checker.verdict(target).state is State.DOWN
            told = [after.state for _, about, _, after in s.changes if about == target]
            assert told == [State.UP, State.DOWN]
            assert s.checker.report(target).probes == s.checker.report(A).probes > 10
        assert s.checker.census().targets == 1
        await s.checker.close()

    run(scene)


def test_the_one_that_is_probed_stays_it_and_when_it_goes_the_others_go_on() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock, lambda _: False)
        s.checker.retarget([A])
        await asyncio.sleep(30.0)
        since, probes = s.checker.verdict(A).since, len(s.prober.begun)
        s.checker.retarget([TOLD, A])
        assert s.checker.verdict(TOLD) == s.checker.verdict(A)
        await asyncio.sleep(1.0)
        assert len(s.prober.begun) <= probes + 1, "nothing new is probed"
        s.checker.retarget([TOLD])
        assert s.checker.verdict(TOLD).state is State.DOWN
        assert s.checker.verdict(TOLD).since == since
        assert s.checker.verdict(A).state is State.UNKNOWN
        await asyncio.sleep(30.0)
        assert s.checker.report(TOLD).probes >= 5
        await s.checker.close()

    run(scene)


def test_regions_of_all_that_a_probe_serves_count_for_being_cut_off() -> None:
    async def scene(clock: Clock) -> None:
        every = [replace(A, address=f"192.0.2.{n}") for n in range(8)]
        s = Scene(clock, lambda _: clock() < 1030)
        regions = dict.fromkeys(every, ("us",))
        regions |= {reported(target): ("eu",) for target in every}
        s.checker.look_from(Vantage(regions))
        s.checker.retarget([*every, *map(reported, every)])
        await asyncio.sleep(60.0)
        assert s.checker.frozen is not None, "one region alone would have been believed"
        await s.checker.close()

    run(scene)


TARGETS = [each for one in (A, B) for each in (one, reported(one), reported(one, 0.2))]
TARGETS.append(replace(A, check=altered(A.check, interval=9.0)))


@given(
    st.sets(st.sampled_from(TARGETS)),
    st.sets(st.sampled_from(TARGETS)),
)
def test_each_target_is_in_one_group_led_by_what_is_probed_already(
    wanted: set[Target], before: set[Target]
) -> None:
    probed = together(list(before), ())
    found = together(list(wanted), probed)
    assert sorted(map(repr, (each for group in found.values() for each in group))) == sorted(
        map(repr, wanted)
    )
    for first, group in found.items():
        assert group[0] == first
        assert {replace(each.check, passive=None) for each in group} == {
            replace(first.check, passive=None)
        }
        kept = [each for each in group if each in probed]
        assert not kept or first in probed
