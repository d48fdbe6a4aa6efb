"""Alerts as the server has them: events in, messages out, nothing that could hold it up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

import structlog

from gtm.alerts.courier import Receipt, Result
from gtm.alerts.desk import Desk
from gtm.alerts.leaving import renamed, say_goodbye, stay_silent_on_others
from gtm.alerts.notice import Notice
from gtm.alerts.outbox import Parcel
from gtm.alerts.route import Route, named
from gtm.alerts.statefile import AlertFile, KeptAlerts, KeptReceiver
from gtm.events import Event, Kind
from gtm.model import Zone
from gtm.receivers import Receiver

SAVE_AFTER = 0.5  # seconds: changes of one moment are saved together
SAVE_AGAIN = 10.0
LAST_MESSAGES = 60.0  # seconds in which a receiver that is removed can be told the end
SETTLED = 300.0  # seconds after the start in which whatever still holds has been seen again

# What is told at the start if it holds: what is not was over before.
AT_ONCE = frozenset(
    (Kind.ENDPOINT, Kind.SERVICE, Kind.REGION, Kind.ALL_DOWN, Kind.OVERRIDE, Kind.RELOAD)
)

log = structlog.get_logger("gtm.alerts")


class Delivers(Protocol):
    """What carries a message: a courier, or a test's."""

    async def deliver(self, receiver: Receiver, notice: Notice) -> Receipt:
        """One attempt. Never raises."""
        ...


