"""What a drill's answers come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.drill import Failure, Marks, Measured, Probe, Seen, faults, measure, timeline

EU, US = frozenset({"eu"}), frozenset({"us"})
PROBES = (
    Probe("orders.", "A", "192.0.2.0/24", "Ireland", EU, leaves=True),
    Probe("orders.", "A", "198.51.100.0/24", "France", EU, leaves=True),
    Probe("orders.", "A", "203.0.113.0/24", "Canada", US, leaves=False),
)
MARKS = Marks(began=-3.0, held=0.1, undone=10.0, restored=10.1, ended=20.0)


def seen(at: float, probe: int, regions: frozenset[str], **more: object) -> Seen:
    return Seen(at, probe, regions, **more)  # type: ignore[arg-type]  # spelled out by tests


def good() -> list[Seen]:
    """Both clients of eu go to us within 0.4 s, and are back after 2 and 4 s."""
    return [
        *(seen(-2.0, n, PROBES[n].home, ttl=30) for n in range(3)),
        seen(0.2, 0, EU, ttl=30),
        seen(0.4, 1, US),
        seen(0.5, 2, US),
        *(seen(5.0 + n / 10, n, US) for n in range(3)),
        seen(10.5, 1, US),
        seen(12.0, 0, EU),
        seen(14.0, 1, EU),
        seen(15.0, 2, US),
    ]


def measured(all_seen: list[Seen], marks: Marks = MARKS) -> Measured:
    return measure("eu", PROBES, all_seen, marks)


def test_gone_is_when_the_first_answer_after_the_last_that_named_the_region_had_come() -> None:
    found = measured(good())
    assert found.last_named == 0.2
    assert found.gone == pytest.approx(0.4)
    assert found.ttl == 30
    assert found.named_after == 1


def test_a_region_that_is_named_to_the_end_is_never_gone_and_the_drill_fails() -> None:
    found = measured([seen(-1, 0, EU), seen(1, 0, EU), seen(9, 0, EU)])
    assert found.gone is None
    assert any(fault.grave for fault in faults("eu", found, MARKS, spills=False))


def test_shares_are_of_answers_before_while_down_and_at_the_end() -> None:
    found = measured(good())
    assert found.before == {"eu": pytest.approx(2 / 3), "us": pytest.approx(1 / 3)}
    assert found.during == {"us": 1.0}
    assert found.after == {"eu": pytest.approx(2 / 3), "us": pytest.approx(1 / 3)}
    assert found.moved == {"us": 1.0}


def test_the_way_back_counts_from_taking_it_back_to_when_each_client_is_there_for_good() -> None:
    found = measured(good())
    assert found.half_back == pytest.approx(2.0)
    assert found.back == pytest.approx(4.0)


def test_a_client_that_left_again_is_not_back() -> None:
    found = measured([*good(), seen(16.0, 0, US)])
    assert found.back is None
    assert found.half_back == pytest.approx(4.0)
    assert [fault.grave for fault in faults("eu", found, MARKS, spills=False)] == [False]


def test_a_client_of_another_region_that_moves_is_told_once() -> None:
    elsewhere = frozenset({"ap"})
    found = measured([*good(), seen(6.0, 2, elsewhere), seen(7.0, 2, elsewhere)])
    assert [(one.probe.place, one.to, one.at) for one in found.unneeded] == [
        ("Canada", elsewhere, 6.0)
    ]
    assert any(fault.grave for fault in faults("eu", found, MARKS, spills=False))
    assert not any(fault.grave for fault in faults("eu", found, MARKS, spills=True))


def test_clients_dealt_out_by_lot_may_move() -> None:
    drawn = (Probe("orders.", "A", "203.0.113.0/24", "Canada", US, leaves=False, drawn=True),)
    found = measure("eu", drawn, [seen(-1, 0, US), seen(1, 0, frozenset({"ap"}))], MARKS)
    assert found.unneeded == ()


def test_with_lots_alone_the_share_decides_when_the_region_is_back() -> None:
    probes = tuple(
        Probe("orders.", "A", f"192.0.2.{n}/32", "", EU, leaves=True, drawn=True) for n in range(4)
    )
    before = [seen(-1, n, EU) for n in range(4)]
    after = [seen(10 + n / 4, n % 4, EU if n > 8 else US) for n in range(20)]
    found = measure("eu", probes, [*before, seen(1, 0, US), *after], MARKS)
    assert found.half_back is not None
    assert found.back is not None
    assert 0 < found.half_back <= found.back < 4


@pytest.mark.parametrize("failure", list(Failure))
def test_answers_without_an_address_are_counted_and_fail_the_drill(failure: Failure) -> None:
    found = measured([*good(), seen(3.0, 0, frozenset(), failure=failure)])
    assert found.failures == {failure: 1}
    assert found.first_failure is not None
    assert found.first_failure.at == 3.0
    assert any(fault.grave for fault in faults("eu", found, MARKS, spills=False))


def test_a_good_drill_has_no_fault() -> None:
    assert faults("eu", measured(good()), MARKS, spills=False) == ()


def test_a_drill_that_was_not_taken_back_is_a_failure() -> None:
    marks = Marks(-3.0, 0.1, None, None, 10.0)
    found = measured([one for one in good() if one.at < 10], marks)
    assert found.after == {}
    assert any(fault.grave for fault in faults("eu", found, marks, spills=False))


def test_nothing_seen_is_measured_too() -> None:
    found = measured([])
    assert (found.asked, found.gone, found.before) == (0, None, {})


@given(
    st.lists(
        st.builds(
            Seen,
            st.floats(-3, 20),
            st.integers(0, 2),
            st.frozensets(st.sampled_from(["eu", "us", "ap"]), max_size=2),
        ),
        max_size=60,
    )
)
def test_shares_add_up_to_one_and_times_lie_within_the_drill(answers: list[Seen]) -> None:
    found = measured(answers)
    for part in (found.before, found.during, found.after, found.moved):
        assert not part or sum(part.values()) == pytest.approx(1.0)
    assert found.gone is None or 0 <= found.gone <= 10
    assert found.back is None or 0 <= found.back <= 10
    line = timeline(("eu", "us", "ap"), answers, MARKS)
    if any(line.shares.values()):
        for at in range(line.steps):
            total = sum(each[at] for each in line.shares.values())
            assert total == pytest.approx(1.0) or total == 0


def test_a_step_in_which_nothing_was_asked_is_like_the_one_before() -> None:
    line = timeline(("eu",), [seen(-2.95, 0, EU), seen(19.0, 0, US)], MARKS)
    assert line.shares["eu"][0] == 1.0
    assert line.shares["eu"][line.steps // 2] == 1.0
    assert line.shares["us"][-1] == 1.0
    assert list(line.shares) == ["eu", "us"]


def test_a_long_drill_has_no_more_steps_than_can_be_seen_apart() -> None:
    line = timeline(("eu",), [], Marks(-3.0, 0.1, 3600.0, 3600.1, 3690.0))
    assert line.steps <= 240
