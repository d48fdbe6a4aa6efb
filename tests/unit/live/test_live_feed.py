"""Live events: in order, numbered, resumed or said to be lost; who does not read is cut off."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.errors import ServerError
from gtm.events import Event, Kind, Severity, conditions
from gtm.live.feed import BEHIND, KEPT, MOST_OF_ONE, MOST_READERS, PIECE, Data, Feed, written
from gtm.live.told import Teller, alert, verdict
from gtm.model import Act
from gtm.overrides import Override, parse_target

START = 1_800_000_000.0


class Cut:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def numbers(octets: bytes) -> list[int]:
    return [int(each) for each in re.findall(rb"^id: (\d+)$", octets, re.MULTILINE)]


def say(feed: Feed, kind: str, number: int = 0) -> None:
    feed.publish(kind, lambda: {"n": number})


async def everything(feed: Feed, last: int | None = None) -> tuple[list[int], bool]:
    reader, gap = feed.join(None, last, Cut())
    found = b""
    while reader.waiting:
        found += await reader.next(0) or b""
    feed.leave(reader)
    return numbers(found), gap


def test_an_event_is_one_line_of_json_between_its_name_and_an_empty_line() -> None:
    octets = written(7, "verdict", {"reason": "two\nlines\r\n\u2028 and \u00fc"})
    lines = octets.decode().split("\n")
    assert lines[:2] == ["id: 7", "event: verdict"]
    assert lines[3:] == ["", ""]
    assert (
        json.loads(lines[2].removeprefix("data: "))["reason"] == "two\nlines\r\n\u2028 and \u00fc"
    )
    assert "\r" not in octets.decode()


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False) | st.none()))
def test_whatever_is_told_stays_in_its_event(data: dict[str, object]) -> None:
    assert written(None, "alert", data).count(b"\n") == 3


async def test_a_reader_gets_what_it_asked_for_in_order_with_numbers_that_rise() -> None:
    feed = Feed(START)
    reader, gap = feed.join({"verdict", "epoch"}, None, Cut())
    for number, kind in enumerate(["verdict", "override", "epoch", "traffic", "verdict"]):
        say(feed, kind, number)
    found = await reader.next(0)
    assert found is not None and not gap
    assert re.findall(rb'"n":(\d)', found) == [b"0", b"2", b"4"]
    assert numbers(found) == sorted(numbers(found))
    assert await reader.next(0) is None, "no more has come"


async def test_who_comes_back_gets_what_it_missed() -> None:
    feed = Feed(START)
    for _ in range(5):
        say(feed, "verdict")
    seen = feed.number
    for _ in range(3):
        say(feed, "verdict")
        say(feed, "traffic")  # not kept: the next one tells all that it did
    assert await everything(feed, seen) == ([seen + 1, seen + 3, seen + 5], False)
    assert await everything(feed, feed.number) == ([], False)
    assert await everything(feed) == ([], False), "who is new gets what comes from now on"


@pytest.mark.parametrize("last", [-1, 0, int(START * 1000) - 1, int(START * 1000) + 10_000])
async def test_a_number_from_before_a_restart_or_from_nowhere_is_a_gap(last: int) -> None:
    feed = Feed(START)
    say(feed, "verdict")
    assert await everything(feed, last) == ([], True)


async def test_what_is_not_kept_any_more_is_a_gap() -> None:
    feed = Feed(START)
    first = feed.number
    for _ in range(KEPT):
        say(feed, "verdict")
    assert len((await everything(feed, first))[0]) == KEPT
    say(feed, "verdict")
    assert await everything(feed, first) == ([], True)
    assert len((await everything(feed, first + 1))[0]) == KEPT


async def test_numbers_go_on_rising_over_a_restart() -> None:
    before, after = Feed(START), Feed(START + 60)
    for _ in range(1000):
        say(before, "verdict")
    assert after.number > before.number


async def test_who_does_not_read_is_cut_off_and_nobody_else_notices() -> None:
    feed, cut, other = Feed(START), Cut(), Cut()
    idle, _ = feed.join(None, None, cut)
    reading, _ = feed.join(None, None, other)
    got = 0
    for _ in range(BEHIND + 1):
        say(feed, "epoch")
        got += len(numbers(await reading.next(0) or b""))
    assert (cut.times, idle.cut, len(feed), feed.cut_off) == (1, True, 1, 1)
    assert (got, other.times) == (BEHIND + 1, 0)


async def test_a_region_with_ten_thousand_services_that_fails_cuts_nobody_off() -> None:
    feed, cut, made = Feed(START), Cut(), []

    def data() -> Data:
        made.append(1)
        return {"reason": "x" * 200}

    reader, _ = feed.join(None, None, cut)
    for _ in range(20_001):
        feed.publish("verdict", data)
    assert not made, "nothing is written out before somebody is sent it"
    sizes, got = [], 0
    while reader.waiting:
        found = await reader.next(0)
        assert found is not None
        sizes.append(len(found))
        got += len(numbers(found))
    assert (got, cut.times) == (20_001, 0)
    assert max(sizes) < PIECE + 1000, "it goes out in pieces"


async def test_an_event_is_written_out_once_for_all_readers() -> None:
    feed, made = Feed(START), []

    def data() -> Data:
        made.append(1)
        return {}

    readers = [feed.join(None, None, Cut())[0] for _ in range(5)]
    feed.publish("epoch", data)
    assert len({await reader.next(0) for reader in readers}) == 1
    assert len(made) == 1


async def test_the_number_of_readers_is_bounded() -> None:
    feed = Feed(START)
    readers = [feed.join(None, None, Cut())[0] for _ in range(MOST_READERS)]
    with pytest.raises(ServerError, match="64 readers are connected"):
        feed.join(None, None, Cut())
    feed.leave(readers[0])
    feed.join(None, None, Cut())


async def test_a_stream_ends_when_the_server_stops() -> None:
    feed = Feed(START)
    reader, _ = feed.join(None, None, Cut())
    waiting = asyncio.create_task(reader.next(60))
    await asyncio.sleep(0)
    feed.close()
    assert await waiting == b""
    assert reader.ended
    assert feed.join(None, None, Cut())[0].ended, "who comes then is let go at once"


async def test_who_takes_nothing_counts_as_cut_off_once() -> None:
    feed = Feed(START)
    reader, _ = feed.join(None, None, Cut())
    feed.give_up(reader)
    feed.give_up(reader)
    assert (len(feed), feed.cut_off) == (0, 1)


# --- what is told -------------------------------------------------------------------------

LOST = Event(
    5.0,
    Kind.ENDPOINT,
    Severity.WARNING,
    "endpoint/z/shop/orders.z/eu/192.0.2.1",
    "HTTP 503",
    before="up",
    after="down",
    zone="z",
    app="shop",
    service="orders.z",
    region="eu",
    endpoint="192.0.2.1",
)


async def told(*events: Event, words: list[Override] | None = None) -> list[tuple[str, Data]]:
    """What a reader gets of some events."""
    feed = Feed(START)
    teller = Teller(feed, lambda: words or [])
    reader, _ = feed.join(None, None, Cut())
    for event in events:
        teller.note(event)
        if words and not event.over:
            words.clear()  # what is taken back is not in force any more
    lines = (await reader.next(0) or b"").decode().split("\n\n")
    found = [re.search(r"event: (\w+)\ndata: (.*)", line) for line in lines]
    return [(each[1], json.loads(each[2])) for each in found if each]


def test_a_verdict_says_what_about_and_what_is_not_there_is_null() -> None:
    said = verdict(LOST)
    assert (said["region"], said["endpoint"], said["after"]) == ("eu", "192.0.2.1", "down")
    assert said["said"] == "192.0.2.1 of orders.z in eu is down"
    assert alert(conditions.frozen(1.0, "cut off"))["zone"] is None


async def test_every_kind_of_event_has_its_own_form() -> None:
    events = [
        LOST,
        conditions.frozen(5.0, "cut off"),
        conditions.held(5.0, "region/eu", "min_regions", "override by alice"),
        conditions.capacity(5.0, "z", "eu", "load 900 of 1,000"),
        conditions.reload(5.0, "z.yaml is no YAML"),
    ]
    kinds = [kind for kind, _ in await told(*events)]
    assert kinds == ["verdict", "alert", "alert", "alert", "alert"]


async def test_an_override_tells_whose_it_is_also_when_it_is_over() -> None:
    one = Override(3, Act.DRAIN, parse_target("region/eu"), "kernel", "alice", 5.0, 3605.0)
    begun = conditions.override(5.0, "region/eu", str(one), "override by alice")
    ended = conditions.override(9.0, "region/eu", "its time is over", "time", over=True)
    found = await told(begun, ended, words=[one])
    assert [kind for kind, _ in found] == ["override", "override"]
    for _, data in found:
        assert (data["act"], data["author"], data["reason"]) == ("drain", "alice", "kernel")
        assert (data["target"], data["until"]) == ("region/eu", 3605.0)
    assert [data["over"] for _, data in found] == [False, True]


def test_no_caller_keeps_all_others_from_listening() -> None:
    feed = Feed(0.0)
    for _ in range(MOST_OF_ONE):
        feed.join(None, None, Cut(), "the token wall")
    with pytest.raises(ServerError, match="to the token wall: it has 48 streams"):
        feed.join(None, None, Cut(), "the token wall")
    for _ in range(MOST_READERS - MOST_OF_ONE):
        feed.join(None, None, Cut(), "the token grafana")
