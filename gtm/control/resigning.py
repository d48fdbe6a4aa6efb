"""Signatures of served zones in good time: when they are made anew, and what is told of it.

Whether anything is due is read off the snapshot that is served, not off what was meant to be done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain

import structlog

from gtm.compile.ahead import sign_ahead
from gtm.compile.compiler import Compiled
from gtm.compile.served import SignedZone, signatures_in, standings
from gtm.dnssec.signatures import Signatures
from gtm.events import Event, conditions
from gtm.steering.readings import Readings

log = structlog.get_logger("gtm")

STEP = 0.005  # seconds of signing ahead at a time
DUTY = 0.1  # of a core that signing ahead may take
LOOK_AGAIN = 600.0  # seconds after which a snapshot that verdicts have moved is looked at again
SPARE = 2  # times as many sets of signatures as are served may be kept, those ahead among them
FEW = 10_000  # sets of signatures that are always kept


class Resigning:
    """Follows how long served signatures last. `standings` is what was last seen."""

    def __init__(self, now: Callable[[], float], signatures: Signatures) -> None:
        """`now` is Unix time."""
        self.standings: tuple[SignedZone, ...] = ()
        self._now = now
        self._signatures = signatures
        self._seen: Compiled | None = None
        self._seen_at = 0.0

    async def follow(self, served: Compiled, compile_anew: Callable[[], Awaitable[None]]) -> bool:
        """Has everything compiled anew if signatures of what is served are due; whether it had.

        What `compile_anew` raises is raised: the standings say what it left as it was.
        """
        if not served.keys:
            self.standings, self._seen = (), None
            return False
        await self._look(served)
        if not any(one.due <= self._now() for one in self.standings):
            return False
        made = self._signatures.made
        await compile_anew()
        self._seen = None
        log.info("signed_anew", signatures=self._signatures.made - made)
        return True

    async def _look(self, served: Compiled) -> None:
        """How the zones stand; seldom where only verdicts have moved them.

        What those bring is taken from signatures that are not due, or made then.
        """
        now = self._now()
        same = self._seen is not None and self._seen.deciders is served.deciders
        if same and (self._seen is served or now < self._seen_at + LOOK_AGAIN):
            return
        self.standings = await asyncio.to_thread(self._looked, served)
        self._seen, self._seen_at = served, now

    def _looked(self, served: Compiled) -> tuple[SignedZone, ...]:
        found = standings(served)
        if len(self._signatures) > FEW + (1 + SPARE) * sum(one.signatures for one in found):
            self._signatures.forget_all_but(signatures_in(served))
        return found


class Ahead:
    """Signs in the background what is one verdict away from being answered.

    It works for some milliseconds at a time in a worker thread, and rests nine times as long.
    Everything is gone through after a load, and whenever signatures were made anew; after a
    verdict changed only the services that it touched.
    """

    def __init__(self, readings: Callable[[], Readings]) -> None:
        """`readings` are those of now."""
        self._readings = readings
        self._seen: Compiled | None = None
        self._work: Iterator[None] = iter(())

    async def step(self, served: Compiled) -> bool:
        """Signs for a while; whether anything is left to do."""
        self._turn_to(served)
        begun = time.perf_counter()
        going = await asyncio.to_thread(self._sign)
        await asyncio.sleep((time.perf_counter() - begun) * (1 / DUTY - 1))
        return going

    def _turn_to(self, served: Compiled) -> None:
        """What is to be done for what is served now, behind what is left of before."""
        seen, self._seen = self._seen, served
        if not served.keys:
            self._work = iter(())
        elif seen is None or seen.deciders is not served.deciders:
            self._work = sign_ahead(served, self._readings())
        elif seen is not served and served.touched:
            touched = {(app, key) for app, keys in served.touched.items() for key in keys}
            self._work = chain(sign_ahead(served, self._readings(), touched), self._work)

    def _sign(self) -> bool:
        until = time.perf_counter() + STEP
        return any(time.perf_counter() >= until for _ in self._work)


def ending_signatures(standings: tuple[SignedZone, ...], at: float) -> Iterator[Event]:
    """Zones whose signatures end soon and are not made anew, or have ended; `at` is Unix time."""
    for one in standings:
        if one.late <= at:
            days = (one.ends - at) / 86400
            when = f"ends in {days:.1f} days" if days > 0 else f"ended {-days:.1f} days ago"
            words = f"a signature {when}, and none is made in its place: see `gtm keys status`"
            yield conditions.signatures(at, one.words, words, ended=days <= 0)
