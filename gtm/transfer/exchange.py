"""All dealings with other name servers and with who changes zones over DNS."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from gtm.compile.compiler import Compiled
from gtm.dns.names import to_wire
from gtm.dns.types import Type
from gtm.geo.database import fingerprint
from gtm.model import Zone
from gtm.peering import SharedKey
from gtm.transfer.held import Held
from gtm.transfer.keys import KeyRing
from gtm.transfer.notify import Notifier
from gtm.transfer.reception import Now, Reception
from gtm.transfer.serials import Serials
from gtm.transfer.stream import Streams
from gtm.transfer.view import chosen, digest
from gtm.updates.desk import UpdateDesk
from gtm.updates.journal import Journal

log = structlog.get_logger("gtm")


class Exchange:
    """Keys, copies, serials, NOTIFY and updates of one server."""

    def __init__(
        self,
        state: Path | None,
        now: Callable[[], float],
        clock: Callable[[], float],
        random16: Callable[[], int],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`now` is Unix time, `clock` monotonic seconds, `random16` gives IDs of messages.

        Without a state directory updates are refused, and serials go by the time.
        """
        self.streams = Streams(now, clock)
        self.notifier = Notifier(random16, now)
        self.serials = Serials(state, now)
        journal = None if state is None else Journal(state)
        self.updates = UpdateDesk(journal, self._publish, now, clock)
        self._ring = KeyRing(environment)
        self._now = now
        self.reception = Reception(self.streams, self.updates, now)
        self._looked_at = -1  # the epoch whose verdicts copies have been compared with
        self._files: tuple[Zone, ...] = ()
        self._laid: tuple[Zone, ...] = ()
        self._served: tuple[Zone, ...] = ()
        self._serve_anew: Callable[[], Awaitable[None]] | None = None

    @property
    def keys(self) -> Mapping[bytes, SharedKey]:
        """The TSIG keys that are known, by name."""
        return self.reception.at.keys

    async def open(self, serve_anew: Callable[[], Awaitable[None]]) -> None:
        """Takes in what was kept. `serve_anew` compiles and publishes `laid_again()`.

        Raises StartError.
        """
        self._serve_anew = serve_anew
        self.reception.loop = asyncio.get_running_loop()
        await self.updates.open()
        trouble = await asyncio.to_thread(self.serials.open)
        if trouble is not None:
            log.warning("serials_damaged", trouble=trouble)

    async def close(self) -> None:
        """Ends what goes on."""
        await self.notifier.close()

    # --- zones: in worker threads, one at a time ----------------------------------------------

    def laid_over(self, zones: Sequence[Zone]) -> tuple[Zone, ...]:
        """Zones as files have them, with added records and the serials that they are served by.

        Raises nothing: a serial that can't be kept is said, and serves all the same.
        """
        self._files = tuple(zones)
        return self.laid_again()

    def laid_again(self) -> tuple[Zone, ...]:
        """The same for the files that were read last."""
        self._ring.read(self._files)
        laid = self.updates.laid_over(self._files)
        before = self.serials.served
        self._laid = tuple(map(self._numbered, laid))
        if self.serials.served is not before:
            self._keep_serials()
        return self._laid

    def signed_anew(self) -> tuple[Zone, ...]:
        """The same, signed zones that are copied with another serial: theirs are new signatures."""
        for zone in self._files:
            if zone.transfer is not None and zone.dnssec is not None:
                self.serials.move(zone.name)
        self._keep_serials()
        return self.laid_again()

    def _numbered(self, zone: Zone) -> Zone:
        number = self.updates.number(zone.name)
        if zone.transfer is None and not number:
            return zone
        stamps = fingerprint([Path(name) for name in zone.files])
        times = [stamp[0] // 10**9 for stamp in stamps if stamp is not None]
        # a serial of the operator's own goes on from itself
        timed = max(1, max(times, default=0) % 2**32) == zone.serial
        written = f"{[stamp and stamp[:2] for stamp in stamps]} {number}"
        return replace(zone, serial=self.serials.serial(zone.name, written, zone.serial, timed))

    def _keep_serials(self) -> None:
        try:
            self.serials.save()
        except OSError as error:
            why = error.strerror or str(error)
            log.warning("serials_not_kept", error=f"cannot keep serials: {why}")

    # --- what is served: on the control loop --------------------------------------------------

    def published(self, compiled: Compiled) -> None:
        """Takes over what is served from now on; nothing but a load or an update changes it."""
        if compiled.zones is self._served:
            return
        self._served = compiled.zones
        held: dict[bytes, Held] = {}
        for zone in compiled.zones:
            if zone.transfer is not None:
                apex = to_wire(zone.name)
                held[apex] = self._hold(apex, zone, compiled)
        involved = (zone for zone in compiled.zones if zone.transfer is not None or zone.updates)
        self.reception.at = Now(
            self._ring.keys, held, {to_wire(zone.name): zone for zone in involved}
        )
        for apex, one in held.items():
            soa = compiled.snapshot.zones[apex].names[apex].rrsets[Type.SOA]
            self.notifier.tell(one.zone, one.serial, soa, self.reception.at.keys)

    def _hold(self, apex: bytes, zone: Zone, compiled: Compiled) -> Held:
        data = compiled.snapshot.zones[apex]
        before = self.reception.at.held.get(apex)
        if before is not None and before.serial == zone.serial and before.reloaded(zone, data):
            return before
        return Held(zone, data, compiled.snapshot, compiled.groups)

    async def follow(self, compiled: Compiled) -> bool:
        """Has zones served by another serial whose steered names changed in copies; whether so."""
        if not self.reception.at.held or compiled.snapshot.epoch == self._looked_at:
            return False
        self._looked_at = compiled.snapshot.epoch
        moved = await asyncio.to_thread(self._moved, compiled)
        if moved:
            await self._publish()
        return moved

    def _moved(self, compiled: Compiled) -> bool:
        moved, kept = False, self.serials.served
        for apex, held in self.reception.at.held.items():
            data = compiled.snapshot.zones.get(apex)
            if data is None or held.zone.transfer is None:
                continue
            name, view = held.zone.name, held.zone.transfer.view
            copied = held.copied()
            served = self.serials.served.get(name)
            if served is None or served.serial != copied.serial:
                continue  # another serial is about to be served
            if served.view is None:
                self.serials.seen(name, digest(copied.steered))
            found = digest(chosen(compiled.snapshot, compiled.groups, data, view))
            moved |= self.serials.seen(name, found)
        if self.serials.served is not kept:
            self._keep_serials()
        return moved

    async def _publish(self) -> None:
        assert self._serve_anew is not None  # noqa: S101  # open() has set it
        await self._serve_anew()
