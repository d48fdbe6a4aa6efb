"""Connections of the API over aiohttp: counted, given up on when slow, refused in JSON."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

import structlog
from aiohttp import web

from gtm.api.access.headers import ALWAYS, SERVER
from gtm.api.bounds import (
    HEADERS_WITHIN,
    IDLE,
    LONGEST_FIELD,
    LONGEST_LINE,
    MOST_HEADERS,
    Room,
    client_of,
)
from gtm.api.call import replied
from gtm.api.models import ErrorShape

log = structlog.get_logger("gtm.api")

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Retry-After: 5\r\nConnection: close\r\nContent-Length: 66\r\n\r\n"
    b'{"error": "cannot take another connection: too many are open now"}'
)
STOP = 1.0  # seconds that calls under way have when the server stops


class Connection(web.RequestHandler):
    """One connection; one for which there is no room is told so and closed."""

    __slots__ = ("_client", "_patience", "_room")

    def __init__(self, manager: web.Server, room: Room, headers_within: float) -> None:
        """`manager` knows all connections; the first headers come within so many seconds."""
        loop = asyncio.get_running_loop()
        super().__init__(
            manager,
            loop=loop,
            access_log=cast("Any", None),  # callers are in the audit trail, where it matters
            keepalive_timeout=IDLE,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_FIELD,
            max_headers=MOST_HEADERS,
            auto_decompress=False,  # nobody sends so much that it has to be compressed
            lingering_time=2.0,
        )
        self._room = room
        self._client: str | None = None
        self._patience = loop.call_later(headers_within, self._give_up)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It comes in, if there is room."""
        stream, peer = cast("asyncio.Transport", transport), transport.get_extra_info("peername")
        if peer is None:  # reset already: nobody can tell whose it was
            self._patience.cancel()
            stream.abort()
            return
        client = client_of(peer)
        if not self._room.enter(client):
            self._patience.cancel()
            stream.write(FULL)
            stream.close()
            return
        self._client = client
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """What the client sends."""
        if self._client is not None:
            super().data_received(data)

    def eof_received(self) -> None:
        """The client sends no more."""
        if self._client is not None:
            super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is gone."""
        self._patience.cancel()
        if self._client is not None:
            self._room.leave(self._client)
            self._client = None
            super().connection_lost(exc)

    def heard(self) -> None:
        """A request's headers are here."""
        self._patience.cancel()

    def _give_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is not HTTP, or too much of it, is refused in JSON and is nothing for the log."""
        if not 400 <= status < 500:
            return super().handle_error(request, status, exc, message)
        first = (message or "it is not HTTP").strip().splitlines()[0]
        words = first.partition(": bytearray")[0].rstrip(":")[:200]
        found = replied(ErrorShape(error=f"cannot read the request: {words}"), status)
        found.headers.update({**ALWAYS, "Server": SERVER})  # no application sees it, to add them
        found.force_close()
        return found


class Runner(web.AppRunner):
    """Serves an application on connections that are bounded; sites are started on it as ever."""

    def __init__(
        self, app: web.Application, room: Room, headers_within: float = HEADERS_WITHIN
    ) -> None:
        """All sites of a runner share its room."""
        super().__init__(app, access_log=None, shutdown_timeout=STOP)
        self._room = room
        self._headers_within = headers_within

    @property
    def server(self) -> web.Server | None:
        """What sites make connections with."""
        inner = super().server
        if inner is None:
            return None
        made = partial(Connection, inner, self._room, self._headers_within)
        return cast("web.Server", made)  # sites only call it
