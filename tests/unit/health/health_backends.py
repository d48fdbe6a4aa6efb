"""Little servers on loopback that behave or misbehave, and the targets that stand for them."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from gtm.checks import Check, Contains, Http, Judgement, Probe, Schedule, Target, Tcp, Tls
from gtm.health.dial import Dial

ADDRESS = "192.0.2.10"
"""The documentation address that every target has; `to(port)` leads it to loopback."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def target(kind: str = "http", **fields: Any) -> Target:
    """A target at `ADDRESS`, port 80 or 443, timeout 2 s; `fields` go where they fit."""
    check = {key: fields.pop(key) for key in ("name", "port", "load") if key in fields}
    of_target = {key: fields.pop(key) for key in ("address", "server_name") if key in fields}
    times = {"timeout": 2.0}
    times |= {key: fields.pop(key) for key in TIMES if key in fields}
    rules = {key: fields.pop(key) for key in RULES if key in fields}
    made = Check(
        probe=probe_of(kind, **fields),
        schedule=Schedule(**times),
        judgement=Judgement(**rules),
        **{"name": "api", "port": 443 if kind == "https" else 80, **check},
    )
    return Target(made, **{"address": ADDRESS, **of_target})


TIMES = tuple(each.name for each in dataclasses.fields(Schedule))
RULES = tuple(each.name for each in dataclasses.fields(Judgement))


def probe_of(kind: str, **fields: Any) -> Probe:
    """`http`, `https` or `tcp`; `body` is a text, others belong to the probe or its TLS."""
    if kind == "tcp":
        return Tcp(**fields)
    in_tls = {key: fields.pop(key) for key in ("verify", "authorities") if key in fields}
    if "body" in fields:
        fields["body"] = (Contains(fields["body"]),)
    return Http(Tls(**in_tls) if kind == "https" else None, **fields)


def altered(check: Check, **fields: Any) -> Check:
    """The check with other times, judgement or settings of its own; `fields` go where they fit."""
    times = {key: fields.pop(key) for key in TIMES if key in fields}
    rules = {key: fields.pop(key) for key in RULES if key in fields}
    return dataclasses.replace(
        check,
        schedule=dataclasses.replace(check.schedule, **times),
        judgement=dataclasses.replace(check.judgement, **rules),
        **fields,
    )


def to(port: int, host: str = "127.0.0.1") -> Dial:
    """Leads every target to one port on loopback."""
    return lambda _address, _port: (host, port)


@asynccontextmanager
async def serving(
    handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """A TCP (or TLS) server whose connections the handler serves; gives its port.

    Accepts by itself, since an asyncio.Server tells neither on every Python which connections it
    has, nor when those whose handshake failed are closed. None is left open at the end.
    """
    connections: dict[asyncio.Task[None], socket.socket] = {}

    def accept(listening: socket.socket) -> None:
        with suppress(BlockingIOError):
            connection, _ = listening.accept()
            connection.setblocking(False)
            connections[asyncio.create_task(_serve(connection, handler, tls))] = connection

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family, backlog=100) as listening:
        listening.setblocking(False)
        loop = asyncio.get_running_loop()
        loop.add_reader(listening, accept, listening)
        try:
            yield listening.getsockname()[1]
        finally:
            loop.remove_reader(listening)
            await _close(connections)


async def _serve(connection: socket.socket, handler: Handler, tls: ssl.SSLContext | None) -> None:
    """Hand a connection to the handler, then close it."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=tls)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            await handler(reader, writer)
            writer.close()
            await writer.wait_closed()
        finally:
            transport.abort()


async def _close(connections: dict[asyncio.Task[None], socket.socket]) -> None:
    """Break off what is still served, and wait until every socket is closed."""
    await asyncio.sleep(0)  # a task that never began could not close its socket
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections)
    async with asyncio.timeout(1):
        for connection in connections.values():
            while connection.fileno() >= 0:  # noqa: ASYNC110  # a socket tells nobody of its end
                await asyncio.sleep(0)


@contextmanager
def out_of_files() -> Iterator[None]:
    """As if this process had as many files open as it may."""
    lowest_free = os.dup(0)
    os.close(lowest_free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def saying(answer: bytes) -> Handler:
    """Reads the head of a request, answers these bytes and closes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return handler


def status(code: int, body: bytes = b"") -> bytes:
    """A whole HTTP answer."""
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n%s" % (code, len(body), body)


def pouring(start: bytes, piece: bytes, pause: float = 0.0) -> Handler:
    """Answers `start` and then the piece for ever, with a pause between."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return handler


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, reads, and never answers."""
    while await reader.read(1024):
        pass
