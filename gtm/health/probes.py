"""Picks the probe that a target's check names, and owns what the probes share."""

from __future__ import annotations

import ssl
import time

import aiohttp

from gtm.checks import Tls
from gtm.health import http, tcp
from gtm.health.dial import Dial, direct
from gtm.health.impairment import impairment, not_made
from gtm.health.measure import Clock
from gtm.health.outcome import Outcome
from gtm.health.tls import HTTP1, Contexts
from gtm.model import CheckType, Target


class Probes:
    """All kinds of probes, behind one call. What they share is made when first needed."""

    def __init__(
        self, *, dial: Dial = direct, clock: Clock = time.monotonic, now: Clock = time.time
    ) -> None:
        """`clock` is monotonic seconds, `now` Unix time."""
        self._dial = dial
        self._clock = clock
        self._now = now
        self._session: aiohttp.ClientSession | None = None
        self._contexts = Contexts(clock)

    async def probe(self, target: Target) -> Outcome:
        """Run the target's check once. What it raises is no word on the target."""
        if target.check.type is CheckType.TCP:
            return await tcp.probe(target, dial=self._dial, clock=self._clock, now=self._now)
        try:
            session, tls = self._open_session(), self._tls_for(target)
        except Exception as error:
            if why := impairment(target, error):
                return not_made(why, latency=0.0, at=self._now())
            raise
        return await http.probe(
            target, session, tls, dial=self._dial, clock=self._clock, now=self._now
        )

    async def close(self) -> None:
        """Let go of what the probes share. No probe may be running."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = http.open_session()
        return self._session

    def _tls_for(self, target: Target) -> ssl.SSLContext | None:
        if target.check.type is not CheckType.HTTPS:
            return None
        return self._contexts.context(Tls(verify=target.check.verify), HTTP1)
