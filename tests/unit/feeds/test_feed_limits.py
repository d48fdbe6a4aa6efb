"""A reporter may send so much and no more, whatever others send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gtm.feeds.limits import REPORTERS, REQUESTS, SAMPLES, Limits


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 10_000)), max_size=80))
def test_no_more_than_the_rate_and_the_burst_ever_pass(
    sent: list[tuple[float, int]],
) -> None:
    limits, now, passed = Limits(), 0.0, 0
    for wait, count in sent:
        now += wait
        if limits.samples("gw", count, now) == 0:
            passed += count
        assert passed <= SAMPLES[1] + now * SAMPLES[0] + 1e-6


@given(st.integers(1, 10_000), st.integers(0, 40))
def test_whoever_waits_as_long_as_it_is_told_may_send(count: int, before: int) -> None:
    limits = Limits()
    for _ in range(before):
        limits.samples("gw", 10_000, 0.0)
    wait = limits.samples("gw", count, 0.0)
    assert wait == 0 or limits.samples("gw", count, wait + 1e-6) == 0


def test_one_that_sends_too_much_holds_nobody_else_up() -> None:
    limits = Limits()
    while limits.request("mad", 0.0) == 0:
        pass
    assert limits.request("gw", 0.0) == 0
    assert limits.refused == 1
    assert limits.request("mad", 1.1 / REQUESTS[0]) == 0


def test_memory_is_bounded_however_many_reporters_there_are() -> None:
    limits = Limits()
    for number in range(3 * REPORTERS):
        limits.request(f"gw-{number}", 0.0)
    assert len(limits._buckets) == REPORTERS
