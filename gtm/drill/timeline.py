"""Shares of answers by region over time, in even steps: what is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gtm.drill.course import Marks, Seen
from gtm.drill.measured import NOWHERE

STEPS = 240  # at most: more can't be seen apart
SHORTEST = 0.2  # seconds of a step, where rounds of questions are not longer


@dataclass(frozen=True, slots=True)
class Timeline:
    """Step n begins at `start + n * step` (seconds; 0 is the act).

    `shares` has for each region the part of the answers in each step, "" the answers that named
    none; `failures` counts those in each step.
    """

    start: float
    step: float
    shares: dict[str, tuple[float, ...]]
    failures: tuple[int, ...]

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.failures)


def timeline(
    order: Sequence[str], seen: Sequence[Seen], marks: Marks, each_round: float = SHORTEST
) -> Timeline:
    """The answers in steps; regions as in `order`, then others by name.

    A step is so many rounds of questions (seconds) that each client counts as often in it. A step
    in which nothing was asked is like the one before; what is left at the end is left out.
    """
    length = marks.ended - marks.began
    step = max(1, math.ceil(length / STEPS / each_round)) * each_round
    count = max(1, math.floor(length / step))
    sums: list[dict[str, float]] = [{} for _ in range(count)]
    failures = [0] * count
    for one in seen:
        at = math.floor((one.at - marks.began) / step)
        if not 0 <= at < count:
            continue
        failures[at] += one.failure is not None
        for name in one.regions or {NOWHERE}:
            sums[at][name] = sums[at].get(name, 0.0) + 1 / (len(one.regions) or 1)
    names = {name for each in sums for name in each}
    ordered = [name for name in order if name in names]
    ordered += sorted(names - {*ordered, NOWHERE}) + ([NOWHERE] if NOWHERE in names else [])
    shares: dict[str, list[float]] = {name: [] for name in ordered}
    last: dict[str, float] = {}
    for each in sums:
        total = sum(each.values())
        last = {name: value / total for name, value in each.items()} if total else last
        for name, values in shares.items():
            values.append(last.get(name, 0.0))
    return Timeline(
        marks.began, step, {name: tuple(all_) for name, all_ in shares.items()}, tuple(failures)
    )
