"""From events to messages: retries, restarts, reloads, and what is said of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from structlog.testing import capture_logs

from gtm.alerts.courier import Receipt, Result
from gtm.alerts.dispatcher import AT_ONCE, Alerts
from gtm.alerts.statefile import AlertFile
from gtm.model import Nameserver, Soa, Zone
from gtm.receivers import Receiver
from tests.unit.alerts.alert_worlds import HOOK, ZONE, Clock, Post, endpoint, hook, region

BUSY = Receipt(Result.FAILED, "HTTP 503", 60.0)
REFUSED = Receipt(Result.REJECTED, "HTTP 400: invalid_payload")


def zone(*receivers: Receiver, name: str = ZONE) -> Zone:
    soa, servers = Soa("hostmaster.example.com."), (Nameserver("ns1.", ()),)
    return Zone(f"{name}.", 30, soa, servers, {}, (), alerts=receivers)


def alerts(post: Post, clock: Clock, folder: Path | None = None) -> Alerts:
    file = None if folder is None else AlertFile(folder)
    return Alerts(post, file, clock.unix, clock, lambda: 1.0)


async def steps(found: Alerts, clock: Clock, *waits: float) -> None:
    for wait in waits:
        clock.now += wait
        for route in found.routes.values():
            await found.step(route)


async def test_what_fails_is_sent_again_when_the_receiver_wants_it() -> None:
    post, clock = Post(BUSY, BUSY), Clock()
    found = alerts(post, clock)
    found.configure([zone(HOOK)])
    found.note(region())
    with capture_logs() as logs:
        await steps(found, clock, 5.0, 59.0, 1.0, 59.0)
        assert (len(post.tried), len(post.sent)) == (2, 0)
        assert list(found.queued()) == [("hook", 1)]
        await steps(found, clock, 1.0)
    assert len(post.sent) == 1
    assert sorted(found.sent()) == [
        ("hook", "dropped", 0),
        ("hook", "failed", 2),
        ("hook", "sent", 1),
    ]
    assert [log["event"] for log in logs] == ["alert_not_sent", "alerts_sent_again"], "said once"


async def test_what_is_refused_is_not_sent_again() -> None:
    post, clock = Post(REFUSED), Clock()
    found = alerts(post, clock)
    found.configure([zone(HOOK)])
    found.note(region())
    with capture_logs() as logs:
        await steps(found, clock, 5.0, 3600.0)
    assert len(post.tried) == 1
    assert [log["event"] for log in logs] == ["alert_rejected"]


async def test_a_restart_forgets_neither_what_is_open_nor_what_is_on_its_way(
    tmp_path: Path,
) -> None:
    clock, before = Clock(), Post(Receipt(Result.SENT), BUSY)
    first = alerts(before, clock, tmp_path)
    first.configure([zone(HOOK)])
    first.note(region("us"))
    await steps(first, clock, 5.0)
    first.note(region("eu"))
    await steps(first, clock, 5.0)
    await first.close()
    assert [notice.alert for notice in before.sent] == ["region/us"]

    after = Post()
    second = alerts(after, clock, tmp_path)
    await second.open()
    second.configure([zone(HOOK)])
    second.note(region("eu"))  # still down; us came back while nobody watched
    second.forget_unseen(AT_ONCE)
    await steps(second, clock, 5.0)
    assert [(notice.alert, notice.over) for notice in after.sent] == [
        ("region/eu", False),
        ("region/us", True),
    ]
    assert after.sent[1].events[0].reason == "it is over since gtm started again"


async def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path) -> None:
    clock = Clock()
    (tmp_path / "alerts.json").write_text('{"version": 1, "receivers": {"hook": ')
    found = alerts(Post(), clock, tmp_path)
    with capture_logs() as logs:
        await found.open()
    assert [log["event"] for log in logs] == ["alerts_damaged"]
    assert found.damage is not None
    assert f"is now alerts.json.damaged-{clock.unix():.0f}" in found.damage


async def test_a_receiver_hears_of_its_own_zones_and_a_shared_one_of_all() -> None:
    post, clock = Post(), Clock()
    found = alerts(post, clock)
    mine = hook(name="mine")
    found.configure([zone(HOOK, mine), zone(HOOK, name="other.example.com")])
    found.note(replace(region(), zone="other.example.com"))
    await steps(found, clock, 5.0)
    assert {route.id: sum(route.results.values()) for route in found.routes.values()} == {
        "hook": 1,
        "mine": 0,
    }


async def test_a_reload_changes_a_receiver_and_keeps_what_is_open() -> None:
    post, clock = Post(), Clock()
    found = alerts(post, clock)
    found.configure([zone(HOOK)])
    found.note(region())
    await steps(found, clock, 5.0)
    found.configure([zone(hook(group_wait=0.0))])
    found.note(region(over=True))
    await steps(found, clock, 0.1)
    assert [notice.over for notice in post.sent] == [False, True]
    found.configure([zone()])
    assert not found.routes


async def turns(found: int = 50) -> None:
    """Lets tasks that wait for nothing come to their end."""
    for _ in range(found):
        await asyncio.sleep(0)


async def test_a_receiver_that_is_removed_is_told_the_end_of_what_it_was_told() -> None:
    post, clock = Post(), Clock()
    found = alerts(post, clock)
    found.configure([zone(HOOK)])
    found.note(region())
    await steps(found, clock, 5.0)
    found.note(endpoint("192.0.2.10", "us"))
    found.started()
    found.configure([zone()])
    await turns()
    assert [(notice.alert, notice.over) for notice in post.sent] == [
        ("region/eu", False),
        ("region/eu", True),
    ], "what it was not told of does not end for it"
    (told,) = post.sent[1].events
    assert f"{told.said}: {told.reason}" == (
        "shop in eu is no longer reported: its zone file tells this receiver no more"
    )
    await found.close()


async def test_one_that_can_not_be_told_the_end_holds_nothing_up() -> None:
    post, clock = Post(Receipt(Result.SENT), BUSY), Clock()
    found = alerts(post, clock)
    found.configure([zone(HOOK)])
    found.note(region())
    await steps(found, clock, 5.0)
    found.started()
    found.configure([zone()])
    await turns()
    assert len(post.tried) == 2
    await found.close()


async def test_a_new_name_is_no_new_receiver() -> None:
    post, clock = Post(), Clock()
    found = alerts(post, clock)
    found.configure([zone(HOOK)])
    found.note(region())
    await steps(found, clock, 5.0)
    found.configure([zone(hook(name="pager"))])
    assert list(found.routes) == ["pager"]
    await steps(found, clock, 5.0)
    assert len(post.sent) == 1
    found.note(region(over=True))
    await steps(found, clock, 5.0)
    assert [notice.over for notice in post.sent] == [False, True]


async def test_what_is_open_of_a_zone_ends_for_who_is_told_of_it_no_more() -> None:
    post, clock = Post(), Clock()
    found, other = alerts(post, clock), "other.example.com"
    found.configure([zone(HOOK), zone(HOOK, name=other)])
    found.note(region())
    found.note(replace(region("us"), zone=other, key="region/other/shop/us"))
    await steps(found, clock, 5.0)
    found.configure([zone(), zone(HOOK, name=other)])
    await steps(found, clock, 5.0)
    assert [(notice.alert, notice.over) for notice in post.sent[2:]] == [("region/eu", True)]


async def test_two_receivers_of_one_name_are_told_apart() -> None:
    found = alerts(Post(), Clock())
    found.configure([zone(HOOK), zone(hook(burst=1), name="other.example.com")])
    assert sorted(found.routes) == ["hook@gtm.example.com", "hook@other.example.com"]


async def test_a_hundred_endpoints_that_flap_for_an_hour_make_few_messages() -> None:
    post, clock = Post(), Clock()
    found = alerts(post, clock)
    found.configure([zone(HOOK)])
    for minute in range(60):
        for number in range(100):
            found.note(endpoint(f"192.0.2.{number}", over=bool(minute % 2), at=clock.unix()))
        await steps(found, clock, 30.0, 30.0)
    assert len(post.sent) <= 10 + 3600 / 30
    assert not post.sent[-1].over or not found.routes["hook"].desk.alerts
