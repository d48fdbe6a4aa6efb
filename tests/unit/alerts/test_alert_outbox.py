"""What is on its way: nothing overtakes, nothing piles up, failures are waited out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.alerts import outbox as limits
from gtm.alerts.bucket import Bucket
from gtm.alerts.notice import Notice
from gtm.alerts.outbox import Outbox
from gtm.events import Severity
from tests.unit.alerts.alert_worlds import UNIX, region


def notice(alert: str = "region/eu", *, over: bool = False, first: bool = False) -> Notice:
    event = region(over=over)
    ended = UNIX if over else None
    return Notice(alert, "n", Severity.CRITICAL, UNIX, (event,), ended, first=first)


def test_a_failure_makes_the_whole_receiver_wait_longer_each_time() -> None:
    box = Outbox()
    box.put(notice("a"), 0.0)
    box.put(notice("b"), 0.0)
    waits, now = [], 0.0
    for _ in range(10):
        assert box.ready(now) is not None
        waits.append(box.failed(now, random=1.0))
        assert box.ready(now + waits[-1] - 0.01) is None
        now += waits[-1]
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]


def test_jitter_takes_at_most_half_of_the_wait() -> None:
    assert Outbox().failed(0.0, random=0.0) == limits.FIRST_WAIT / 2


def test_a_receiver_that_asks_to_be_left_alone_is_up_to_an_hour() -> None:
    assert Outbox().failed(0.0, 0.0, asked=90.0) == 90.0
    assert Outbox().failed(0.0, 0.0, asked=1e9) == 3600.0


def test_success_forgets_the_failures() -> None:
    box = Outbox()
    box.put(notice(), 0.0)
    for _ in range(5):
        box.failed(0.0, 1.0)
    parcel = box.ready(1e6)
    assert parcel is not None
    box.done(parcel)
    assert len(box) == 0
    assert box.failed(1e6, 1.0) == 2.0


def test_the_newer_message_of_an_alert_takes_the_place_of_the_older() -> None:
    box = Outbox()
    box.put(notice(first=True), 0.0)
    box.ready(0.0)
    box.put(notice(over=True), 1.0)
    assert len(box) == 1
    parcel = box.ready(1.0)
    assert parcel is not None
    assert parcel.notice.over, "it was tried, and may have arrived: so it is ended"


def test_what_ends_before_its_beginning_was_ever_tried_is_not_told() -> None:
    box = Outbox()
    box.put(notice(first=True), 0.0)
    box.put(notice(over=True), 1.0)
    assert len(box) == 0


def test_a_message_replaced_while_it_is_on_its_way_does_not_take_the_newer_with_it() -> None:
    box = Outbox()
    box.put(notice(first=True), 0.0)
    parcel = box.ready(0.0)
    assert parcel is not None
    box.put(notice(over=True), 0.1)
    box.done(parcel)
    left = box.ready(0.2)
    assert left is not None
    assert left.notice.over


def test_it_is_bounded_and_the_oldest_fall_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST", 3)
    box = Outbox()
    assert [box.put(notice(str(number)), 0.0) for number in range(5)] == [0, 0, 0, 1, 1]
    assert [parcel.notice.alert for parcel in box] == ["2", "3", "4"]


def test_what_is_a_day_old_is_not_sent() -> None:
    box = Outbox()
    box.put(notice("old"), 0.0)
    box.put(notice("new"), 80_000.0)
    assert box.expired(90_000.0) == 1
    assert [parcel.notice.alert for parcel in box] == ["new"]


@given(st.lists(st.floats(0.0, 100.0), max_size=200), st.integers(1, 20), st.floats(0.1, 60.0))
def test_a_bucket_never_gives_more_than_burst_and_pace_allow(
    waits: list[float], burst: int, pace: float
) -> None:
    bucket, now, given_at = Bucket(burst, pace), 0.0, []
    for wait in waits:
        now += wait
        if bucket.take(now):
            given_at.append(now)
    for start, first in enumerate(given_at):
        for end in range(start, len(given_at)):
            allowed = burst + (given_at[end] - first) / pace + 1e-6
            assert end - start + 1 <= allowed


def test_a_bucket_says_how_long_until_there_is_a_token() -> None:
    bucket = Bucket(1, 30.0)
    assert bucket.take(0.0)
    assert not bucket.take(10.0)
    assert bucket.wait(10.0) == pytest.approx(20.0)
    assert bucket.take(30.0)
