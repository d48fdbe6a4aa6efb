"""All dealings with other name servers and with who changes zones over DNS.

What comes from planes is looked at in their threads, and handed on at once: copies to threads of
their own, updates to the control loop.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import structlog

from gtm.compile.compiler import Compiled
from gtm.dns import tsig
from gtm.dns.ede import PROHIBITED, ExtendedError, Info
from gtm.dns.message import (
    HEADER,
    TCP_MAXIMUM,
    Placed,
    Query,
    Response,
    build,
    parse,
    udp_limit,
)
from gtm.dns.names import to_text, to_wire
from gtm.dns.responder import asked
from gtm.dns.transport import Transport
from gtm.dns.types import IN, Opcode, Rcode, Type
from gtm.geo.database import fingerprint
from gtm.model import Zone
from gtm.peering import SharedKey, View
from gtm.planes.back import Back, Taken
from gtm.snapshot import Tally
from gtm.transfer.held import Held
from gtm.transfer.keys import KeyRing
from gtm.transfer.messages import serial_of
from gtm.transfer.notify import Notifier
from gtm.transfer.serials import Serials, is_newer
from gtm.transfer.stream import Streams, Wanted
from gtm.transfer.view import chosen, digest
from gtm.updates.desk import Asked, UpdateDesk
from gtm.updates.journal import Journal
from gtm.updates.request import UnreadableError
from gtm.updates.request import parse as parse_update

log = structlog.get_logger("gtm")

QUERY_BITS = 0xF8  # of a header's third octet: QR and the opcode
UPDATE = Opcode.UPDATE << 3
TRANSFER_TYPES = (b"\0\xfc", b"\0\xfb")  # AXFR (RFC 5936), IXFR (RFC 1995)


@dataclass(frozen=True, slots=True)
class Now:
    """What is dealt with now; swapped whole. `zones` are those that are copied or updated."""

    keys: Mapping[bytes, SharedKey] = field(default_factory=dict)
    held: Mapping[bytes, Held] = field(default_factory=dict)
    zones: Mapping[bytes, Zone] = field(default_factory=dict)


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
        self._at = Now()
        self._files: tuple[Zone, ...] = ()
        self._laid: tuple[Zone, ...] = ()
        self._served: tuple[Zone, ...] = ()
        self._serve_anew: Callable[[], Awaitable[None]] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def keys(self) -> Mapping[bytes, SharedKey]:
        """The TSIG keys that are known, by name."""
        return self._at.keys

    async def open(self, serve_anew: Callable[[], Awaitable[None]]) -> None:
        """Takes in what was kept. `serve_anew` compiles and publishes `laid_again()`.

        Raises StartError.
        """
        self._serve_anew = serve_anew
        self._loop = asyncio.get_running_loop()
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
        before = dict(self.serials.served)
        self._laid = tuple(map(self._numbered, laid))
        if self.serials.served != before:
            self._keep_serials()
        return self._laid

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
        self._at = Now(self._ring.keys, held, {to_wire(zone.name): zone for zone in involved})
        for apex, one in held.items():
            soa = compiled.snapshot.zones[apex].names[apex].rrsets[Type.SOA]
            self.notifier.tell(one.zone, one.serial, soa, self._at.keys)

    def _hold(self, apex: bytes, zone: Zone, compiled: Compiled) -> Held:
        data = compiled.snapshot.zones[apex]
        before = self._at.held.get(apex)
        if before is not None and before.serial == zone.serial and before.reloaded(zone, data):
            return before
        return Held(zone, data, compiled.snapshot, compiled.groups)

    async def follow(self, compiled: Compiled) -> bool:
        """Has zones served by another serial whose steered names changed in copies; whether so."""
        if not self._at.held:
            return False
        moved = await asyncio.to_thread(self._moved, compiled)
        if moved:
            await self._publish()
        return moved

    def _moved(self, compiled: Compiled) -> bool:
        moved = changed = False
        for apex, held in self._at.held.items():
            data = compiled.snapshot.zones.get(apex)
            if data is None or held.zone.transfer is None:
                continue
            held.copied()
            view = held.zone.transfer.view
            found = digest(chosen(compiled.snapshot, compiled.groups, data, view))
            before = self.serials.served.get(held.zone.name)
            moved |= before is not None and self.serials.seen(held.zone.name, found)
            changed |= before is not self.serials.served.get(held.zone.name)
        if changed:
            self._keep_serials()
        return moved

    async def _publish(self) -> None:
        assert self._serve_anew is not None  # noqa: S101  # open() has set it
        await self._serve_anew()

    # --- what comes from planes: in their threads ---------------------------------------------

    def take(self, packet: bytes, host: str, transport: Transport, back: Back) -> Taken | None:
        """Deals with a transfer or an update; None: it is neither, or a responder refuses it."""
        if len(packet) < HEADER:
            return None
        kind = packet[2] & QUERY_BITS
        if kind == UPDATE:
            return self._take(packet, host, transport, back, self._update)
        if kind:
            return None
        end = packet.find(b"\0", HEADER) + 1
        if packet[end : end + 2] not in TRANSFER_TYPES:
            return None
        return self._take(packet, host, transport, back, self._transfer)

    def _take(
        self,
        packet: bytes,
        host: str,
        transport: Transport,
        back: Back,
        deal: Callable[[_Come], Taken | None],
    ) -> Taken | None:
        query, at = parse(packet), self._at
        if query is None or query.malformed or query.name is None or query.rrclass != IN:
            return None
        if query.edns is not None and query.edns.version != 0:
            return None
        seal = None
        if query.signature is not None:
            seal = tsig.check(packet, query.signature, at.keys, self._now())
            if seal.error:
                return None
        zone = at.zones.get(query.name.lower())
        if zone is None:
            return None
        return deal(_Come(packet, query, seal, zone, host, transport, back))

    def _transfer(self, come: _Come) -> Taken | None:
        """RFC 5936 section 2.2; IXFR is answered as RFC 1995 sections 2 and 4 allow."""
        transfer, query = come.zone.transfer, come.query
        held = self._at.held.get(query.name.lower() if query.name is not None else b"")
        if transfer is None or held is None:
            return None
        if not transfer.admits(come.host, come.key):
            self.streams.count(come.zone.name, "refused")
            return come.answered(Response(Rcode.REFUSED, error=PROHIBITED), self._now())
        if query.type == Type.IXFR:
            theirs = serial_of(come.packet, query)
            if theirs is None:
                return come.answered(Response(Rcode.FORMERR), self._now())
            if come.transport.udp or not is_newer(held.serial, theirs):
                return come.answered(_current(held), self._now())
        if come.transport not in (Transport.TCP, Transport.TLS):
            return come.answered(_no("zones are copied over TCP and TLS"), self._now())
        if why := self._unsafe(held):
            log.warning("transfer_refused", zone=come.zone.name.rstrip("."), reason=why)
            return come.answered(_no(why), self._now())
        wanted = Wanted(come.zone.name, come.host, query, come.seal, come.back)
        if not self.streams.begin(wanted, held.copied):
            return come.answered(_no("too many copies are under way"), self._now())
        return Taken(come.tally(Rcode.NOERROR))

    def _unsafe(self, held: Held) -> str:
        """Why a copy would not be validated; "" if it would."""
        signed = held.secure
        if signed and held.zone.transfer is not None and held.zone.transfer.view is View.ALL:
            return "a signed zone is copied with when_transferred: fallback alone"
        return ""

    def _update(self, come: _Come) -> Taken | None:
        """RFC 2136 section 3: whose key the zone allows nothing is refused before it is read."""
        zone, key = come.zone, come.key
        if key is None or not any(one.key == key for one in zone.updates):
            self.updates.refuse(zone.name)
            return come.answered(Response(Rcode.REFUSED, error=PROHIBITED), self._now())
        try:
            request = parse_update(come.packet)
        except UnreadableError:
            return come.answered(Response(Rcode.FORMERR), self._now())
        answer = partial(self._answer_update, come)
        wanted = Asked(request, zone.name, key, come.host, answer)
        assert self._loop is not None  # noqa: S101  # nothing is published before open()
        self._loop.call_soon_threadsafe(self.updates.submit, wanted)
        return Taken(come.tally(Rcode.NOERROR))

    def _answer_update(self, come: _Come, rcode: Rcode) -> None:
        error = PROHIBITED if rcode is Rcode.REFUSED else None
        come.back.end(come.answered(Response(rcode, error=error), self._now()).message)


@dataclass(frozen=True, slots=True)
class _Come:
    """A transfer or an update that has come: rightly signed, or (`seal` None) not at all."""

    packet: bytes
    query: Query
    seal: tsig.Seal | None
    zone: Zone
    host: str
    transport: Transport
    back: Back

    @property
    def key(self) -> str | None:
        return None if self.seal is None else self.seal.name

    def tally(self, rcode: Rcode) -> Tally:
        name = "" if self.query.name is None else to_text(self.query.name.lower())
        return Tally(name, "", "", asked(self.query), rcode.name)

    def answered(self, response: Response, now: float) -> Taken:
        limit = udp_limit(self.query) if self.transport.udp else TCP_MAXIMUM
        room = 0 if self.seal is None else self.seal.size
        message = build(self.query, response, limit - room)
        if self.seal is not None:
            message = self.seal.close(message, now)
        return Taken(self.tally(response.rcode), message)


def _no(why: str) -> Response:
    return Response(Rcode.REFUSED, error=ExtendedError(Info.PROHIBITED, why))


def _current(held: Held) -> Response:
    """The SOA alone: there is nothing newer, or it does not fit (RFC 1995 sections 2 and 4)."""
    apex = to_wire(held.zone.name)
    return Response(Rcode.NOERROR, True, (Placed(apex, held.soa),))
