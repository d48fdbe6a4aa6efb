"""Long answers are made while the rest of the server goes on, and no further than they are read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from gtm.api import streamed
from gtm.api.streamed import CHUNK, slice_of


def test_a_slice_ends_when_its_room_is_full_or_nothing_is_left() -> None:
    pieces = iter(["a" * 10] * 5)
    assert slice_of(pieces, 15) == (["a" * 10] * 2, False)
    assert slice_of(pieces, CHUNK) == (["a" * 10] * 3, True)
    assert slice_of(pieces, CHUNK) == ([], True)


def test_a_slice_ends_when_its_time_is_up() -> None:
    clock = iter([0.0, 0.001, 0.003, 0.0041, 9.0])
    pieces = iter(["a"] * 10)
    found, ended = slice_of(pieces, CHUNK, lambda: next(clock))
    assert (len(found), ended) == (3, False)
    assert streamed.SLICE == 0.004


async def test_others_have_their_turn_between_slices() -> None:
    """As `_chunk` does it: the turn is given up after every slice."""
    turns, order = asyncio.Lock(), list[str]()

    def pieces(name: str) -> Iterator[str]:
        for _ in range(3):
            order.append(name)
            yield name

    async def answer(name: str) -> None:
        found, ended = iter(pieces(name)), False
        while not ended:
            async with turns:
                _, ended = slice_of(found, 1)
            await asyncio.sleep(0)

    await asyncio.gather(answer("a"), answer("b"))
    assert order == ["a", "b"] * 3
