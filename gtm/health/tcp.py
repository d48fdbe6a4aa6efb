"""The `tcp` probe: a connection that is accepted is a success."""

from __future__ import annotations

import asyncio
import time

from gtm.health.dial import Dial, direct
from gtm.health.measure import Clock, Finding, Progress, measure
from gtm.health.outcome import Outcome, place
from gtm.model import Target


async def probe(
    target: Target,
    *,
    dial: Dial = direct,
    clock: Clock = time.monotonic,
    now: Clock = time.time,
) -> Outcome:
    """Connect to the target and close. A host name is tried at each of its addresses in turn."""

    async def attempt(progress: Progress) -> Finding:
        host, port = dial(target.address, target.check.port)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, host, port)
        transport.abort()
        return Finding(ok=True, what=f"connected to {place(target)}")

    return await measure(target, attempt, clock, now)
