"""The API's `/v1/simulate`: what would move where, from what is served now."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from gtm.api.access.callers import caller_of
from gtm.api.call import Call, Reply, replied_beside
from gtm.api.models import SimulateClient, SimulateRequest, SimulationShape
from gtm.api.named import apps_named, require_regions
from gtm.compile.compiled import CompiledApp
from gtm.compile.compiler import Compiled
from gtm.errors import UsageError
from gtm.live.carried import carried, made_of
from gtm.live.live import Live
from gtm.load.picture import Picture
from gtm.simulate import (
    Scenario,
    Seen,
    Simulation,
    Traffic,
    chosen,
    simulate,
    world_traffic,
    worlds_from,
)
from gtm.simulate.networks import network_key
from gtm.simulate.traffic import Counted, Unit

LONGEST = 60.0  # seconds: what takes longer is a question for `gtm simulate`, on another machine
LEAST = 1.0  # answers a second of steered services: with fewer the world's networks tell more


async def simulated(call: Call[None, SimulateRequest]) -> Reply:
    """What `gtm simulate` answers, about what is served now.

    It is reckoned in a worker thread, all of which yield to those that answer, one question at a
    time. Once begun, a question keeps its turn until its thread has ended, whatever becomes of its
    client.
    """
    controller, live = call.serving.controller, call.serving.live
    async with call.serving.lane.turn(caller_of(call.request).name):
        question = _Question(controller.compiled, controller.capacity.picture, live, call.body)
        async with live.turn:
            await asyncio.to_thread(question.look)
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
    return await replied_beside(found)


class _Stopped(Exception):  # noqa: N818  # nobody sees it
    pass


class _Question:
    """One question, answered in a thread of its own; `stopped` ends that before its time."""

    def __init__(
        self, compiled: Compiled, picture: Picture, live: Live, asked: SimulateRequest
    ) -> None:
        self._compiled = compiled
        self._picture = picture
        self._live = live
        self._asked = asked
        self._seen: Seen | None = None
        self.stopped = threading.Event()

    def look(self) -> None:
        """Looks at what was answered lately; too little of it is nothing to go by."""
        shares, _ = self._live.traffic.shares(sys.maxsize)
        rates: dict[str, float] = {}
        for share in shares:
            rates[share.service] = rates.get(share.service, 0.0) + share.per_second
        steered = {name for app in self._compiled.apps.values() for name in _names(app)}
        rates = {name: rate for name, rate in rates.items() if name in steered}
        if sum(rates.values()) >= LEAST:
            self._seen = Seen(rates, self._live.maps.counts(self._compiled))

    def answer(self) -> SimulationShape:
        """Takes seconds. Raises UsageError."""
        asked = self._asked
        scenario = Scenario(frozenset(asked.down), frozenset(asked.drain))
        apps = apps_named(self._compiled, asked.zone, asked.app, "simulate")
        within = None
        if asked.zone or asked.app:
            within = {each.steered.group for app in apps for each in app.services.values()}
            regions = [name for app in apps for name in app.app.regions]
            require_regions([*asked.down, *asked.drain], regions, "simulate")
        both = worlds_from(self._compiled, scenario, within)
        only: str | set[str] | None = None if asked.service is None else chosen(asked.service, both)
        if only is None and within is not None:
            only = {each.service.name for app in apps for each in app.services.values()}
        traffic = self._traffic()
        found = simulate(both, traffic, only, asked.load, self._advance)
        if asked.load is None and not asked.clients:
            found = self._with_loads(found, scenario, within, traffic)
        shape = SimulationShape.model_validate(found)
        return shape.model_copy(update={"epoch": self._compiled.snapshot.epoch})

    def _with_loads(
        self,
        found: Simulation,
        scenario: Scenario,
        within: Collection[int] | None,
        traffic: Traffic,
    ) -> Simulation:
        """With what regions carry now and then, where that is known."""
        rates: dict[int, float] = {}
        if traffic.seen is not None:
            for app in self._compiled.apps.values():
                for each in app.services.values():
                    at = each.steered.group
                    rates[at] = rates.get(at, 0.0) + traffic.seen.rate([each.service.name])
        gone = scenario.down | scenario.drained
        loads = carried(
            self._compiled, self._picture, gone, within, lambda group: rates.get(group, 0.0)
        )
        if not loads:
            return found
        said = [each for each in found.assumptions if not each.startswith("capacity is not")]
        return replace(found, loads=loads, assumptions=(*said, made_of(self._picture)))

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
        world = world_traffic(self._compiled.geo)
        if self._seen is None:
            return world
        source = "the server, over the last minute"
        return replace(world, source=source, unit=Unit.ANSWERS, seen=self._seen)


def _names(app: CompiledApp) -> Iterator[str]:
    return (each.service.name for each in app.services.values())


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
