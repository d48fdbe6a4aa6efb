"""The API's `/v1/simulate`: what would move where, from what is served now."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from gtm.api.access.callers import caller_of
from gtm.api.call import Call
from gtm.api.models import SimulateClient, SimulateRequest, SimulationShape
from gtm.compile.compiler import Compiled
from gtm.errors import UsageError
from gtm.simulate import Scenario, Simulation, Traffic, chosen, simulate, world_traffic, worlds_from
from gtm.simulate.networks import network_key
from gtm.simulate.traffic import Counted, Unit

LONGEST = 60.0  # seconds: what takes longer is a question for `gtm simulate`, on another machine


async def simulated(call: Call[None, SimulateRequest]) -> SimulationShape:
    """What `gtm simulate` answers, about what is served now.

    It is reckoned in a worker thread, all of which yield to those that answer, one question at a
    time. Once begun, a question keeps its turn until its thread has ended, whatever becomes of its
    client.
    """
    compiled = call.serving.controller.compiled
    async with call.serving.lane.turn(caller_of(call.request).name):
        question = _Question(compiled, call.body)
        work = asyncio.create_task(asyncio.to_thread(question.answer))
        try:
            async with asyncio.timeout(LONGEST):
                found = await asyncio.shield(work)
        except TimeoutError:
            raise UsageError(
                f"cannot simulate that here: it took more than {LONGEST:g} s; name one `service`, "
                "or use `gtm simulate` with the zone files"
            ) from None
        finally:
            question.stopped.set()
            await asyncio.gather(work, return_exceptions=True)
    return SimulationShape.model_validate(found)


class _Stopped(Exception):  # noqa: N818  # nobody sees it
    pass


class _Question:
    """One question, answered in a thread of its own; `stopped` ends that before its time."""

    def __init__(self, compiled: Compiled, asked: SimulateRequest) -> None:
        self._compiled = compiled
        self._asked = asked
        self.stopped = threading.Event()

    def answer(self) -> Simulation:
        """Takes seconds. Raises UsageError."""
        asked = self._asked
        scenario = Scenario(frozenset(asked.down), frozenset(asked.drain))
        both = worlds_from(self._compiled, scenario)
        only = None if asked.service is None else chosen(asked.service, both)
        return simulate(both, self._traffic(), only, asked.load, self._advance)

    def _advance(self, done: int, total: int) -> None:
        if self.stopped.is_set():
            raise _Stopped

    def _traffic(self) -> Traffic:
        if self._asked.clients:
            return _given(self._asked.clients)
        if not self._compiled.geo.sources:
            raise UsageError(
                "cannot simulate the whole world without a geo database: give `clients`"
            )
        return world_traffic(self._compiled.geo)


def _given(clients: Sequence[SimulateClient]) -> Traffic:
    counted = Counted()
    for index, each in enumerate(clients):
        key = network_key(each.network)
        if key is None:
            raise UsageError(
                f"cannot simulate: clients.{index}.network: {each.network!r} is no network"
            )
        counted.add_all(key[0], (key[1],), (each.queries,))
    return Traffic("the clients given", Unit.QUERIES, counted)
