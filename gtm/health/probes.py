"""Runs the probe that a target's check asks for: aimed, bounded in time, put into words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gtm.checks import Check, Exec, Http, Target
from gtm.health.aim import Aim
from gtm.health.dial import Dial, direct
from gtm.health.impairment import Impaired, not_made
from gtm.health.kinds import Kinds
from gtm.health.measure import Clock, Finding, Progress, measure
from gtm.health.outcome import Outcome
from gtm.health.plain import suits
from gtm.health.sessions import Sessions
from gtm.health.strands import Strands
from gtm.health.swift import Swift

FORBIDDEN = "this server runs no programs (no_exec)"


class Probes:
    """All kinds of probes, behind one call. What they share is made when first needed."""

    def __init__(
        self,
        *,
        dial: Dial = direct,
        clock: Clock = time.monotonic,
        now: Clock = time.time,
        programs: bool = True,
    ) -> None:
        """`clock` is monotonic seconds, `now` Unix time; without `programs` none is ever run."""
        self._programs = programs
        self._dial = dial
        self._clock = clock
        self._now = now
        self._sessions = Sessions()
        self._kinds = Kinds(clock, now)
        self._strands: Strands | None = None

    async def probe(self, target: Target) -> Outcome:
        """Run the target's check once. What it raises is no word on the target."""
        if (swift := self.swift(target)) is not None:
            return await _awaited(swift)
        check = target.check
        if isinstance(check.probe, Exec) and not self._programs:
            return not_made(FORBIDDEN, latency=0.0, at=self._now())
        try:
            # an exec check may have to wait for its turn, which is not the target's time
            async with self._kinds.place(check.probe, check.schedule.interval):
                return await self._measured(target)
        except Impaired as why:
            return not_made(str(why), latency=0.0, at=self._now())

    def swift(self, target: Target) -> Swift | None:
        """What runs the target's check without a task; None for those that need one.

        To be asked for once and used for every probe.
        """
        probe, where = target.check.probe, aimed(target, self._dial)
        if not isinstance(probe, Http) or not suits(probe, where):
            return None
        if self._strands is None:
            self._strands = Strands(asyncio.get_running_loop())
        return Swift(target, probe, where, self._strands, self._clock, self._now)

    async def close(self) -> None:
        """Let go of what the probes share. No probe may be running."""
        await self._sessions.close()
        if self._strands is not None:
            self._strands.close()
        self._strands = None

    async def _measured(self, target: Target) -> Outcome:
        check, where = target.check, aimed(target, self._dial)

        async def attempt(progress: Progress) -> Finding:
            return await self._kinds.ask(
                check.probe,
                where,
                progress,
                deadline=check.schedule.timeout,
                session=lambda: self._sessions.session(where, keep_alive=_keeps(check)),
                load=check.load,
            )

        return await measure(target, attempt, self._clock, self._now)


async def _awaited(swift: Swift) -> Outcome:
    done: asyncio.Future[Callable[[], Outcome]] = asyncio.get_running_loop().create_future()
    running = swift.begin(done.set_result)
    running.start()
    try:
        return (await done)()
    finally:
        running.cancel()


def aimed(target: Target, dial: Dial = direct) -> Aim:
    """Where a target is probed, and from where."""
    check = target.check
    return Aim(
        target.address,
        check.port,
        target.server_name or "",
        check.source,
        check.family,
        dial,
        check.schedule.connect_timeout,
    )


def _keeps(check: Check) -> bool:
    return isinstance(check.probe, Http) and check.probe.keep_alive
