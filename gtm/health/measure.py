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


class Measurement:
    """One attempt at a target, from now to its outcome."""

    def __init__(self, target: Target, clock: Clock, now: Clock) -> None:
        """It begins."""
        self.progress = Progress(f"no answer from {place(target)}")
        self._target, self._clock, self._now = target, clock, now
        self._begun = clock()

    def found(self, found: Finding) -> Outcome:
        """The outcome of an attempt that came to its end."""
        latency = self._clock() - self._begun
        return Outcome(
            found.ok,
            f"{found.what} after {span(latency)}",
            latency,
            self._now(),
            service=found.service,
            load=found.load,
            unread=found.unread,
            expires=found.expires,
            answered=True,
        )

    def late(self) -> Outcome:
        """The outcome of one that its timeout ended."""
        timeout = span(self._target.check.schedule.timeout)
        return self._failed(f"{self.progress.lacking} within {timeout}")

    def raised(self, error: Exception) -> Outcome:
        """The outcome of one that ended in an exception.

        What this machine does to an attempt is the outcome of a probe that was not made.
        """
        if why := impairment(self._target, error):
            return not_made(why, latency=self._clock() - self._begun, at=self._now())
        return self._failed(failure(self._target, error))

    def _failed(self, reason: str) -> Outcome:
        latency = self._clock() - self._begun
        return Outcome(ok=False, reason=reason, latency=latency, at=self._now())


async def measure(target: Target, attempt: Attempt, clock: Clock, now: Clock) -> Outcome:
    """The outcome of one attempt, after the check's timeout at the latest.

    Raises nothing but asyncio.CancelledError: whatever the target does to the attempt is a failed
    outcome, even where it trips code of ours or of a library.
    """
    measured = Measurement(target, clock, now)
    try:
        async with asyncio.timeout(target.check.schedule.timeout) as limit:
            found = await attempt(measured.progress)
        return measured.found(found)
    except Exception as error:
        if isinstance(error, TimeoutError) and limit.expired():
            return measured.late()
        return measured.raised(error)
