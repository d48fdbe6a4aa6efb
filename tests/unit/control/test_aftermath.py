"""What is told after a publication: in order, all of it, and never for long at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from gtm.control.aftermath import AT_ONCE, Aftermath


def telling(into: list[str], name: str, count: int) -> Iterator[None]:
    for number in range(count):
        into.append(f"{name}{number}")
        yield


async def test_what_is_short_is_told_at_once() -> None:
    told: list[str] = []
    Aftermath().add(telling(told, "a", 3))
    assert told == ["a0", "a1", "a2"]


async def test_what_is_long_lets_the_loop_go_on_and_keeps_its_order() -> None:
    told: list[str] = []
    aftermath = Aftermath()
    aftermath.add(telling(told, "a", 10 * AT_ONCE))
    aftermath.add(telling(told, "b", 1))
    turns = 0
    while "b0" not in told:
        before = len(told)
        await asyncio.sleep(0)
        assert len(told) - before <= AT_ONCE
        turns += 1
    assert turns > 5
    assert told == [*(f"a{number}" for number in range(10 * AT_ONCE)), "b0"]
    aftermath.add(telling(told, "c", 1))
    assert told[-1] == "c0"


async def test_all_of_it_is_told_before_the_end() -> None:
    told: list[str] = []
    aftermath = Aftermath()
    aftermath.add(telling(told, "a", 5 * AT_ONCE))
    aftermath.finish()
    assert len(told) == 5 * AT_ONCE
    await asyncio.sleep(0)  # what was to go on finds nothing
    assert len(told) == 5 * AT_ONCE


async def test_a_fault_in_one_keeps_nothing_else_from_being_told() -> None:
    told: list[str] = []

    def faulty() -> Iterator[None]:
        told.append("begun")
        yield
        raise RuntimeError("a fault")

    aftermath = Aftermath()
    aftermath.add(faulty())
    aftermath.add(telling(told, "a", 1))
    assert told == ["begun", "a0"]
