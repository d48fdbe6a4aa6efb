"""The median is the plain one for one reporter, and no reporter moves it beyond what others say."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.feeds.median import bounded, robust_median, weighted_median

MS = st.floats(0.1, 10_000)
SOME = st.lists(MS, min_size=1, max_size=40)


def plain(values: list[float]) -> list[tuple[float, float]]:
    return [(value, 1.0) for value in values]


@given(SOME)
def test_with_equal_weights_it_is_the_median(values: list[float]) -> None:
    assert weighted_median(plain(values)) == pytest.approx(statistics.median(values))


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9)), min_size=1, max_size=20))
def test_a_weight_counts_as_so_many_samples(samples: list[tuple[int, int]]) -> None:
    every = [value for value, weight in samples for _ in range(weight)]
    weighed = weighted_median([(float(value), float(weight)) for value, weight in samples])
    assert weighed == statistics.median(every)


@given(st.lists(SOME, min_size=2, max_size=8), SOME)
def test_a_mad_reporter_cannot_move_it_beyond_what_the_others_measured(
    honest: list[list[float]], mad: list[float]
) -> None:
    found = robust_median([plain(values) for values in (*honest, mad)])
    every = [value for values in honest for value in values]
    assert found is not None
    assert min(every) * 0.999999 <= found <= max(every) * 1.000001


@given(st.lists(st.floats(1, 1e6), min_size=3, max_size=12))
def test_with_three_or_more_none_is_more_than_a_third(totals: list[float]) -> None:
    shares = bounded(totals)
    assert max(shares) <= sum(shares) / 3 * (1 + 1e-9)
    assert all(share <= total for share, total in zip(shares, totals, strict=True))


@given(st.lists(st.floats(1, 2), min_size=4, max_size=12))
def test_whoever_is_below_a_third_counts_in_full(totals: list[float]) -> None:
    assert bounded(totals) == totals or max(totals) > sum(totals) / 3


def test_two_that_contradict_each_other_say_nothing() -> None:
    assert robust_median([plain([40.0]), plain([400.0])]) is None
    assert robust_median([plain([40.0]), plain([50.0])]) == 45.0
    assert robust_median([plain([1.0]), plain([4.0])]) == 2.5, "within 5 ms"


def test_nobody_says_nothing() -> None:
    assert robust_median([]) is None
    assert robust_median([[], []]) is None
