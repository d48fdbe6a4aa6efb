"""All kinds of probes behind one call, and what they share: contexts, files, places to run."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from gtm.checks import Dns, Exec, File, Grpc, Http, Icmp, LoadField, Probe, Tcp
from gtm.health import dns, exchange, grpc, icmp, programs, tcp
from gtm.health.aim import Aim
from gtm.health.grpc_certificates import Looks
from gtm.health.measure import Clock, Finding, Progress
from gtm.health.programs import Programs
from gtm.health.statefile import Files
from gtm.health.tls import Contexts


class Kinds:
    """Asks whatever a check asks. `clock` is monotonic seconds, `now` Unix time."""

    def __init__(self, clock: Clock = time.monotonic, now: Clock = time.time) -> None:
        """Opens nothing."""
        self._contexts = Contexts(clock)
        self._looks = Looks(self._contexts, clock)
        self._files = Files(clock, now)
        self._programs = Programs()

    @asynccontextmanager
    async def place(self, probe: Probe, patience: float) -> AsyncIterator[None]:
        """What a probe may have to wait for before its time begins to run: see Programs.place.

        Raises Impaired where it had to wait longer than `patience` seconds.
        """
        if isinstance(probe, Exec):
            async with self._programs.place(patience):
                yield
        else:
            yield

    async def ask(
        self,
        probe: Probe,
        aim: Aim,
        progress: Progress,
        *,
        deadline: float,
        session: Callable[[], aiohttp.ClientSession],
        load: LoadField | None = None,
    ) -> Finding:
        """One attempt, for `measure`. `deadline` is the seconds it has.

        `session` opens one and `load` says where the load stands, both for HTTP.
        """
        match probe:
            case Http():
                return await exchange.ask(
                    probe, aim, progress, session(), self._contexts, load=load
                )
            case Tcp():
                return await tcp.ask(probe, aim, progress, self._contexts)
            case Grpc():
                return await grpc.ask(
                    probe, aim, progress, self._contexts, self._looks, deadline=deadline
                )
            case Dns():
                return await dns.ask(probe, aim, progress)
            case Icmp():
                return await icmp.ask(probe, aim, progress)
            case Exec():
                return await programs.ask(probe, aim, progress)
            case File():
                return await self._files.ask(probe, aim, progress)
