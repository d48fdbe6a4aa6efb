"""Runs one kind of probe as the checker does: through `measure`, at a documentation address."""

from __future__ import annotations

import time
from typing import Any

from gtm.checks import Target
from gtm.health.aim import Aim
from gtm.health.dial import Dial
from gtm.health.measure import Attempt, Clock, measure
from gtm.health.outcome import Outcome
from gtm.health.probes import Probes
from tests.unit.health.health_backends import ADDRESS, target, to


def aim(port: int, host: str = "127.0.0.1", **fields: Any) -> Aim:
    """At `ADDRESS`:7000, which is really that port on loopback."""
    return Aim(**{"address": ADDRESS, "port": 7000, "dial": to(port, host), **fields})


async def probed_at(
    what: Target, dial: Dial, *, clock: Clock = time.monotonic, now: Clock = time.time
) -> Outcome:
    """The outcome of one probe of a target, with all that probes share made for it alone."""
    probes = Probes(dial=dial, clock=clock, now=now)
    try:
        return await probes.probe(what)
    finally:
        await probes.close()


async def measured(attempt: Attempt, timeout: float = 2.0) -> Outcome:  # noqa: ASYNC109
    """The outcome of an attempt at `ADDRESS`:7000."""

    def clock() -> float:
        return 0.0

    return await measure(target("tcp", port=7000, timeout=timeout), attempt, clock, clock)
