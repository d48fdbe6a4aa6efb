"""What no verdict tells is told once when it begins, and once when it is over."""

from __future__ import annotations

from gtm.control.lasting import Conditions
from gtm.events import Event, Kind, Lasting, Severity
from gtm.health.told import Census
from gtm.load.loop import CapacityLoop
from gtm.overrides import Book, Register
from tests.unit.load.test_load_loop import Stage
from tests.unit.overrides.override_worlds import wanted

UNIX = 1_700_000_000.0
CALM = Census(400, 0, 0, 0, 0, 0)


class Scene:
    """Conditions over parts that stand as they are put."""

    def __init__(self, capacity: CapacityLoop | None = None) -> None:
        self.register = Register(None, lambda: UNIX, lambda: None)
        self.census = CALM
        self.error: str | None = None
        self.told: list[Event] = []
        self.conditions = Conditions(
            self.register,
            lambda: self.census,
            lambda: self.error,
            capacity or Stage().loop,
            self.told.append,
        )

    def look(self) -> list[str]:
        """What is told now."""
        del self.told[:]
        self.conditions.look(UNIX)
        return [f"{event.severity.word} {event.said}: {event.reason}" for event in self.told]


def test_a_drain_that_safety_holds_back_is_told_until_it_is_not() -> None:
    scene = Scene()
    scene.register.book, one, _ = Book().adding(wanted("drain", "region/eu"), UNIX, None)
    assert scene.look() == []
    scene.register.held[one.number] = "it would leave shop no region"
    (said,) = scene.look()
    assert said == (
        "warning the drain of region/eu is held back by safety: drained by tester: a test: "
        "it would leave shop no region"
    )
    assert scene.told[0].kind is Kind.OVERRIDE
    assert scene.told[0].by == f"override by {one.author}"
    assert scene.look() == []
    scene.register.held.clear()
    (said,) = scene.look()
    assert said.startswith("info the drain of region/eu is held back no more: before that: drained")
    assert scene.told[0].over
    assert scene.look() == []


def test_a_database_that_can_not_be_read_is_told_until_one_can() -> None:
    scene = Scene()
    scene.error = "cannot open geo database a.mmdb: it is not a MaxMind DB"
    assert scene.look() == [
        "warning the geo database could not be loaded: cannot open geo database a.mmdb: "
        "it is not a MaxMind DB; the one before is used"
    ]
    assert scene.look() == []
    scene.error = None
    (said,) = scene.look()
    assert said.startswith("info the geo database is loaded again: ")


def test_verdicts_that_nobody_looks_after_are_one_condition() -> None:
    scene = Scene()
    scene.census = Census(400, 12, 0, 0, 0, 0)
    assert scene.look() == [
        "warning health is stale: 12 of 400 targets were not probed for too long"
    ]
    scene.census = Census(400, 400, 0, 0, 0, 0)
    assert scene.look() == []
    scene.census = CALM
    assert [event.over for event in scene.told] == []
    scene.look()
    assert [event.over for event in scene.told] == [True]


async def test_a_region_that_sheds_then_overflows_then_has_room_is_told_of_each() -> None:
    stage = Stage()
    scene = Scene(stage.loop)
    severities = []
    for eu in (50.0, 100.0, 130.0, 97.0, 20.0):
        for _ in range(6):
            stage.loop.post("eu", None, eu)
            stage.loop.post("us", None, 0.0)
            await stage.run(1)
        scene.look()
        severities += [(event.over, event.severity) for event in scene.told]
    for _ in range(30):
        stage.loop.post("eu", None, 0.0)
        stage.loop.post("us", None, 0.0)
        await stage.run(1, 1)
    scene.look()
    severities += [(event.over, event.severity) for event in scene.told]
    assert severities[:2] == [(False, Severity.WARNING), (False, Severity.CRITICAL)]
    assert severities[-1] == (True, Severity.INFO)
    assert {event.key for event in scene.told} == {"capacity/gtm.example.com/eu"}


async def test_a_feed_that_stops_is_told_until_it_goes_on() -> None:
    stage = Stage()
    scene = Scene(stage.loop)
    for region in ("eu", "us"):
        stage.loop.post(region, None, 10.0)
    await stage.run(1)
    assert scene.look() == []
    for _ in range(20):
        stage.loop.post("us", None, 10.0)
        await stage.run(1)
    assert scene.look() == [
        "warning load of eu of gtm.example.com is stale: none for 105 s; it goes by `stale: keep`"
    ]
    stage.loop.post("eu", None, 10.0)
    await stage.run(1)
    (said,) = scene.look()
    assert said.startswith("info load of eu of gtm.example.com is fresh again: ")


def test_a_condition_that_gets_worse_is_told_again_and_one_in_other_words_is_not() -> None:
    lasting = Lasting()
    one = Event(UNIX, Kind.CAPACITY, Severity.WARNING, "capacity/a/eu", "90 of 100")
    worse = Event(UNIX, Kind.CAPACITY, Severity.CRITICAL, "capacity/a/eu", "110 of 100")
    other = Event(UNIX, Kind.CAPACITY, Severity.CRITICAL, "capacity/a/eu", "111 of 100")
    assert lasting.follow([one], UNIX) == [one]
    assert one.said.endswith("is above its soft limit")
    assert lasting.follow([worse], UNIX) == [worse]
    assert worse.said.endswith("is over its capacity")
    assert lasting.follow([other], UNIX) == []
    (over,) = lasting.follow([], UNIX + 5)
    assert (over.over, over.at, over.key, over.severity) == (
        True,
        UNIX + 5,
        "capacity/a/eu",
        Severity.INFO,
    )
    assert "111 of 100" in over.reason
