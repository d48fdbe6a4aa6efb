"""Probes are spread evenly over the interval, and each slot is used exactly once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gtm.health.schedule import EARLY, JITTER, next_due, phase
from tests.unit.health.health_backends import altered, target

INTERVALS = st.floats(0.5, 3600)
SHARES = st.floats(0, 1, exclude_max=True)


@given(st.floats(0, 1e7), INTERVALS, SHARES, SHARES)
def test_the_next_probe_lies_ahead_and_within_an_interval_and_its_jitter(
    after: float, interval: float, phase: float, draw: float
) -> None:
    due = next_due(after, interval, phase, draw)
    assert after < due < after + interval * (1 + EARLY + JITTER + 1e-6)


@given(INTERVALS, SHARES, st.lists(SHARES, min_size=50, max_size=50), st.floats(0, EARLY / 2))
def test_no_slot_is_used_twice_or_left_out(
    interval: float, phase: float, draws: list[float], early: float
) -> None:
    begun = next_due(1000.0, interval, phase, 0.0)
    due = begun
    for number, draw in enumerate(draws, start=1):
        fired = due - early * interval
        due = next_due(fired, interval, phase, draw)
        late = due - begun - number * interval
        assert -1e-6 * interval <= late <= (JITTER + 1e-6) * interval


def test_ten_thousand_targets_are_spread_evenly() -> None:
    random = Random(7)
    targets = [target(address=f"10.0.{n // 250}.{n % 250}", interval=5.0) for n in range(10_000)]
    due = [next_due(100.0, 5.0, phase(each), random.random()) for each in targets]
    later = [
        next_due(each, 5.0, phase(t), random.random()) for each, t in zip(due, targets, strict=True)
    ]
    per_tenth = Counter(int(moment * 10) for moment in due + later if 101 <= moment < 105)
    assert len(per_tenth) == 40
    # 200 expected in each tenth of a second; 5 standard deviations of a fair draw are 70.
    assert all(abs(count - 200) < 70 for count in per_tenth.values())


def test_a_target_keeps_its_slot_when_thresholds_change_and_not_when_its_question_does() -> None:
    one = target(fall=3)
    assert phase(one) == phase(replace(one, check=altered(one.check, fall=2, timeout=1.0)))
    assert phase(one) != phase(target(path="/other"))
    assert phase(one) == 0.5562083929432333  # the same on every machine and in every process
