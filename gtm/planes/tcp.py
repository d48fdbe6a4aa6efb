"""Answers over TCP (RFC 7766): kept-open connections, pipelining, and limits on all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gtm.planes.answering import Answering
from gtm.planes.stats import SocketStats

CONNECTIONS = 1000  # at once on one socket; beyond it new ones are closed
IDLE = 10.0  # seconds without a query until the server closes (RFC 7766 section 6.2.3)
SWEEP = 1.0  # seconds between looks for idle connections
UNSENT = 1 << 18  # octets a client may leave unread before it is cut off


class Connections:
    """The open connections of one socket."""

    def __init__(
        self, answering: Answering, stats: SocketStats, clock: Callable[[], float]
    ) -> None:
        """`clock` is monotonic seconds."""
        self.answering = answering
        self.stats = stats
        self.clock = clock
        self.open: set[Connection] = set()

    def accept(self) -> Connection:
        """A protocol for a new connection."""
        return Connection(self)

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

    def __init__(self, connections: Connections) -> None:
        """Counts as busy from the start, so that a silent one is closed too."""
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._pending = bytearray()
        self._host = ""
        self.last = connections.clock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the connection, unless there are too many."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what create_server gives
        self._transport = transport
        peer = transport.get_extra_info("peername")
        if len(self._connections.open) >= CONNECTIONS or not peer:
            self._connections.stats.dropped["too many connections"] += 1
            transport.abort()
            return
        self._host = peer[0]
        self._connections.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._connections.open.discard(self)

    def data_received(self, data: bytes) -> None:
        """Answers every whole message that has come."""
        self._pending += data
        while len(self._pending) >= 2:
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
        stats = self._connections.stats
        begun = self.last = self._connections.clock()
        message = self._connections.answering.answer(packet, self._host, stats, udp=False)
        if message is None:  # nothing that a client of ours would send
            self.abort()
            return False
        transport.write(len(message).to_bytes(2, "big") + message)
        stats.observe(self._connections.clock() - begun)
        if transport.get_write_buffer_size() > UNSENT:
            stats.dropped["slow reader"] += 1
            self.abort()
            return False
        return True

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()
