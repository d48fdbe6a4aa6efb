"""Drains by phases: what each phase says, when the next comes, and what it waits for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gtm.durable import Damaged
from gtm.model import State
from gtm.overrides import Book, Override, Phase, Register, Store, coming_of, objection, ttls_of
from gtm.overrides.file import from_bytes, to_bytes
from gtm.overrides.override import Wanted
from gtm.overrides.phases import UNDER_WAY, Course, Ttls, course
from gtm.overrides.target import parse_target
from tests.unit.health.virtual_time import run
from tests.unit.overrides.override_worlds import ZONES, compiled_under, wanted
from tests.worlds import Verdicts, read_zones

Clock = Callable[[], float]
TTLS = Ttls(30, 10)
SHOP, MEDIA = ZONES[0].apps


def plan(target: str = "region/eu", seconds: float | None = None, force: bool = False) -> Wanted:
    return replace(wanted("drain", target, seconds, force), planned=True)


def planned_book(*targets: str) -> Book:
    book = Book()
    for target in targets:
        book, _, _ = book.adding(plan(target), 1000.0, TTLS)
    return book


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time waits for no thread."""

    async def at_once(function: Callable[..., object], *arguments: object) -> object:
        return function(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", at_once)


# --- the record ---------------------------------------------------------------------------


@given(st.booleans(), st.integers(0, 3600), st.integers(0, 60), st.floats(0, 1e9))
def test_a_course_goes_through_its_phases_in_order_and_waits_each_ttl_out(
    planned: bool, old: int, lowered: int, now: float
) -> None:
    one, seen = course(planned, False, Ttls(old, lowered), now), []
    while one.next is not None:
        phase, at = one.next
        seen.append((one.phase, at - one.since))
        one = one.onward(at)
        assert (one.phase, one.since) == (phase, at)
    waits = [old + UNDER_WAY, lowered + UNDER_WAY] if planned else [old + UNDER_WAY]
    assert [phase for phase, _ in seen] == [Phase.LOWERING, Phase.WITHDRAWN][-len(waits) :]
    assert [wait for _, wait in seen] == pytest.approx(waits, abs=1e-4)
    assert (one.phase, one.lowers, one.onward(now + 1e9)) == (Phase.SAFE, False, one)


def test_what_is_withdrawn_stays_so_and_a_plan_under_way_is_not_begun_anew() -> None:
    book, first, _ = Book().adding(wanted("drain", "region/eu"), 1000.0, TTLS)
    book, again, _ = book.adding(plan(), 1010.0, TTLS)
    assert again.course == first.course
    book, first, _ = Book().adding(plan(), 1000.0, TTLS)
    book, again, _ = book.adding(plan(force=True), 1010.0, TTLS)
    assert first.course is not None
    assert again.course == replace(first.course, forced=True)
    book, at_once, _ = book.adding(wanted("drain", "region/eu"), 1020.0, TTLS)
    assert at_once.course == Course(1020.0, TTLS, withdrawn=1020.0)
    book, forced, _ = book.adding(wanted("down", "region/eu"), 1030.0, TTLS)
    assert forced.course is None


def test_the_time_of_a_plan_counts_from_when_it_is_to_be_withdrawn() -> None:
    _, one, _ = Book().adding(plan(seconds=60.0), 1000.0, TTLS)
    assert one.expires == 1000.0 + 30 + UNDER_WAY + 60.0
    _, one, _ = Book().adding(wanted("drain", "region/eu", 60.0), 1000.0, TTLS)
    assert one.expires == 1060.0


def test_it_waits_for_the_longest_ttl_of_the_zones_that_it_is_about() -> None:
    def zone(name: str, ttl: str) -> str:
        return (
            f"zone: {name}\nttl: {ttl}\nnameservers: {{ns1: [192.0.2.53]}}\n"
            "regions: {eu: {location: IE}}\n"
            "apps: {a: {topology: spread, services: {a: {eu: 192.0.2.1}}}}\n"
        )

    zones = read_zones(
        {"a.yaml": zone("a.example", "{min: 5, max: 300}"), "b.yaml": zone("b.example", "60")}
    )
    apps = [(one, app) for one in zones for app in one.apps]
    assert ttls_of(parse_target("region/eu"), apps) == Ttls(300, 10)
    assert ttls_of(parse_target("zone:b.example/region/eu"), apps) == Ttls(60, 10)
    assert ttls_of(parse_target("zone:a.example/region/eu"), apps) == Ttls(300, 5)


# --- what it says of an app ---------------------------------------------------------------


def test_lowering_leaves_verdicts_and_hurries_then_it_drains_and_last_it_hurries_no_more() -> None:
    lowering = planned_book("region/eu")
    withdrawn = lowering.onward(1, 1031.0)
    safe = withdrawn.onward(1, 1042.0)
    overlays = [book.overlay(ZONES[0], SHOP) for book in (lowering, withdrawn, safe)]
    assert [bool(one.regions) for one in overlays] == [False, True, True]
    assert [{key: each.ttl for key, each in one.hurried.items()} for one in overlays] == [
        {"orders": 10, "payments": 10},
        {"orders": 10, "payments": 10},
        {},
    ]
    assert overlays[0].hurried["orders"].reason == "to be drained by tester: a test"
    assert overlays[1].regions["eu"].since == 1031.0
    assert str(safe.overrides[0]) == "drained by tester: a test"


@pytest.mark.parametrize(
    ("target", "shop", "media"),
    [
        ("region/ap", {"orders", "payments"}, {"search"}),
        ("app/shop/us", {"orders", "payments"}, set()),
        ("service/orders/us", {"orders", "payments"}, set()),
        ("service/images/us", set(), {"images"}),
        ("endpoint/192.0.2.1", {"orders", "payments"}, {"search"}),
        ("endpoint/203.0.113.*", {"orders", "payments"}, {"search"}),
        ("zone:other.example/region/us", set(), set()),
    ],
)
def test_it_hurries_what_moves_with_it_and_nothing_else(
    target: str, shop: set[str], media: set[str]
) -> None:
    book = planned_book(target)
    assert set(book.overlay(ZONES[0], SHOP).hurried) == shop
    assert set(book.overlay(ZONES[0], MEDIA).hurried) == media


def test_it_tells_what_is_coming_and_safety_looks_at_what_is_in_force_by_then() -> None:
    book = planned_book("app/shop/eu", "app/shop/us", "app/shop/ap")
    compiled, look = compiled_under(book), Verdicts()
    apps = compiled.apps.values()
    first, second, last = book.overrides
    assert [(one.region, one.after.state) for one in coming_of(first, apps, book, look, 1.0)] == [
        ("eu", State.DOWN)
    ]
    # two of the three have gone, though the snapshot still is the one from before
    gone = book.onward(1, 1031.0).onward(2, 1031.0)
    assert coming_of(gone.overrides[0], apps, gone, look, 1.0) == ()
    assert objection(first, apps, book, look, 1.0) == ""
    said = objection(last, apps, gone, look, 1.0)
    assert said == "app shop in gtm.example.com would be left with no region up (1 needed)"
    assert last.course is not None
    forced = replace(last, course=replace(last.course, forced=True))
    assert objection(forced, apps, gone, look, 1.0) == ""
    assert second.is_coming


# --- the file -----------------------------------------------------------------------------


def test_each_phase_outlives_the_server(tmp_path: Path) -> None:
    book = planned_book("region/eu", "region/us", "region/ap")
    book = book.onward(2, 1031.0).onward(3, 1031.0).onward(3, 1042.0)
    book, _, _ = book.adding(wanted("up", "region/us2"), 1050.0)
    Store(tmp_path).save(book)
    assert Store(tmp_path).load(1.0).book == book


def test_a_file_of_an_earlier_version_is_read() -> None:
    content = json.loads(to_bytes(Book().adding(wanted("drain", "region/eu"), 1.0)[0]))
    for entry in content["overrides"]:
        del entry["course"]
    (one,) = from_bytes(json.dumps(content).encode()).overrides
    assert one.course is None
    assert not one.is_coming


@pytest.mark.parametrize(
    "wrong",
    [
        {"withdrawn": None, "planned": False},
        {"withdrawn": None, "safe": 5.0},
        {"old_ttl": -1},
        {"begun": "soon"},
        {"more": 1},
    ],
)
def test_a_damaged_course_is_told(wrong: dict[str, object]) -> None:
    content = json.loads(to_bytes(planned_book("region/eu").onward(1, 1031.0)))
    content["overrides"][0]["course"] |= wrong
    with pytest.raises(Damaged):
        from_bytes(json.dumps(content).encode())


# --- the clock ----------------------------------------------------------------------------


class Scene:
    """A register in virtual time, the wall clock of which stands still unless it is moved."""

    def __init__(self, folder: Path | None = None) -> None:
        self.wall = 50_000.0
        self.objection = ""
        self.changes = 0
        store = None if folder is None else Store(folder)
        self.register = Register(store, lambda: self.wall, self._changed, self._object)

    def _changed(self) -> None:
        self.changes += 1

    def _object(self, one: Override) -> str:
        return self.objection

    @property
    def phases(self) -> list[str]:
        return [
            "" if one.course is None else one.course.phase.value
            for one in self.register.book.overrides
        ]


def test_phases_follow_in_their_time_and_each_is_logged_once() -> None:
    async def play(clock: Clock) -> list[dict[str, object]]:
        scene = Scene()
        scene.register.begin()
        with capture_logs() as logs:
            await scene.register.add(plan(seconds=100.0), TTLS)
            await asyncio.sleep(30.9)
            assert scene.phases == ["lowering"]
            await asyncio.sleep(0.2)
            assert scene.phases == ["withdrawn"]
            await asyncio.sleep(10.8)
            assert scene.phases == ["withdrawn"]
            await asyncio.sleep(0.2)
            assert scene.phases == ["safe"]
            await asyncio.sleep(100.0)
            assert scene.phases == []
        await scene.register.close()
        assert scene.changes == 4
        return [dict(log) for log in logs]

    logs = run(play)
    assert [log["event"] for log in logs] == [
        *("override_added", "drain_lowering", "overrides_not_kept"),
        *("drain_withdrawn", "drain_safe", "override_expired"),
    ]
    assert (logs[1]["ttl"], logs[1]["withdrawn_in_seconds"]) == (10, 31.0)
    assert (logs[3]["ttl"], logs[3]["safe_in_seconds"]) == (10, 11.0)


def test_a_drain_without_a_plan_is_safe_after_the_old_ttl() -> None:
    async def play(clock: Clock) -> None:
        scene = Scene()
        scene.register.begin()
        with capture_logs() as logs:
            await scene.register.add(wanted("drain", "region/eu"), TTLS)
            assert scene.phases == ["withdrawn"]
            await asyncio.sleep(31.1)
            assert scene.phases == ["safe"]
        assert [log["event"] for log in logs][2:] == ["drain_safe"]
        await scene.register.close()

    run(play)


def test_a_step_of_the_wall_clock_makes_nothing_safe() -> None:
    async def play(clock: Clock) -> None:
        scene = Scene()
        scene.register.begin()
        await scene.register.add(plan(), TTLS)
        scene.wall += 1e6
        await asyncio.sleep(20.0)
        assert scene.phases == ["lowering"]
        await scene.register.close()

    run(play)


def test_one_that_is_held_is_tried_again_until_it_may_and_said_once() -> None:
    async def play(clock: Clock) -> list[str]:
        scene = Scene()
        scene.register.begin()
        scene.objection = "too few"
        with capture_logs() as logs:
            await scene.register.add(plan(), TTLS)
            await asyncio.sleep(50.0)
            assert (scene.phases, scene.register.held) == (["lowering"], {1: "too few"})
            scene.objection = ""
            await asyncio.sleep(2.1)
            assert (scene.phases, scene.register.held) == (["withdrawn"], {})
            await asyncio.sleep(11.1)
        await scene.register.close()
        return [log["event"] for log in logs]

    assert run(play)[3:] == ["drain_held", "drain_withdrawn", "drain_safe"]


def test_one_that_is_held_ends_when_its_time_is_over() -> None:
    async def play(clock: Clock) -> None:
        scene = Scene()
        scene.register.begin()
        scene.objection = "too few"
        await scene.register.add(plan(seconds=20.0), TTLS)
        await asyncio.sleep(51.5)
        assert (scene.phases, scene.register.held) == ([], {})
        await asyncio.sleep(100.0)
        await scene.register.close()

    run(play)


def test_phases_wait_until_answers_are_given_and_go_on_after_a_restart(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        scene = Scene(tmp_path)
        await scene.register.open()
        scene.register.begin()
        await scene.register.add(plan(), TTLS)
        await asyncio.sleep(20.0)
        await scene.register.close()
        later = Scene(tmp_path)
        later.wall += 20.0
        await later.register.open()
        await asyncio.sleep(15.0)
        assert later.phases == ["lowering"], "no answer is given yet, so nothing is taken out"
        later.wall += 15.0
        later.register.begin()
        await asyncio.sleep(0.1)
        assert later.phases == ["withdrawn"]
        await later.register.close()
        (kept,) = Store(tmp_path).load(1.0).book.overrides
        assert kept.course is not None
        assert kept.course.withdrawn == later.wall

    run(play)


def test_taken_back_in_any_phase_nothing_follows() -> None:
    async def play(clock: Clock) -> None:
        for wait in (1.0, 32.0, 45.0):
            scene = Scene()
            scene.register.begin()
            one, _ = await scene.register.add(plan(), TTLS)
            await asyncio.sleep(wait)
            with capture_logs() as logs:
                await scene.register.remove(one, "someone")
                await asyncio.sleep(100.0)
            assert [log["event"] for log in logs] == ["override_removed"]
            assert scene.register.book.overrides == ()
            await scene.register.close()

    run(play)
