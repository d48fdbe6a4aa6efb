"""The state machine, against oracles that replay the whole history, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Damping, Judgement
from gtm.health.outcome import Outcome, ordinal, span
from gtm.health.state import Health, is_changing, step, unprobed
from gtm.model import State

histories = st.lists(st.booleans(), max_size=40)
thresholds = st.integers(1, 5)


def outcomes(history: Sequence[bool]) -> list[Outcome]:
    """One outcome a second, from second 1 on."""
    return [
        Outcome(ok, "well" if ok else "ill", 0.01, float(second))
        for second, ok in enumerate(history, start=1)
    ]


def after(history: Sequence[bool], judged_by: Judgement) -> Health:
    return reduce(
        lambda health, outcome: step(health, outcome, judged_by), outcomes(history), unprobed(0.0)
    )


def believed(history: list[bool], rise: int, fall: int) -> State:
    """The oracle for `ok: 1`: the last moment that decides, searched for backwards."""
    for end in range(len(history), 1, -1):
        if end >= rise and all(history[end - rise : end]):
            return State.UP
        if end >= fall and not any(history[end - fall : end]):
            return State.DOWN
    if not history:
        return State.UNKNOWN
    return State.UP if history[0] else State.DOWN


def believed_adding_up(history: list[bool], judged_by: Judgement) -> list[State]:
    """The oracle for `ok`: what is believed after each outcome, from a text of the history."""
    states = [State.UNKNOWN]
    spell = ""  # since the last change of state
    for ok in history:
        spell += "+" if ok else "-"
        if states[-1] is State.UP:
            unforgotten = spell.rpartition("+" * judged_by.ok)[2]
            fell = not ok and unforgotten.count("-") >= judged_by.fall
            state = State.DOWN if fell else State.UP
        elif states[-1] is State.DOWN:
            state = State.UP if spell.endswith("+" * judged_by.rise) else State.DOWN
        else:
            state = State.UP if ok else State.DOWN
        if state is not states[-1]:
            spell = ""
        states.append(state)
    return states


def row(history: list[bool], wanted: bool) -> int:
    """How many of the latest outcomes are as wanted, without a gap."""
    text = "".join("x" if ok is wanted else " " for ok in history)
    return len(text) - len(text.rstrip("x"))


@given(histories, thresholds, thresholds)
def test_the_verdict_is_what_the_whole_history_says(
    history: list[bool], rise: int, fall: int
) -> None:
    health = after(history, Judgement(rise, fall))
    states = [believed(history[:end], rise, fall) for end in range(len(history) + 1)]
    changes = [end for end in range(1, len(states)) if states[end] is not states[end - 1]]
    assert health.verdict.state is states[-1]
    assert health.verdict.since == (changes[-1] if changes else 0.0)
    assert health.successes == row(history, True)
    assert health.failures == row(history, False)


@given(histories, st.builds(Judgement, thresholds, thresholds, thresholds))
def test_failures_add_up_until_enough_successes_in_a_row_forget_them(
    history: list[bool], judged_by: Judgement
) -> None:
    expected = believed_adding_up(history, judged_by)
    found = [after(history[:end], judged_by).verdict.state for end in range(len(history) + 1)]
    assert found == expected


@given(histories, st.builds(Judgement, thresholds, thresholds, thresholds))
def test_no_next_outcome_changes_a_state_that_is_not_changing_unless_one_is_enough(
    history: list[bool], judged_by: Judgement
) -> None:
    health = after(history, judged_by)
    if is_changing(health) or judged_by.fall == 1 or judged_by.rise == 1:
        return
    for ok in (True, False):
        assert step(health, Outcome(ok, "", 0.0, 99.0), judged_by).verdict.state is (
            health.verdict.state
        )


@given(histories.filter(bool), thresholds, thresholds)
def test_the_reason_is_that_of_the_latest_outcome(
    history: list[bool], rise: int, fall: int
) -> None:
    reason = after(history, Judgement(rise, fall)).verdict.reason
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
    verdict = after(history, Judgement(2, 3)).verdict
    assert (verdict.state, verdict.reason) == (state, reason)


@pytest.mark.parametrize(
    ("history", "state", "reason"),
    [
        ("+-+-", State.UP, "ill, 2nd of 3"),
        ("+-+-+", State.UP, "well"),
        ("+-+-+-", State.DOWN, "ill, 3rd of 3"),
        ("+-+-+--", State.DOWN, "ill, 2nd in a row"),
        ("+-+-++-", State.UP, "ill, 1st of 3"),
    ],
)
def test_with_ok_above_1_isolated_failures_are_counted(
    history: str, state: State, reason: str
) -> None:
    verdict = after([sign == "+" for sign in history], Judgement(2, 3, ok=2)).verdict
    assert (verdict.state, verdict.reason) == (state, reason)


def test_a_change_that_takes_one_outcome_is_not_counted() -> None:
    assert after([True, False], Judgement(1, 1)).verdict.reason == "ill"
    assert after([False, True], Judgement(1, 1)).verdict.reason == "well"


def test_a_fall_that_a_reload_lowered_takes_nothing_down_before_the_next_failure() -> None:
    health = after([True, False, True, False, True], Judgement(fall=9, ok=5))
    assert health.strikes == 2
    lowered = Judgement(fall=2, ok=5)
    health = step(health, Outcome(True, "well", 0.0, 6.0), lowered)
    assert health.verdict.state is State.UP
    assert step(health, Outcome(False, "ill", 0.0, 7.0), lowered).verdict.state is State.DOWN


@given(st.floats(0.0, 2.0), st.floats(0.1, 1.0))
def test_an_answer_slower_than_max_latency_is_a_failure_in_words(took: float, most: float) -> None:
    judged_by = Judgement(max_latency=most)
    verdict = step(unprobed(0.0), Outcome(True, "HTTP 200", took, 1.0), judged_by).verdict
    assert (verdict.state is State.DOWN) is (took > most)
    assert verdict.reason == "HTTP 200" + (f", slower than {span(most)}" if took > most else "")


# --- damping ------------------------------------------------------------------------------

QUICK = Judgement(rise=1, fall=1)
DAMPED = replace(QUICK, damping=Damping(changes=3, within=100.0, hold=20.0, most=50.0))


@dataclass
class Restless:
    """The oracle: all changes and all holds are kept, and looked through anew each time."""

    damping: Damping
    state: State = State.UNKNOWN
    forgotten: int = 0  # of the holds

    def __post_init__(self) -> None:
        self.changes: list[float] = []
        self.holds: list[tuple[float, float]] = []  # when, how long

    def see(self, ok: bool, at: float) -> State:
        wanted = State.UP if ok else State.DOWN
        held = any(begun <= at < begun + length for begun, length in self.holds)
        if wanted is self.state or (wanted is State.UP and held):
            return self.state
        if self.state is not State.UNKNOWN:
            quiet = not self._recent(at) and all(
                at - begun - length >= self.damping.within for begun, length in self.holds
            )
            if quiet:
                self.forgotten = len(self.holds)
            self.changes.append(at)
            if wanted is State.DOWN and len(self._recent(at)) > self.damping.changes:
                repeats = len(self.holds) - self.forgotten
                length = min(self.damping.most, self.damping.hold * 2**repeats)
                self.holds.append((at, length))
        self.state = wanted
        return wanted

    def _recent(self, at: float) -> list[float]:
        return [time for time in self.changes if at - time < self.damping.within]


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([1, 5, 19, 20, 60, 120])), max_size=60),
    st.builds(
        Damping,
        changes=st.integers(1, 5),
        within=st.sampled_from([30.0, 100.0]),
        hold=st.sampled_from([5.0, 20.0]),
        most=st.sampled_from([20.0, 50.0]),
    ),
)
def test_a_restless_target_is_held_down_as_an_oracle_with_a_long_memory_says(
    history: list[tuple[bool, int]], damping: Damping
) -> None:
    judged_by, oracle = replace(QUICK, damping=damping), Restless(damping)
    health, at = unprobed(0.0), 1000.0
    for ok, gap in history:
        at += gap
        health = step(health, Outcome(ok, "said", 0.0, at), judged_by)
        assert health.verdict.state is oracle.see(ok, at)
    assert health.flaps.held == len(oracle.holds)
    assert len(health.flaps.changes) <= damping.changes + 1


def flapping(seconds: range, health: Health | None = None) -> Health:
    health = health or unprobed(0.0)
    for second in seconds:
        health = step(health, Outcome(second % 2 == 1, "said", 0.0, float(second)), DAMPED)
    return health


def test_a_hold_says_so_and_for_how_long_in_every_reason_until_it_ends() -> None:
    health = flapping(range(1, 7))
    words = "; changed state 4 times within 3 s, so it is held down for 18 s more"
    assert health.verdict.state is State.DOWN
    held = step(health, Outcome(True, "well", 0.0, 8.0), DAMPED)
    assert held.verdict.reason == "well" + words
    late = step(held, Outcome(True, "well", 0.0, 26.0), DAMPED)
    assert late.verdict.state is State.UP
    assert late.verdict.reason == "well"


def test_holds_double_up_to_the_most_and_are_forgotten_after_a_quiet_window() -> None:
    health = flapping(range(1, 6))
    lengths: list[float] = []
    at = 5.0
    for _ in range(3):
        while health.flaps.held == len(lengths):
            at += 1
            health = step(health, Outcome(at % 2 == 1, "said", 0.0, at), DAMPED)
        lengths.append(health.flaps.hold)
        at = health.flaps.until
        health = step(health, Outcome(True, "well", 0.0, at), DAMPED)
    assert lengths == [20.0, 40.0, 50.0]
    health = step(health, Outcome(False, "ill", 0.0, at + 200.0), DAMPED)
    assert health.flaps.hold == 0.0


def test_damping_that_a_reload_took_away_lets_go_with_the_next_change() -> None:
    health = flapping(range(1, 7))
    free = QUICK
    assert step(health, Outcome(True, "well", 0.0, 8.0), free).verdict.state is State.UP


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