class Alerts:
    """Owns what receivers are told. Used from the control loop alone.

    `now` is Unix time, `clock` monotonic seconds, `random` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        courier: Delivers,
        file: AlertFile | None,
        now: Callable[[], float],
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        """Without a file nothing outlives the process."""
        self.routes: dict[str, Route] = {}
        self.damage: str | None = None
        self.unsaved: str | None = None
        self._courier = courier
        self._file = file
        self._now = now
        self._clock = clock
        self._random = random
        self._kept = KeptAlerts()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wake: dict[str, asyncio.Event] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._running = False
        self._settling: asyncio.TimerHandle | None = None
        self._saving: asyncio.Task[None] | None = None
        self._dirty = False

    # --- from start to stop -------------------------------------------------------------

    async def open(self) -> None:
        """Takes up what was kept. Raises StartError."""
        if self._file is not None:
            self._kept, self.damage = await asyncio.to_thread(self._file.load, self._now())
            if self.damage is not None:
                log.error("alerts_damaged", trouble=self.damage)

    def started(self) -> None:
        """Everything that does not hold at the start has been told: the rest is over.

        From here on messages go.
        """
        self.forget_unseen(AT_ONCE)
        loop = asyncio.get_running_loop()
        self._settling = loop.call_later(SETTLED, self.forget_unseen, frozenset(Kind))
        self._running = True
        for number in self.routes:
            self._run(number)

    def forget_unseen(self, kinds: frozenset[Kind]) -> None:
        """Ends alerts from before the start that have not been seen since."""
        for route in self.routes.values():
            route.desk.forget_unseen(self._now(), self._clock(), kinds)
        self._changed()

    async def close(self) -> None:
        """Stops telling, and saves what is owed."""
        self._running = False
        if self._settling is not None:
            self._settling.cancel()
        tasks = [*self._tasks.values(), *self._leaving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.gather(self._saving, return_exceptions=True)
        await self.save()

    # --- what happens -------------------------------------------------------------------

    def configure(self, zones: Iterable[Zone]) -> None:
        """Takes up the receivers of the zones; those that stay keep what is open."""
        wanted = named({zone.name.rstrip("."): zone.alerts for zone in zones})
        for number, heir in renamed(self.routes, wanted).items():
            self._rename(number, heir)
        for number in self.routes.keys() - wanted.keys():
            self._remove(number)
        for number, (receiver, names) in wanted.items():
            route = self.routes.get(number)
            if route is None:
                route = self.routes[number] = Route(number, Desk(receiver), names)
                kept = self._kept.receivers.get(number, KeptReceiver())
                route.restore(kept, self._clock(), max(0.0, self._now() - self._kept.at))
                self._run(number)
            else:
                route.desk.change(receiver)
                stay_silent_on_others(route, names, self._now(), self._clock())
        self._changed()

    def note(self, event: Event) -> None:
        """Takes notice of an event."""
        now = self._clock()
        for route in self.routes.values():
            route.note(event, now)
        self._changed()

    def sent(self) -> Iterable[tuple[str, str, int]]:
        """Attempts by receiver and result (`sent`, `failed`, `rejected`, `dropped`)."""
        for number, route in self.routes.items():
            yield from ((number, result, count) for result, count in route.results.items())

    def queued(self) -> Iterable[tuple[str, int]]:
        """Messages that have not arrived yet, by receiver."""
        return [(number, len(route.outbox)) for number, route in self.routes.items()]

    # --- delivery -----------------------------------------------------------------------

    async def step(self, route: Route) -> None:
        """Sends what is due to one receiver, one message after the other."""
        route.collect(self._clock())
        while (parcel := route.outbox.ready(self._clock())) is not None:
            receipt = await self._courier.deliver(route.receiver, parcel.notice)
            self._account(route, parcel, receipt)
            self._save_soon()

    def _account(self, route: Route, parcel: Parcel, receipt: Receipt) -> None:
        route.results[receipt.result.value] += 1
        wait = None
        if receipt.result is Result.FAILED:
            wait = route.outbox.failed(self._clock(), self._random(), receipt.wait)
        else:
            route.outbox.done(parcel)
        failing = None if receipt.result is Result.SENT else receipt.reason
        if failing is not None and route.failing is None:
            again = {} if wait is None else {"try_again_seconds": round(wait, 1)}
            word = "alert_rejected" if wait is None else "alert_not_sent"
            log.error(word, receiver=route.id, reason=failing, **again)
        elif failing is None and route.failing is not None:
            log.info("alerts_sent_again", receiver=route.id)
        route.failing = failing

    def _run(self, number: str) -> None:
        if self._running and number not in self._tasks:
            self._wake[number] = asyncio.Event()
            self._tasks[number] = asyncio.get_running_loop().create_task(self._serve(number))

    async def _serve(self, number: str) -> None:
        route, wake = self.routes[number], self._wake[number]
        while True:
            wake.clear()
            try:
                await self.step(route)
            except Exception:  # a fault of ours must not end the telling of everything after it
                log.exception("alert_failed_internally", receiver=number)
                await asyncio.sleep(SAVE_AGAIN)
            due = route.next_due(self._clock())
            wait = None if due is None else max(0.0, due - self._clock())
            try:
                await asyncio.wait_for(wake.wait(), wait)
            except TimeoutError:
                continue

    def _rename(self, number: str, heir: str) -> None:
        route = self._detach(number)
        route.id = heir
        self.routes[heir] = route
        self._run(heir)

    def _remove(self, number: str) -> None:
        """What it was told of is over for it, as nobody will tell it the end."""
        route = self._detach(number)
        say_goodbye(route, self._now(), self._clock())
        log.info("receiver_removed", receiver=number, messages_left=len(route.outbox))
        if self._running and len(route.outbox):
            task = asyncio.get_running_loop().create_task(self._last_messages(route))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    def _detach(self, number: str) -> Route:
        if number in self._tasks:
            self._tasks.pop(number).cancel()
            del self._wake[number]
        return self.routes.pop(number)

    async def _last_messages(self, route: Route) -> None:
        """Delivers what is left, for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_MESSAGES):
                while (due := route.next_due(self._clock())) is not None:
                    await asyncio.sleep(max(0.0, due - self._clock()))
                    await self.step(route)
        left = len(route.outbox) + len(route.desk.alerts)
        if left:
            log.error("receiver_not_told_the_end", receiver=route.id, alerts=left)

    def _changed(self) -> None:
        for wake in self._wake.values():
            wake.set()
        self._save_soon()

    # --- the disk -----------------------------------------------------------------------

    async def save(self) -> None:
        """Saves what receivers are owed, as it is now."""
        if self._file is None:
            return
        now = self._clock()
        routes = {number: route.kept(now) for number, route in self.routes.items()}
        trouble = None
        try:
            await asyncio.to_thread(self._file.save, KeptAlerts(at=self._now(), receivers=routes))
        except OSError as error:
            trouble = error.strerror or str(error)
        if trouble is not None and self.unsaved is None:
            log.error("alerts_not_saved", error=trouble, try_again_seconds=SAVE_AGAIN)
        elif trouble is None and self.unsaved is not None:
            log.info("alerts_saved")
        self.unsaved = trouble

    def _save_soon(self) -> None:
        self._dirty = True
        if self._running and self._file is not None and self._saving is None:
            self._saving = asyncio.get_running_loop().create_task(self._save_while_dirty())

    async def _save_while_dirty(self) -> None:
        while self._dirty:
            await asyncio.sleep(SAVE_AFTER if self.unsaved is None else SAVE_AGAIN)
            self._dirty = False
            await self.save()
            self._dirty = self._dirty or self.unsaved is not None
        self._saving = None
