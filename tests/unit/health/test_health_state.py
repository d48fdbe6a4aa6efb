"""The state machine, against an oracle that replays the whole history, and its words."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Judgement
from gtm.health.outcome import Outcome, ordinal, span
from gtm.health.state import Health, step, unprobed
from gtm.model import State


def check(rise: int = 2, fall: int = 3) -> Judgement:
    return Judgement(rise=rise, fall=fall)


def outcomes(history: list[bool]) -> list[Outcome]:
    """One outcome a second, from second 1 on."""
    return [
        Outcome(ok, "well" if ok else "ill", 0.01, float(second))
        for second, ok in enumerate(history, start=1)
    ]


def after(history: list[bool], judged_by: Judgement) -> Health:
    return reduce(
        lambda health, outcome: step(health, outcome, judged_by), outcomes(history), unprobed(0.0)
    )


def believed(history: list[bool], rise: int, fall: int) -> State:
    """The oracle: the last moment that decides is searched for backwards through the history."""
    for end in range(len(history), 1, -1):
        if end >= rise and all(history[end - rise : end]):
            return State.UP
        if end >= fall and not any(history[end - fall : end]):
            return State.DOWN
    if not history:
        return State.UNKNOWN
    return State.UP if history[0] else State.DOWN


def row(history: list[bool], wanted: bool) -> int:
    """How many of the latest outcomes are as wanted, without a gap."""
    text = "".join("x" if ok is wanted else " " for ok in history)
    return len(text) - len(text.rstrip("x"))


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 5), st.integers(1, 5))
def test_the_verdict_is_what_the_whole_history_says(
    history: list[bool], rise: int, fall: int
) -> None:
    health = after(history, check(rise, fall))
    states = [believed(history[:end], rise, fall) for end in range(len(history) + 1)]
    changes = [end for end in range(1, len(states)) if states[end] is not states[end - 1]]
    assert health.verdict.state is states[-1]
    assert health.verdict.since == (changes[-1] if changes else 0.0)
    assert health.successes == row(history, True)
    assert health.failures == row(history, False)


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.integers(1, 5), st.integers(1, 5))
def test_the_reason_is_that_of_the_latest_outcome(
    history: list[bool], rise: int, fall: int
) -> None:
    reason = after(history, check(rise, fall)).verdict.reason
    assert reason.startswith("well" if history[-1] else "ill")


@pytest.mark.parametrize(
    ("history", "state", "reason"),
    [
        ([], State.UNKNOWN, "not probed yet"),
        ([True], State.UP, "well"),
        ([False], State.DOWN, "ill"),
        ([True, False], State.UP, "ill, 1st of 3"),
        ([True, False, True], State.UP, "well"),
        ([True, False, False, False], State.DOWN, "ill, 3rd of 3"),
        ([True, False, False, False, False], State.DOWN, "ill, 4th in a row"),
        ([False, True], State.DOWN, "well, 1st of 2"),
        ([False, True, False], State.DOWN, "ill"),
        ([False, True, True], State.UP, "well, 2nd of 2"),
        ([False, True, True, True], State.UP, "well"),
    ],
)
def test_the_reason_counts_towards_a_change(history: list[bool], state: State, reason: str) -> None:
    verdict = after(history, check()).verdict
    assert (verdict.state, verdict.reason) == (state, reason)


def test_a_change_that_takes_one_outcome_is_not_counted() -> None:
    assert after([True, False], check(1, 1)).verdict.reason == "ill"
    assert after([False, True], check(1, 1)).verdict.reason == "well"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (111, "111th"),
        (122, "122nd"),
    ],
)
def test_ordinals_read_as_spoken(number: int, text: str) -> None:
    assert ordinal(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "less than 1 ms"),
        (0.0009, "less than 1 ms"),
        (0.001, "1 ms"),
        (0.0414, "41 ms"),
        (0.5, "500 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (2.0, "2 s"),
        (1.2345, "1.23 s"),
    ],
)
def test_durations_read_as_an_operator_writes_them(seconds: float, text: str) -> None:
    assert span(seconds) == text
