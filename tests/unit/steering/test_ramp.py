"""A region that comes back gets a tenth of its clients at once and all of them in equal steps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gtm.steering.ramp import STEPS, Ramp, begun


def test_a_ramp_goes_from_a_tenth_to_all() -> None:
    ramp = Ramp("eu", 100.0, 30.0)
    assert ramp.fraction(100.0) == 0.1
    assert not ramp.over(129.0)
    assert ramp.over(130.0)
    assert ramp.fraction(130.0) == 1.0


@given(st.floats(0.001, 10_000), st.floats(0, 1e9))
def test_each_timer_finds_the_next_step_and_the_last_one_the_end(
    length: float, began: float
) -> None:
    ramp, now, seen = Ramp("eu", began, length), began, []
    while not ramp.over(now):
        seen.append(ramp.fraction(now))
        now += max(ramp.next_step(now), 1e-6)
    assert seen == sorted(set(seen))
    assert len(seen) <= STEPS


def test_a_clock_set_back_ends_a_ramp() -> None:
    assert Ramp("eu", 100.0, 30.0).over(99.0)


def test_a_ramp_of_no_length_is_none() -> None:
    assert begun(["eu"], 100.0, 0.0) == ()
    assert begun(["us", "eu"], 100.0, 5.0) == (Ramp("eu", 100.0, 5.0), Ramp("us", 100.0, 5.0))


@given(st.floats(0.001, 10_000), st.floats(1, 1e9))
def test_a_clock_that_is_set_back_ends_a_ramp(length: float, back: float) -> None:
    ramp = Ramp("eu", 2e9, length)
    now = ramp.began - back
    assert ramp.over(now)
    assert ramp.fraction(now) == 1.0
    assert "takes 100% of its clients" in ramp.words(now)
