"""No reporter decides alone where there are others, and one that is alone needs more."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from gtm.checks import Passive
from gtm.feeds.evidence import ALONE, weigh
from gtm.feeds.window import Tally

RULES = Passive(failures=0.5, minimum=20)
COUNT = st.integers(0, 100_000)


def bad(told: dict[str, Tally], rules: Passive = RULES, **elsewhere: Tally) -> bool:
    return weigh(told, rules, elsewhere).bad


def test_several_reporters_that_agree_are_enough() -> None:
    told = {"gw-1": Tally(24, 36), "gw-2": Tally(24, 36)}
    evidence = weigh(told, RULES, {})
    assert evidence.bad
    words = "60 % of 120 requests failed in 30 s, reported by gw-1, gw-2"
    assert evidence.words(RULES) == words


def test_the_rate_has_to_be_above_the_threshold_and_the_minimum_reached() -> None:
    assert not bad({"a": Tally(10, 10), "b": Tally(10, 10)})
    assert not bad({"a": Tally(0, 9), "b": Tally(0, 9)})
    assert bad({"a": Tally(0, 10), "b": Tally(0, 10)})


def test_one_that_is_alone_needs_three_times_the_minimum() -> None:
    assert not bad({"a": Tally(0, ALONE * 20 - 1)})
    assert bad({"a": Tally(0, ALONE * 20)})


def test_one_that_is_alone_is_not_believed_if_all_else_fails_for_it_too() -> None:
    told = {"a": Tally(0, 1000)}
    assert not bad(told, a=Tally(3, 500))
    assert bad(told, a=Tally(500, 3))
    assert bad(told, a=Tally(0, 5)), "too little to say so"


def test_reporters_that_are_asked_for_have_to_be_there() -> None:
    two = Passive(failures=0.5, minimum=20, reporters=2)
    assert not bad({"a": Tally(0, 1000)}, two)
    assert bad({"a": Tally(0, 1000), "b": Tally(0, 1000)}, two)


@given(
    st.dictionaries(st.sampled_from("bcdef"), st.tuples(COUNT, COUNT), min_size=1),
    COUNT,
    COUNT,
    st.floats(0.01, 0.99),
    st.integers(1, 100),
)
def test_a_mad_reporter_among_honest_ones_takes_nothing_out(
    honest: dict[str, tuple[int, int]], ok: int, failed: int, failures: float, minimum: int
) -> None:
    rules = Passive(failures=failures, minimum=minimum)
    told = {name: Tally(*counts) for name, counts in honest.items()}
    whole = sum(tally.outcomes for tally in told.values())
    assume(whole > 0)
    assume(sum(tally.failed for tally in told.values()) <= failures * whole)
    assert not bad({**told, "mad": Tally(ok, failed)}, rules)


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), min_size=1, max_size=1))
def test_one_that_tells_more_weighs_no_more_than_all_others_together(few: dict[str, int]) -> None:
    tallies = {name: Tally(0, failed) for name, failed in few.items()}
    assert not bad({**tallies, "loud": Tally(0, 1_000_000)}), "the others tell under ten"


def test_nothing_told_is_no_evidence() -> None:
    assert not bad({})
    assert not bad({"a": Tally()})
