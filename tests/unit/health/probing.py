"""Runs one kind of probe as the checker does: through `measure`, at a documentation address."""

from __future__ import annotations

from typing import Any

from gtm.health.aim import Aim
from gtm.health.measure import Attempt, measure
from gtm.health.outcome import Outcome
from gtm.model import CheckType
from tests.unit.health.health_backends import ADDRESS, target, to


def aim(port: int, host: str = "127.0.0.1", **fields: Any) -> Aim:
    """At `ADDRESS`:7000, which is really that port on loopback."""
    return Aim(**{"address": ADDRESS, "port": 7000, "dial": to(port, host), **fields})


async def measured(attempt: Attempt, timeout: float = 2.0) -> Outcome:  # noqa: ASYNC109
    """The outcome of an attempt at `ADDRESS`:7000."""

    def clock() -> float:
        return 0.0

    return await measure(target(CheckType.TCP, port=7000, timeout=timeout), attempt, clock, clock)
