"""Held values: what moves them, and what does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gtm.steering.held import Held

MOMENTS = st.lists(
    st.tuples(
        st.floats(0, 30),
        st.dictionaries(st.sampled_from("abc"), st.none() | st.floats(0, 200), max_size=3),
    ),
    max_size=30,
)


@given(MOMENTS)
def test_it_holds_what_a_reader_of_the_rule_would_write_down(
    moments: list[tuple[float, dict[str, float | None]]],
) -> None:
    held: Held[str] = Held(part=0.1, least=1.0, pause=10.0)
    book: dict[str, tuple[float, float]] = {}  # value, and when it was written down
    now = 0.0
    for later, measured in moments:
        now += later
        expected = set()
        for key in "abc":
            value = measured.get(key)
            if key not in measured:
                book.pop(key, None)
            elif value is not None and (
                key not in book
                or (
                    now - book[key][1] >= 10
                    and abs(value - book[key][0]) >= 1
                    and abs(value - book[key][0]) >= 0.1 * book[key][0]
                )
            ):
                book[key] = value, now
                expected.add(key)
        assert held.follow(measured, now) == expected
        assert held.values == {key: value for key, (value, _) in book.items()}


def test_less_than_a_tenth_moves_nothing_and_a_tenth_does_both_ways() -> None:
    held: Held[str] = Held(pause=0.0)
    held.follow({"eu": 100.0}, 0.0)
    assert held.follow({"eu": 109.9}, 1.0) == frozenset()
    assert held.follow({"eu": 110.0}, 2.0) == {"eu"}
    assert held.follow({"eu": 99.1}, 3.0) == frozenset()
    assert held.follow({"eu": 99.0}, 4.0) == {"eu"}


def test_what_creeps_is_followed_once_it_has_come_far_enough() -> None:
    held: Held[str] = Held(pause=0.0)
    changes = [held.follow({"eu": 100.0 + step}, float(step)) for step in range(21)]
    assert [step for step, changed in enumerate(changes) if changed] == [0, 10]


def test_within_the_pause_nothing_moves_however_far_it_swings() -> None:
    held: Held[str] = Held(pause=10.0)
    assert held.follow({"eu": 10.0}, 0.0)
    assert not any(held.follow({"eu": 10.0 + 90.0 * (at % 2)}, at) for at in range(1, 10))
    assert held.follow({"eu": 100.0}, 10.0) == {"eu"}


def test_values_given_out_stay_as_they_were() -> None:
    held: Held[str] = Held(pause=0.0)
    held.follow({"eu": 10.0}, 0.0)
    given_out = held.values
    held.follow({"eu": 20.0}, 1.0)
    assert given_out == {"eu": 10.0}
