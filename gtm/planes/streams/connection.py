"""One connection: from octets off the wire, through PROXY header and TLS, to what is spoken inside.

Inside is a *session*: DNS messages in frames, or HTTP. It gets plain octets, and sends them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from gtm.dns.transport import Transport
from gtm.planes import proxy
from gtm.planes.back import Back
from gtm.planes.limits import GREETING, UNSENT
from gtm.planes.stats import SocketStats
from gtm.planes.streams.tls import TlsLayer

if TYPE_CHECKING:
    from gtm.planes.streams.connections import Connections

TLS_HANDSHAKE = 0x16  # the first octet of a ClientHello (RFC 8446 section 5.1)
Answer = bytes | Iterator[bytes] | None


class Answers(Protocol):
    """What answers messages: with one, with several (a transfer), or with None, silence."""

    def answer(
        self,
        packet: bytes,
        host: str,
        stats: SocketStats,
        *,
        transport: Transport,
        back: Back | None = None,
    ) -> Answer:
        """The answer to a packet of an address."""


class Session(Protocol):
    """What is spoken inside a connection."""

    def received(self, data: bytes) -> None:
        """Octets have come."""

    def resume(self) -> None:
        """The client has read what it had to: there is room again."""

    def farewell(self) -> None:
        """The connection is about to be closed: the last words, if there are any."""


@dataclass(frozen=True, slots=True)
class Door:
    """What is behind a listening socket; `context` gives what TLS is spoken with now."""

    stats: SocketStats
    transport: Transport
    session: Callable[[Connection], Session]
    context: Callable[[], ssl.SSLContext] | None = None


class Connection(asyncio.BufferedProtocol):
    """One client's. Counts as busy from the start, so that a silent one is closed too."""

    def __init__(self, connections: Connections, door: Door) -> None:
        """Nothing has come yet."""
        self._connections = connections
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._tls: TlsLayer | None = None
        self._header: bytearray | None = None  # of PROXY, while it is awaited
        self._greeting = 0  # octets that came before the session began
        self.stats = door.stats
        self._reading = True
        self.full = False
        self.room = asyncio.Event()  # set while it is not full
        self.room.set()
        self.ending = False  # in good order, which takes a client that reads
        self.host = ""
        self.counted = ""  # whom it is counted for
        self.last = self.since = connections.clock()

    # --- what the event loop says -----------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the connection, unless its client has too many."""
        self._transport = cast("asyncio.Transport", transport)  # what create_server gives
        peer = transport.get_extra_info("peername")
        if not peer:
            self._transport.abort()
            return
        self.host = peer[0]
        self._transport.set_write_buffer_limits(high=UNSENT)
        self._connections.admit(self)
        if self._connections.is_balancer(self.host):
            self._header = bytearray()
        elif self._connections.attribute(self, self.host) and self._door.context is None:
            self._connections.greeted(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._connections.forget(self)
        self.room.set()
        self._session = None

    def pause_writing(self) -> None:
        """The client does not read: nothing more is read from it either, until it idles out."""
        self.full = True
        self.room.clear()
        self.pause()

    def resume_writing(self) -> None:
        """The client has read: its next queries are answered."""
        self.full = False
        self.room.set()
        self.proceed()
        if self._session is not None:
            self._session.resume()

    def get_buffer(self, sizehint: int) -> memoryview:
        """One for all: what is read into it is taken out at once."""
        return self._connections.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Octets have come."""
        data = bytes(self._connections.buffer[:nbytes])
        try:
            self._received(data)
        except proxy.Malformed:
            self._drop(proxy.BAD_HEADER)
        except ssl.SSLError:
            if self._tls is not None and self._transport is not None:
                self._transport.write(self._tls.outgoing())  # the alert that says why
            self._drop("TLS failed")

    # --- inwards ----------------------------------------------------------------------------

    def _received(self, data: bytes) -> None:
        if self._session is None:
            self._greeting += len(data)
            if self._greeting > GREETING:
                self._drop("TLS failed")
                return
        if self._door.context is None:
            self._inside(data)
        elif self._tls is None and self._begins_outside(data):
            rest = self._introduced(data)
            if rest:
                self._decrypt(rest)
        else:
            self._decrypt(data)

    def _begins_outside(self, data: bytes) -> bool:
        """Whether the PROXY header comes before TLS; some balancers send it inside."""
        return self._header is not None and (self._header or data)[0] != TLS_HANDSHAKE

    def _decrypt(self, data: bytes) -> None:
        if self._tls is None:
            assert self._door.context is not None  # noqa: S101  # it was asked before
            self._tls = TlsLayer(self._door.context())
        plain = self._tls.receive(data)
        if self._transport is not None and (back := self._tls.outgoing()):
            self._transport.write(back)
        if self._tls.ready and self._header is None and self._session is None:
            self._connections.greeted(self)
        if plain:
            self._inside(plain)
        if self._tls is not None and self._tls.ended:
            self.end()

    def _inside(self, data: bytes) -> None:
        if self._header is not None:
            rest = self._introduced(data)
            if not rest:
                return
            data = rest
        if self._session is None:
            if self._closing():
                return
            self._session = self._door.session(self)
        self._session.received(data)

    def _introduced(self, data: bytes) -> bytes | None:
        """What comes behind the PROXY header, if it is whole. Raises proxy.Malformed."""
        assert self._header is not None  # noqa: S101  # it was asked before
        self._header += data
        header = proxy.read(bytes(self._header[: proxy.FIXED + proxy.MOST]))
        if header is None:
            return None
        rest = bytes(self._header[header.size :])
        self._header = None
        if header.client is None:
            self.counted = ""  # the balancer's own: those that it brings are bounded together
        elif self._connections.attribute(self, header.client):
            self.host = header.client
        else:
            return None
        if self._door.context is None or self._tls is not None:
            self._connections.greeted(self)
        return rest

    # --- outwards ---------------------------------------------------------------------------

    @property
    def protocol(self) -> str | None:
        """What client and server agreed on by ALPN (RFC 7301)."""
        return None if self._tls is None else self._tls.protocol

    def answer(self, packet: bytes, back: Back | None = None) -> Answer:
        """The answer to a message of the client; with a way back it may be LATER."""
        self.last = self._connections.clock()
        answering, transport = self._connections.answering, self._door.transport
        return answering.answer(packet, self.host, self.stats, transport=transport, back=back)

    def observe(self) -> None:
        """The answer asked for last is made."""
        self.last, begun = self._connections.clock(), self.last
        self.stats.observe(self.last - begun)

    def touch(self) -> None:
        """The connection is not idle."""
        self.last = self._connections.clock()

    def send(self, data: bytes) -> None:
        """Sends plain octets; afterwards it may be `full`."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._tls is not None:
            data = self._tls.send(data)
        self._transport.write(data)

    def soon(self, call: Callable[[], None]) -> None:
        """Has something done after the others had their turn."""
        asyncio.get_running_loop().call_soon(call)

    def pause(self) -> None:
        """Nothing is read from the client until `proceed`."""
        if self._transport is not None and self._reading and not self._closing():
            self._reading = False
            self._transport.pause_reading()

    def proceed(self) -> None:
        """Reads on, unless the client has to read first."""
        if self._transport is None or self._reading or self.full or self._closing():
            return
        self._reading = True
        self._transport.resume_reading()

    def end(self) -> None:
        """Ends the connection in good order: what was sent arrives, if the client reads."""
        if self._closing() or self._transport is None:
            return
        if self._session is not None:
            self._session.farewell()
        if self._tls is not None:
            self._transport.write(self._tls.close())
        self.ending = True
        self._transport.close()

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def over(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._closing()

    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _drop(self, why: str) -> None:
        self.stats.dropped[why] += 1
        if self._transport is not None:
            self._transport.close()
            if self._transport.get_write_buffer_size():
                self._transport.abort()
