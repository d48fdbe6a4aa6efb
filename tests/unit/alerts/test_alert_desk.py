"""What one receiver is told, and what it is spared."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gtm.alerts.desk import Desk
from gtm.events import Event, Kind, Severity, conditions
from gtm.receivers import ReceiverType
from tests.unit.alerts.alert_worlds import UNIX, endpoint, hook, region, taken


def test_a_region_with_four_hundred_endpoints_is_one_message_that_counts_them() -> None:
    desk = Desk(hook())
    desk.note(region(), 0.0)
    for number in range(400):
        desk.note(endpoint(f"192.0.2.{number}"), 0.0)
    assert taken(desk, 4.9) == []
    (notice,) = taken(desk, 5.0)
    assert notice.title == "eu is down for shop, with 400 endpoints"
    assert notice.severity is Severity.CRITICAL
    assert not notice.over
    assert desk.next_due(5.0) == 5.0 + 4 * 3600


def test_several_apps_of_a_region_are_one_message() -> None:
    desk = Desk(hook())
    for app in ("shop", "media", "search"):
        desk.note(region(app=app), 0.0)
    (notice,) = taken(desk, 5.0)
    assert notice.title == "eu is down for shop and 2 other apps"
    assert len(notice.lines) == 3


def test_it_is_over_once_and_with_the_key_that_it_began_with() -> None:
    desk = Desk(hook())
    desk.note(region(), 0.0)
    (began,) = taken(desk, 5.0)
    desk.note(region(over=True, at=UNIX + 60), 60.0)
    (ended,) = taken(desk, 65.0)
    assert (ended.alert, ended.over, ended.ended) == (began.alert, True, UNIX + 60)
    assert ended.title == "eu is up again for shop"
    assert taken(desk, 1e6) == []
    assert not desk.alerts


def test_what_is_over_before_it_was_told_is_not_told() -> None:
    desk = Desk(hook())
    desk.note(endpoint("192.0.2.1"), 0.0)
    desk.note(endpoint("192.0.2.1", over=True), 1.0)
    assert taken(desk, 5.0) == []
    assert desk.next_due(5.0) is None


def test_endpoints_that_stay_down_when_their_region_is_back_get_a_message_then() -> None:
    desk = Desk(hook())
    desk.note(region(), 0.0)
    desk.note(endpoint("192.0.2.1"), 0.0)
    assert len(taken(desk, 5.0)) == 1
    desk.note(region(over=True), 60.0)
    titles = [notice.title for notice in taken(desk, 65.0)]
    assert titles == [
        "eu is up again for shop",
        "192.0.2.1 of orders.gtm.example.com in eu is down",
    ]


def test_a_region_that_fails_after_one_of_its_endpoints_is_told_as_its_own_alert() -> None:
    desk = Desk(hook())
    desk.note(endpoint("192.0.2.1"), 0.0)
    (first,) = taken(desk, 5.0)
    desk.note(endpoint("192.0.2.2"), 20.0)
    desk.note(region(), 20.0)
    (second,) = taken(desk, 25.0)
    assert first.alert != second.alert, "PagerDuty pages again for another dedup_key alone"
    assert second.severity is Severity.CRITICAL


def test_what_lasts_is_told_again_after_repeat_and_marked_so() -> None:
    desk = Desk(hook(repeat=600.0))
    desk.note(region(), 0.0)
    assert [notice.again for notice in taken(desk, 5.0)] == [False]
    assert taken(desk, 604.0) == []
    assert [notice.again for notice in taken(desk, 605.0)] == [True]
    assert [notice.again for notice in taken(desk, 1205.0)] == [True]


def test_without_repeat_it_is_told_once() -> None:
    desk = Desk(hook(repeat=0.0))
    desk.note(region(), 0.0)
    assert len(taken(desk, 5.0)) == 1
    assert desk.next_due(1e9) is None


def test_flapping_costs_no_more_messages_than_the_bucket_has_and_is_counted() -> None:
    desk = Desk(hook(burst=2, pace=60.0, group_wait=0.0))
    told, now = [], 0.0
    for _ in range(20):
        now += 1.0
        desk.note(region(), now)
        told += taken(desk, now)
        now += 1.0
        desk.note(region(over=True), now)
        told += taken(desk, now)
    assert len(told) == 2
    desk.note(region(), now)
    assert taken(desk, now) == []
    due = desk.next_due(now)
    assert due is not None
    (late,) = taken(desk, due)
    assert late.untold == 38
    assert late.lines[-1] == "38 changes were not told meanwhile: too many messages"


def test_alertmanager_is_told_every_minute_without_a_limit() -> None:
    desk = Desk(hook(type=ReceiverType.ALERTMANAGER, repeat=60.0, burst=1, pace=3600.0))
    desk.note(region(), 0.0)
    told = [len(taken(desk, 5.0 + 60.0 * minute)) for minute in range(5)]
    assert told == [1] * 5


def test_only_what_was_asked_for_is_told_but_its_end_always_is() -> None:
    desk = Desk(hook(kinds=(Kind.REGION,), regions=("eu*",), apps=("shop",)))
    for event in (region("us"), region(app="media"), endpoint("192.0.2.1")):
        desk.note(event, 0.0)
    assert taken(desk, 5.0) == []
    desk.note(region(), 5.0)
    assert len(taken(desk, 10.0)) == 1
    desk.note(region(over=True), 20.0)
    assert [notice.over for notice in taken(desk, 25.0)] == [True], "though its severity is info"


def test_overrides_are_told_to_those_who_want_to_know() -> None:
    drained = conditions.override(
        UNIX, "region/eu", "drained by alice: kernel", "override by alice"
    )
    quiet, curious = Desk(hook()), Desk(hook(severity=Severity.INFO))
    for desk in (quiet, curious):
        desk.note(drained, 0.0)
    assert taken(quiet, 5.0) == []
    assert [notice.title for notice in taken(curious, 5.0)] == ["override of region/eu set"]


def test_a_severity_that_rises_is_told_with_the_one_it_had() -> None:
    desk = Desk(hook())
    desk.note(conditions.capacity(UNIX, "z", "eu", "85 % of 20,000"), 0.0)
    (first,) = taken(desk, 5.0)
    desk.note(conditions.capacity(UNIX, "z", "eu", "101 % of 20,000", full=True), 60.0)
    (second,) = taken(desk, 65.0)
    assert (first.former, second.former) == (None, Severity.WARNING)
    assert second.severity is Severity.CRITICAL


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]), st.booleans(), st.floats(0.0, 40.0, allow_nan=False)
    ),
    max_size=60,
)


@given(CHANGES)
def test_whatever_happens_a_receiver_believes_in_the_end_what_is_true(
    changes: list[tuple[str, bool, float]],
) -> None:
    """Against an oracle: what is down in the end is what the last messages said."""
    desk = Desk(hook(burst=3, pace=20.0))
    believed: dict[str, bool] = {}
    down: set[str] = set()
    now = 0.0

    def deliver() -> None:
        for notice in desk.take(now):
            if notice.over:
                assert believed.get(notice.alert), "nothing ends that never began"
            believed[notice.alert] = not notice.over

    for name, over, wait in changes:
        event: Event = replace(region(name, over=over), at=UNIX + now)
        desk.note(event, now)
        (down.discard if over else down.add)(name)
        now += wait
        deliver()
    for _ in range(20):
        now += 25.0
        deliver()
    assert {alert for alert, is_down in believed.items() if is_down} == {
        f"region/{name}" for name in down
    }
