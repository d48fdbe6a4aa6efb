"""Windows count what a list of everything would, within the promise of their sub-windows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gtm.feeds.window import OTHERS, PARTS, REPORTERS, Tally, Window

EVENTS = st.lists(
    st.tuples(
        st.floats(0, 20), st.sampled_from(["a", "b", "c"]), st.integers(0, 9), st.integers(0, 9)
    ),
    max_size=60,
)


@given(EVENTS, st.floats(1, 100))
def test_tallies_are_those_of_all_events_whose_sub_window_is_in_the_window(
    events: list[tuple[float, str, int, int]], seconds: float
) -> None:
    window, now = Window(seconds), 0.0
    told: list[tuple[int, str, Tally]] = []
    for wait, reporter, ok, failed in events:
        now += wait
        window.add(reporter, Tally(ok, failed), now)
        told.append((int(now // (seconds / PARTS)), reporter, Tally(ok, failed)))
        current = int(now // (seconds / PARTS))
        expected: dict[str, Tally] = {}
        for number, name, tally in told:
            if number > current - PARTS:
                expected[name] = expected.get(name, Tally()).with_more(tally)
        assert window.tallies(now) == expected


@given(st.floats(1, 1000), st.floats(0, 1e6))
def test_what_is_younger_than_nine_tenths_counts_and_what_is_older_than_the_window_does_not(
    seconds: float, at: float
) -> None:
    window = Window(seconds)
    window.add("a", Tally(1, 1), at)
    assert window.tallies(at + 0.89 * seconds)
    assert not window.tallies(at + 1.01 * seconds)


def test_reporters_beyond_the_limit_count_as_one() -> None:
    window = Window(10)
    for number in range(10_000):
        window.add(f"gw-{number}", Tally(0, 1), 5.0)
    tallies = window.tallies(5.0)
    assert len(tallies) == REPORTERS + 1
    assert tallies[OTHERS].failed == 10_000 - REPORTERS
