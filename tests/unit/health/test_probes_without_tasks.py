"""Plain HTTP probes run without a task each, and are bounded, cut short and judged like others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from gtm.checks import Target
from gtm.health.outcome import Outcome
from gtm.health.probes import Probes
from gtm.health.rounds import Fault, Rounds
from tests.unit.health.health_backends import saying, serving, silence, status, target, to

Found = list[tuple[Target, Outcome | Fault]]


def many(number: int, **fields: Any) -> list[Target]:
    return [
        target(address=f"192.0.2.{1 + n // 250}", path=f"/{n}", interval=3600.0, **fields)
        for n in range(number)
    ]


async def run(
    port: int,
    targets: Sequence[Target],
    until: Callable[[Rounds, Found], bool],
    concurrency: int = 50,
) -> Found:
    """What was found when `until` held, which is asked after each probe and turn of the loop."""
    found: Found = []
    probes = Probes(dial=to(port))
    rounds = Rounds(
        lambda what, one: found.append((what, one)),
        probes,
        concurrency=concurrency,
        swift=probes.swift,
    )
    for each in targets:
        rounds.add(each, at_once=True)
    async with asyncio.timeout(20):
        while not until(rounds, found):  # noqa: ASYNC110  # asked after each turn of the loop
            await asyncio.sleep(0)
    await rounds.close()
    return found


async def test_every_target_is_asked_once() -> None:
    targets = many(200)
    async with serving(saying(status(200))) as port:
        found = await run(port, targets, lambda _, so_far: len(so_far) >= 200, concurrency=7)
    assert {each for each, _ in found} == set(targets)
    assert len(found) == 200
    assert all(isinstance(one, Outcome) and one.ok for _, one in found)


async def test_thousands_that_refuse_at_once_are_no_burden(unused_tcp_port: int) -> None:
    targets = many(2000)
    found = await run(unused_tcp_port, targets, lambda _, so_far: len(so_far) >= 2000)
    assert all(isinstance(one, Outcome) and "refused" in one.reason for _, one in found)


async def test_what_is_removed_while_it_runs_is_cut_short_and_not_heard_of() -> None:
    accepted = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await silence(reader, writer)

    gone, stays = many(2, timeout=0.2)

    def until(rounds: Rounds, found: Found) -> bool:
        nonlocal accepted
        if accepted >= 2:
            accepted = -1000
            rounds.remove(gone)
        return bool(found)

    async with serving(handler) as port:
        found = await run(port, [gone, stays], until)
    assert [each for each, _ in found] == [stays]


async def test_time_that_runs_out_ends_a_probe() -> None:
    async with serving(silence) as port:
        slow = target(timeout=0.05)
        found = await run(port, [slow], lambda _, so_far: bool(so_far))
    (_, outcome) = found[0]
    assert isinstance(outcome, Outcome)
    assert outcome.reason == "no answer from 192.0.2.10:80 within 50 ms"


async def test_so_many_run_at_once_and_closing_begins_none_of_those_that_wait() -> None:
    accepted = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await silence(reader, writer)

    async with serving(handler) as port:
        found = await run(port, many(500), lambda *_: accepted >= 3, concurrency=3)
        await asyncio.sleep(0)
    assert found == []
    assert accepted == 3
