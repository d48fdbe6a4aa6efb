"""Answers over TCP (RFC 7766): kept-open connections, pipelining, and limits on all of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

import structlog

from gtm.dns.conduct import IDLE
from gtm.dns.transport import Transport
from gtm.planes.answering import Answering
from gtm.planes.stats import SocketStats

log = structlog.get_logger("gtm.planes")

CONNECTIONS = 1000  # at once on all sockets; for one more, the longest idle is closed
PER_CLIENT = 100  # at once from one address (RFC 7766 section 6.2.2)
SWEEP = 1.0  # seconds between looks for idle connections
UNSENT = 1 << 16  # octets of answers that wait for a client; with more, nothing is read from it


class Connections:
    """The open connections of all sockets."""

    def __init__(
        self, answering: Answering, clock: Callable[[], float], limit: int = CONNECTIONS
    ) -> None:
        """`clock` is monotonic seconds, `limit` how many connections there may be."""
        self.answering = answering
        self.clock = clock
        self.open: set[Connection] = set()
        self._limit = limit
        self._by_host: Counter[str] = Counter()

    def on(self, stats: SocketStats) -> Callable[[], Connection]:
        """What makes protocols for connections to a socket."""
        return partial(Connection, self, stats)

    def admit(self, connection: Connection, host: str) -> bool:
        """Whether a connection from an address may stay; makes room for it."""
        if self._by_host[host] >= PER_CLIENT:
            connection.stats.dropped["too many connections of one client"] += 1
            return False
        if len(self.open) >= self._limit:
            oldest = min(self.open, key=lambda each: each.last)
            oldest.stats.dropped["too many connections"] += 1
            oldest.abort()
            self.forget(oldest)
        self.open.add(connection)
        self._by_host[host] += 1
        return True

    def forget(self, connection: Connection) -> None:
        """A connection is over."""
        if connection in self.open:
            self.open.discard(connection)
            self._by_host[connection.host] -= 1
            if not self._by_host[connection.host]:
                del self._by_host[connection.host]

    def sweep(self) -> None:
        """Closes the connections that have been idle for too long."""
        oldest = self.clock() - IDLE
        for connection in [found for found in self.open if found.last < oldest]:
            connection.abort()

    def close(self) -> None:
        """Closes all of them."""
        for connection in list(self.open):
            connection.abort()


class Connection(asyncio.Protocol):
    """One client: frames of two length octets and a message, both ways (RFC 1035 4.2.2)."""

    def __init__(self, connections: Connections, stats: SocketStats) -> None:
        """Counts as busy from the start, so that a silent one is closed too."""
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._pending = bytearray()
        self._full = False
        self.stats = stats
        self.host = ""
        self.last = connections.clock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the connection, unless its client has too many."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what create_server gives
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.host = peer[0] if peer else ""
        if not peer or not self._connections.admit(self, self.host):
            transport.abort()
            return
        transport.set_write_buffer_limits(high=UNSENT)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._connections.forget(self)

    def pause_writing(self) -> None:
        """The client does not read: nothing more is read from it either, until it idles out."""
        self._full = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has read: its next queries are answered."""
        self._full = False
        if self._transport is not None:
            self._transport.resume_reading()
        self._answer_pending()

    def data_received(self, data: bytes) -> None:
        """Answers every whole message that has come."""
        self._pending += data
        self._answer_pending()

    def _answer_pending(self) -> None:
        while len(self._pending) >= 2 and not self._full:
            size = int.from_bytes(self._pending[:2], "big")
            if len(self._pending) < 2 + size:
                return
            packet = bytes(self._pending[2 : 2 + size])
            del self._pending[: 2 + size]
            if not self._answer(packet):
                return

    def _answer(self, packet: bytes) -> bool:
        """Answers one message; False if the connection is over."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        begun = self.last = self._connections.clock()
        message = self._connections.answering.answer(
            packet, self.host, self.stats, transport=Transport.TCP
        )
        if message is None:  # nothing that a client of ours would send
            self.abort()
            return False
        transport.write(len(message).to_bytes(2, "big") + message)
        self.stats.observe(self._connections.clock() - begun)
        return True

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()


class Complaints:
    """An event loop's exception handler that logs each kind of trouble once."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._seen: set[str] = set()

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Called by the loop for what no code of ours caught."""
        error = context.get("exception")
        kind = f"{context.get('message')}: {type(error).__name__}"
        if kind not in self._seen:
            self._seen.add(kind)
            log.error("tcp_trouble", what=str(context.get("message")), error=str(error))
