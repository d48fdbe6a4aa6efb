"""Real queries over UDP, as clients elsewhere: with their subnet, each from a port of its own.

Against a server on IPv4's loopback each client has an address of its own too (all of 127.0.0.0/8
is there), so that lots, which are drawn by the asker's address, fall differently for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address, ip_network

import dns.edns
import dns.message

from gtm.errors import ServerError

PATIENCE = 1.0  # seconds for an answer before it is asked for once more, as resolvers do
TRIES = 2
PAYLOAD = 1232  # octets: what resolvers announce (dnsflagday.net/2020)
LOOPBACK = ip_network("127.0.0.0/8")
FIRST_SOURCE = int(IPv4Address("127.8.0.1"))  # others have little use for it


def question(name: str, rrtype: str, network: str) -> bytes:
    """A query with that client subnet (RFC 7871), its number 0."""
    address, _, length = network.partition("/")
    subnet = dns.edns.ECSOption(address, int(length))
    query = dns.message.make_query(name, rrtype, payload=PAYLOAD, options=[subnet])
    query.flags = 0  # recursion is not wanted: this asks an authority
    query.id = 0
    return query.to_wire()


@dataclass(slots=True)
class _Socket(asyncio.DatagramProtocol):
    """One client's port: answers go to whoever waits for their number."""

    waiting: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)
    transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Hands an answer on; what nobody waits for is late, and dropped."""
        waiter = self.waiting.pop(int.from_bytes(data[:2], "big"), None)
        if waiter is not None and not waiter.done():
            waiter.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """A port that is closed: the wait runs out."""


class Asker:
    """Clients, by their place in a list, who ask one server."""

    def __init__(self, sockets: Sequence[_Socket]) -> None:
        """See `asking`."""
        self._sockets = sockets

    async def ask(self, client: int, query: bytes) -> bytes | None:
        """The answer's octets; None if none came in PATIENCE, twice."""
        there = self._sockets[client % len(self._sockets)]
        for _ in range(TRIES):
            with contextlib.suppress(TimeoutError):
                return await self._once(there, query)
        return None

    async def _once(self, there: _Socket, query: bytes) -> bytes:
        number = random.randrange(1 << 16)
        while number in there.waiting:
            number = random.randrange(1 << 16)
        waiter = asyncio.get_running_loop().create_future()
        there.waiting[number] = waiter
        try:
            async with asyncio.timeout(PATIENCE):
                assert there.transport is not None  # noqa: S101  # it was opened with one
                there.transport.sendto(number.to_bytes(2, "big") + query[2:])
                answer: bytes = await waiter
                return answer
        finally:
            there.waiting.pop(number, None)


@contextlib.asynccontextmanager
async def asking(address: str, port: int, clients: int) -> AsyncIterator[Asker]:
    """So many clients of the server, until the end of the block. Raises ServerError."""
    sockets: list[_Socket] = []
    try:
        await _open_all(sockets, address, port, clients)
        yield Asker(sockets)
    finally:
        for one in sockets:
            if one.transport is not None:
                one.transport.close()


async def _open_all(sockets: list[_Socket], address: str, port: int, clients: int) -> None:
    try:
        while len(sockets) < clients:
            sockets.append(await _open(address, port, len(sockets)))
    except OSError as error:
        raise ServerError(
            f"cannot ask {address} port {port}: {error.strerror or error}; "
            "say where DNS is answered with --server ADDR:PORT"
        ) from error


async def _open(address: str, port: int, number: int) -> _Socket:
    here = None
    if ip_address(address) in LOOPBACK:
        here = (str(IPv4Address(FIRST_SOURCE + number)), 0)
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        _Socket, local_addr=here, remote_addr=(address, port)
    )
    protocol.transport = transport
    return protocol
