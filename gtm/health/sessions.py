"""The HTTP sessions that probes share: one for each way of connecting."""

from __future__ import annotations

import socket

import aiohttp

from gtm.health.aim import Aim
from gtm.health.exchange import Answer
from gtm.health.timing import open_socket, traces

# One line of the head of an answer: what nginx and Apache allow a client's by default.
HEADER_LINE_LIMIT = 8190

# Seconds for which a connection of a check with `keep_alive` is kept between two probes.
KEPT = 120.0

Way = tuple[str | None, int, bool]  # source address, address family, keep-alive


class Sessions:
    """Opens a session when it is first needed. Lives in one event loop."""

    def __init__(self) -> None:
        """Opens nothing."""
        self._open: dict[Way, aiohttp.ClientSession] = {}

    def session(self, aim: Aim, *, keep_alive: bool) -> aiohttp.ClientSession:
        """The one for probes from the aim's source, over its address family."""
        source = None if aim.source is None else str(aim.source)
        way = (source, aim.address_family(), keep_alive)
        if way not in self._open:
            self._open[way] = open_session(*way)
        return self._open[way]

    async def close(self) -> None:
        """Close all of them. No probe may be running."""
        while self._open:
            _, session = self._open.popitem()
            await session.close()


def open_session(
    source: str | None = None, family: int = socket.AF_UNSPEC, keep_alive: bool = False
) -> aiohttp.ClientSession:
    """A session for probes. Needs a running event loop.

    The number of connections is bounded by the scheduler, not here, so that no probe's time is
    spent in a queue. Unless `keep_alive`, every probe is a connection of its own: a kept one would
    hide that new clients are refused.
    """
    connector = aiohttp.TCPConnector(
        limit=0,
        force_close=not keep_alive,
        keepalive_timeout=KEPT if keep_alive else None,
        use_dns_cache=False,
        resolver=aiohttp.ThreadedResolver(),
        socket_factory=open_socket,
        family=socket.AddressFamily(family),
        local_addr=None if source is None else (source, 0),
    )
    return aiohttp.ClientSession(
        connector=connector,
        response_class=Answer,
        trace_configs=[traces()],
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
        auto_decompress=False,
        max_line_size=HEADER_LINE_LIMIT,
        max_field_size=HEADER_LINE_LIMIT,
    )
