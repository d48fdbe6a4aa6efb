"""A checker in virtual time, with a prober that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random

from gtm.checks import Target
from gtm.health.checker import Checker
from gtm.health.impairment import not_made
from gtm.health.outcome import Outcome
from gtm.model import Verdict
from tests.unit.health.health_backends import target

Clock = Callable[[], float]
Answer = Callable[[Target], bool | str]
"""Whether a target is well, or why this machine can't probe it."""

A = target("tcp", address="192.0.2.1", interval=5.0, rise=2, fall=3)
B = replace(A, address="192.0.2.2")


class Scripted:
    """A prober that answers as told, after `takes` seconds, and keeps what it was asked when."""

    def __init__(self, clock: Clock, answer: Answer, takes: float = 0.01) -> None:
        self.clock = clock
        self.answer = answer
        self.takes = takes
        self.begun: list[tuple[float, Target]] = []
        self.running = 0
        self.most_running = 0
        self.closed = False

    async def probe(self, target: Target) -> Outcome:
        self.begun.append((self.clock(), target))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.running -= 1
        ok = self.answer(target)
        if isinstance(ok, str):
            return not_made(ok, self.takes, self.clock())
        return Outcome(ok, "well" if ok else "ill", self.takes, self.clock())

    async def close(self) -> None:
        self.closed = True


class Scene:
    """A checker in virtual time with a scripted prober, and what it told."""

    def __init__(
        self,
        clock: Clock,
        answer: Answer = lambda _: True,
        takes: float = 0.01,
        concurrency: int = 512,
    ) -> None:
        self.prober = Scripted(clock, answer, takes)
        self.changes: list[tuple[float, Target, Verdict, Verdict]] = []
        self.outcomes: list[Target] = []
        self.checker = Checker(
            on_change=lambda *change: self.changes.append((clock(), *change)),
            on_probe=lambda target, _: self.outcomes.append(target),
            clock=clock,
            now=clock,
            random=Random(1),
            prober=self.prober,
            concurrency=concurrency,
        )
