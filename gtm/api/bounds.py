"""How much of the server the API may take: connections, octets, seconds, work at once.

Answers of DNS come from other threads; what is bounded here keeps the control loop and the memory
of the process free, whoever calls. How often one caller may call is bounded by `access`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address

# Connections over TCP, and of one client among them (an IPv6 /64 is one). Browsers keep six, and
# programs one or two. Loopback has no share of its own: it is often a proxy in front of many.
MOST_CONNECTIONS = 256
MOST_OF_ONE = 32
MOST_UNIX = 128  # over Unix sockets, counted apart: a flood over TCP leaves the operator's way in

LONGEST_LINE = 8190  # octets of the request line: a name has 255, and globs are longer at times
LONGEST_FIELD = 8190  # octets of a header
MOST_HEADERS = 64

HEADERS_WITHIN = 10.0  # seconds from the connection to the end of its first request's headers
IDLE = 60.0  # seconds that a connection may lie unused, and all headers of its next request take
BODY_WITHIN = 30.0  # seconds for a body: two megabytes over a poor line
TAKEN_WITHIN = 60.0  # seconds that a client may take to read an answer, or a piece of a long one

MOST_HEAVY = 1  # what-if questions at once: each has a worker thread for seconds
MOST_WAITING = 4  # for their turn; the next are told to come back
MOST_HEAVY_OF_ONE = 2  # of these, of one caller: nobody keeps others out
HEAVY_RETRY = 5  # seconds

UNIX = "unix"


def client_of(peer: object) -> str:
    """Whose connection it is: an address, an IPv6 network, or that it came by Unix socket."""
    if not isinstance(peer, tuple) or not peer:
        return UNIX
    try:
        address = ip_address(str(peer[0]).partition("%")[0])
    except ValueError:
        return str(peer[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if not address.is_loopback:
            return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


class Room:
    """Counts connections, and says when one more is too much."""

    def __init__(
        self, most: int = MOST_CONNECTIONS, of_one: int = MOST_OF_ONE, unix: int = MOST_UNIX
    ) -> None:
        """With nobody in it."""
        self._most, self._of_one, self._unix = most, of_one, unix
        self._held: Counter[str] = Counter()
        self.refused = 0

    @property
    def connections(self) -> int:
        """Those that are open."""
        return self._held.total()

    def enter(self, client: str) -> bool:
        """Whether one more may come; it is counted then."""
        if not self._fits(client):
            self.refused += 1
            return False
        self._held[client] += 1
        return True

    def leave(self, client: str) -> None:
        """One that entered is gone."""
        self._held[client] -= 1
        if not self._held[client]:
            del self._held[client]

    def _fits(self, client: str) -> bool:
        if client == UNIX:
            return self._held[UNIX] < self._unix
        if self._held.total() - self._held[UNIX] >= self._most:
            return False
        return _is_loopback(client) or self._held[client] < self._of_one


def _is_loopback(client: str) -> bool:
    return client == "::1" or client.startswith("127.")


class Busy(Exception):  # noqa: N818  # it is no error of anybody's
    """Too many wait already."""


class Lane:
    """Lets a few calls that are much work run at once, and some wait for them."""

    def __init__(self, most: int = MOST_HEAVY, waiting: int = MOST_WAITING) -> None:
        """`most` run, `waiting` wait."""
        self._turn = asyncio.Semaphore(most)
        self._room = most + waiting
        self._inside: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """While it is held, the call runs. Raises Busy, also where one caller has its share."""
        if self._inside.total() >= self._room or self._inside[caller] >= MOST_HEAVY_OF_ONE:
            raise Busy
        self._inside[caller] += 1
        try:
            async with self._turn:
                yield
        finally:
            self._inside[caller] -= 1
            if not self._inside[caller]:
                del self._inside[caller]
