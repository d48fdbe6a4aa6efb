"""What comes from planes: transfers and updates, looked at in the planes' threads.

Nothing here takes long: copies are sent by threads of their own, updates go to the control loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

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
from gtm.dns.names import to_wire
from gtm.dns.transport import Transport
from gtm.dns.types import IN, Opcode, Rcode, Type
from gtm.model import Zone
from gtm.peering import SharedKey, View
from gtm.planes.back import Back, Taken
from gtm.transfer.held import Held
from gtm.transfer.messages import serial_of
from gtm.transfer.serials import is_newer
from gtm.transfer.stream import Streams, Wanted
from gtm.updates.desk import Asked, UpdateDesk
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


class Reception:
    """Answers other name servers, and who changes zones; planes ask it first.

    `at` is what it goes by; the control loop swaps it whole.
    """

    def __init__(self, streams: Streams, updates: UpdateDesk, now: Callable[[], float]) -> None:
        """`now` is Unix time. Nothing is dealt with until there is something in `at`."""
        self.at = Now()
        self.loop: asyncio.AbstractEventLoop | None = None  # where updates are dealt with
        self._streams = streams
        self._updates = updates
        self._now = now

    def take(
        self, packet: bytes, host: str, transport: Transport, back: Back, *, signed: bool = False
    ) -> Taken | None:
        """Deals with a transfer or an update; None: it is neither, or a responder refuses it.

        With `signed` it deals with none that is not signed with a key of ours.
        """
        if len(packet) < HEADER:
            return None
        kind = packet[2] & QUERY_BITS
        if kind == UPDATE:
            return self._take(packet, host, transport, back, self._update, signed)
        if kind:
            return None
        end = packet.find(b"\0", HEADER) + 1
        if packet[end : end + 2] not in TRANSFER_TYPES:
            return None
        return self._take(packet, host, transport, back, self._transfer, signed)

    def _take(
        self,
        packet: bytes,
        host: str,
        transport: Transport,
        back: Back,
        deal: Callable[[_Come], Taken | None],
        signed: bool,
    ) -> Taken | None:
        query, at = parse(packet), self.at
        if query is None or query.malformed or query.name is None or query.rrclass != IN:
            return None
        if query.edns is not None and (query.edns.version != 0 or query.edns.bad):
            return None
        seal = None
        if query.signature is not None:
            seal = tsig.check(packet, query.signature, at.keys, self._now())
            if seal.error:
                return None
        zone = at.zones.get(query.name.lower())
        if zone is None or (signed and seal is None):
            return None
        return deal(_Come(packet, query, seal, zone, host, transport, back))

    def _transfer(self, come: _Come) -> Taken | None:
        """RFC 5936 section 2.2; IXFR is answered as RFC 1995 sections 2 and 4 allow."""
        transfer, query = come.zone.transfer, come.query
        held = self.at.held.get(query.name.lower() if query.name is not None else b"")
        if transfer is None or held is None:
            return None
        if not transfer.admits(come.host, come.key):
            self._streams.count(come.zone.name, "refused")
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
        if not self._streams.begin(wanted, held.copied):
            return come.answered(_no("too many copies are under way"), self._now())
        return come.later()

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
            self._updates.refuse(zone.name)
            return come.answered(Response(Rcode.REFUSED, error=PROHIBITED), self._now())
        try:
            request = parse_update(come.packet)
        except UnreadableError:
            return come.answered(Response(Rcode.FORMERR), self._now())
        answer = partial(self._answer_update, come)
        wanted = Asked(request, zone.name, key, come.host, answer)
        assert self.loop is not None  # noqa: S101  # nothing is published before open()
        self.loop.call_soon_threadsafe(self._updates.submit, wanted)
        return come.later()

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

    def answered(self, response: Response, now: float) -> Taken:
        limit = udp_limit(self.query) if self.transport.udp else TCP_MAXIMUM
        room = 0 if self.seal is None else self.seal.size
        message = build(self.query, response, limit - room)
        if self.seal is not None:
            message = self.seal.close(message, now)
        return Taken(message, self.seal is not None)

    def later(self) -> Taken:
        return Taken(known=self.seal is not None)


def _no(why: str) -> Response:
    return Response(Rcode.REFUSED, error=ExtendedError(Info.PROHIBITED, why))


def _current(held: Held) -> Response:
    """The SOA alone: there is nothing newer, or it does not fit (RFC 1995 sections 2 and 4)."""
    apex = to_wire(held.zone.name)
    return Response(Rcode.NOERROR, True, (Placed(apex, held.soa),))
