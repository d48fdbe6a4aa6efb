"""Smoothed response and service times, against the sum that the formula says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.health.outcome import Outcome
from gtm.health.pace import HALF_LIFE, Pace
from tests.unit.health.checker_scene import A, Clock, Scene
from tests.unit.health.health_backends import altered
from tests.unit.health.virtual_time import run

PROBES = st.lists(
    st.tuples(st.booleans(), st.floats(0.0001, 10), st.none() | st.floats(0, 10)), max_size=60
)


def outcome(ok: bool, latency: float, service: float | None = None) -> Outcome:
    return Outcome(ok, "said", latency, 0.0, service=service)


def paced(*probes: tuple[bool, float, float | None]) -> Pace:
    pace = Pace()
    for probe in probes:
        pace = pace.after(outcome(*probe))
    return pace


def weighted_mean(values: list[float]) -> float | None:
    """Each weighs half as much as the one HALF_LIFE after it."""
    if not values:
        return None
    weights: list[float] = [
        0.5 ** ((len(values) - 1 - at) / HALF_LIFE) for at in range(len(values))
    ]
    return sum(w * value for w, value in zip(weights, values, strict=True)) / sum(weights)


@given(PROBES)
def test_times_are_the_weighted_means_of_all_successful_probes(
    probes: list[tuple[bool, float, float | None]],
) -> None:
    pace = paced(*probes)
    responses = [latency for ok, latency, _ in probes if ok]
    services = [service for ok, _, service in probes if ok and service is not None]
    assert pace.response_time == pytest.approx(weighted_mean(responses))
    assert pace.service_time == pytest.approx(weighted_mean(services))


def test_after_a_half_life_of_probes_half_of_a_step_is_believed() -> None:
    before, after = [(True, 0.010, None)] * 1000, [(True, 0.110, None)] * HALF_LIFE
    assert paced(*before, *after).response_time == pytest.approx(0.060)


def test_a_failure_changes_nothing_however_long_it_took() -> None:
    pace = paced((True, 0.010, 0.004))
    assert pace.after(outcome(False, 3.0, 3.0)) is pace


def test_new_thresholds_keep_the_pace_and_a_new_question_does_not() -> None:
    async def scene(clock: Clock) -> None:
        s = Scene(clock)
        s.checker.retarget([A])
        await s.checker.first_round(10)
        patient = replace(A, check=altered(A.check, name="slow", interval=60.0))
        other = replace(A, check=altered(A.check, port=81))
        s.checker.retarget([patient, other])
        assert s.checker.pace(patient).response_time == 0.01
        assert s.checker.report(patient).pace == s.checker.pace(patient)
        assert s.checker.pace(other).response_time is None
        await s.checker.close()

    run(scene)
