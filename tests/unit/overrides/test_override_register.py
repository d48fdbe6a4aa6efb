"""The register: words take hold at once, end in time, and outlive the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gtm.durable import Disk
from gtm.errors import GtmError
from gtm.overrides import Book, Register, Store
from tests.unit.health.virtual_time import run
from tests.unit.overrides.override_worlds import book_of, wanted

Clock = Callable[[], float]


class FullDisk(Disk):
    full = True

    def write(self, path: Path, data: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().write(path, data)


class Changes:
    """Counts how often it was told of a change."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time waits for no thread."""

    async def at_once(function: Callable[..., object], *arguments: object) -> object:
        return function(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", at_once)


def wall() -> float:
    """The system's clock, which stands still: nothing may be timed by it."""
    return 50_000.0


def targets(register: Register) -> list[str]:
    return [str(one.target) for one in register.book.overrides]


def events(logs: list[dict[str, object]]) -> list[object]:
    return [log["event"] for log in logs]


def test_each_ends_in_its_time_by_a_clock_that_only_goes_forward() -> None:
    async def scene(clock: Clock) -> None:
        register = Register(None, wall, changed := Changes())
        await register.add(wanted("drain", "region/us", 60.0))
        await register.add(wanted("drain", "region/eu", 30.0))
        await register.add(wanted("drain", "region/ap"))
        assert changed.count == 3
        await asyncio.sleep(29.9)
        assert targets(register) == ["region/us", "region/eu", "region/ap"]
        await asyncio.sleep(0.2)
        assert targets(register) == ["region/us", "region/ap"]
        await asyncio.sleep(30.0)
        assert targets(register) == ["region/ap"]
        assert changed.count == 5
        await asyncio.sleep(1e6)
        assert targets(register) == ["region/ap"]
        await register.close()

    run(scene)


def test_a_newer_word_replaces_the_one_about_the_same_target_and_its_end() -> None:
    async def scene(clock: Clock) -> None:
        register = Register(None, wall, Changes())
        first, _ = await register.add(wanted("drain", "region/us", 10.0))
        second, replaced = await register.add(wanted("up", "region/us", 100.0))
        assert replaced == first
        assert register.book.overrides == (second,)
        await asyncio.sleep(50.0)
        assert register.book.overrides == (second,)
        await asyncio.sleep(51.0)
        assert targets(register) == []

    run(scene)


def test_each_act_is_logged_once_with_who_and_why() -> None:
    async def scene(clock: Clock) -> list[dict[str, object]]:
        register = Register(None, wall, Changes())
        with capture_logs() as logs:
            one, _ = await register.add(wanted("drain", "region/us"))
            await register.add(wanted("down", "region/eu", 5.0, force=True))
            await register.remove(one, "someone else")
            await asyncio.sleep(6.0)
        return [dict(log) for log in logs]

    logs = run(scene)
    assert events(logs) == [
        *("override_added", "overrides_not_kept", "override_added"),
        *("override_removed", "override_expired"),
    ]
    said = {"by": "tester", "reason": "a test", "log_level": "info"}
    assert said.items() <= logs[0].items()
    assert logs[0]["target"] == "region/us"
    assert logs[2]["forced"] is True
    assert logs[2]["expires"] == wall() + 5.0
    assert logs[3]["removed_by"] == "someone else"
    assert said.items() <= logs[4].items()


def test_what_is_in_force_outlives_the_server_with_the_time_it_has_left(tmp_path: Path) -> None:
    async def scene(clock: Clock) -> None:
        first = Register(Store(tmp_path), wall, Changes())
        await first.open()
        await first.add(wanted("drain", "region/us", 60.0))
        await first.add(wanted("drain", "region/eu"))
        await first.add(wanted("drain", "region/ap", 20.0))
        await first.close()
        later = Register(Store(tmp_path), lambda: wall() + 25.0, Changes())
        with capture_logs() as logs:
            await later.open()
        assert events([dict(log) for log in logs]) == [
            *("override_expired", "override_in_force", "override_in_force"),
        ]
        assert targets(later) == ["region/us", "region/eu"]
        await asyncio.sleep(34.0)
        assert targets(later) == ["region/us", "region/eu"]
        await asyncio.sleep(2.0)
        assert targets(later) == ["region/eu"]
        added, _ = await later.add(wanted("up", "region/us"))
        assert added.number == 4, "a number is never given twice"
        await later.close()

    run(scene)


def test_what_ended_is_gone_from_the_disk_too(tmp_path: Path) -> None:
    async def scene(clock: Clock) -> None:
        register = Register(Store(tmp_path), wall, Changes())
        await register.open()
        await register.add(wanted("drain", "region/us", 5.0))
        await asyncio.sleep(6.0)
        await register.close()
        assert Store(tmp_path).load(wall()).book.overrides == ()

    run(scene)


def test_a_damaged_file_is_said_aloud_and_mended(tmp_path: Path) -> None:
    book = book_of(("drain", "region/us"))
    Store(tmp_path).save(book)
    Store(tmp_path).path.write_text("{")

    async def scene(clock: Clock) -> None:
        register = Register(Store(tmp_path), wall, Changes())
        with capture_logs() as logs:
            await register.open()
        assert (logs[0]["event"], logs[0]["log_level"]) == ("overrides_damaged", "error")
        assert register.damage is not None
        assert register.book == book
        assert Store(tmp_path).load(wall()).trouble is None
        await register.close()

    run(scene)


def test_a_word_holds_though_the_disk_is_full_and_is_saved_when_it_no_longer_is(
    tmp_path: Path,
) -> None:
    async def scene(clock: Clock) -> None:
        disk = FullDisk()
        register = Register(Store(tmp_path, disk), wall, Changes())
        await register.open()
        with capture_logs() as logs:
            await register.add(wanted("drain", "region/us"))
            assert targets(register) == ["region/us"]
            assert register.unsaved == "No space left on device"
            await register.add(wanted("drain", "region/eu"))
            disk.full = False
            await asyncio.sleep(10.1)
            assert register.unsaved is None
        assert events([dict(log) for log in logs]) == [
            *("override_added", "overrides_not_saved", "override_added", "overrides_saved")
        ]
        await register.close()
        assert Store(tmp_path).load(wall()).book == register.book

    run(scene)


def test_there_is_a_limit() -> None:
    book = book_of(*(("drain", f"region/r{number}") for number in range(1000)))
    with pytest.raises(GtmError, match="cannot add an override: 1000 are in force"):
        book.adding(wanted("drain", "region/more"), 1.0)
    replaced, _, _ = book.adding(wanted("up", "region/r5"), 1.0)
    assert len(replaced.overrides) == 1000
    assert isinstance(replaced, Book)
