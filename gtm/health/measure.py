"""Runs one attempt at a target, bounded in time, and puts what came of it into words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gtm.checks import Target
from gtm.health.impairment import impairment, not_made
from gtm.health.outcome import Outcome, place, span
from gtm.health.reasons import failure

Clock = Callable[[], float]
"""Seconds: monotonic where durations are measured, Unix time where moments are told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an attempt that came to its end found; `what` goes before "after 41 ms".

    `service`, `load`, `unread` and `expires` are as in an outcome.
    """

    ok: bool
    what: str
    service: float | None = None
    load: float | None = None
    unread: str | None = None
    expires: float | None = None


@dataclass(slots=True)
class Progress:
    """How far an attempt has come; `lacking` goes before "within 500 ms" if time runs out."""

    lacking: str


Attempt = Callable[[Progress], Awaitable[Finding]]


async def measure(target: Target, attempt: Attempt, clock: Clock, now: Clock) -> Outcome:
    """The outcome of one attempt, after the check's timeout at the latest.

    Raises nothing but asyncio.CancelledError: whatever the target does to the attempt is a failed
    outcome, even where it trips code of ours or of a library. What this machine does to it is the
    outcome of a probe that was not made.
    """
    progress = Progress(f"no answer from {place(target)}")
    begun = clock()
    found: Finding | None = None
    try:
        async with asyncio.timeout(target.check.schedule.timeout) as limit:
            found = await attempt(progress)
        reason = f"{found.what} after {span(clock() - begun)}"
    except Exception as error:
        if isinstance(error, TimeoutError) and limit.expired():
            reason = f"{progress.lacking} within {span(target.check.schedule.timeout)}"
        elif why := impairment(target, error):
            return not_made(why, latency=clock() - begun, at=now())
        else:
            reason = failure(target, error)
    latency, at = clock() - begun, now()
    if found is None:
        return Outcome(ok=False, reason=reason, latency=latency, at=at)
    return Outcome(
        found.ok,
        reason,
        latency,
        at,
        service=found.service,
        load=found.load,
        unread=found.unread,
        expires=found.expires,
        answered=True,
    )
