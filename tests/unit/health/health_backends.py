"""Little servers on loopback that behave or misbehave, and the targets that stand for them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from gtm.health.dial import Dial
from gtm.model import Check, CheckType, Target

ADDRESS = "192.0.2.10"
"""The documentation address that every target has; `to(port)` leads it to loopback."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def target(kind: CheckType = CheckType.HTTP, **fields: Any) -> Target:
    """A target at `ADDRESS`, port 80 or 443, timeout 2 s; `fields` go where they fit."""
    check = Check(name="api", type=kind, port=443 if kind is CheckType.HTTPS else 80, timeout=2.0)
    of_target = {key: fields.pop(key) for key in ("address", "server_name") if key in fields}
    return replace(Target(replace(check, **fields), ADDRESS), **of_target)


def to(port: int, host: str = "127.0.0.1") -> Dial:
    """Leads every target to one port on loopback."""
    return lambda _address, _port: (host, port)


@asynccontextmanager
async def serving(
    handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """A TCP (or TLS) server whose connections the handler serves; gives its port."""

    serving_now: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving_now.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.close()
        serving_now.discard(task)

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in serving_now:
            task.cancel()
        await asyncio.gather(*serving_now)


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
