"""Connections over loopback: bounded, given up on when slow, refused in JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gtm.api.bounds import Room
from gtm.api.connection import FULL, Runner
from gtm.api.dispatch import errors

Ask = Callable[[bytes], Awaitable[bytes]]


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


@asynccontextmanager
async def serving(room: Room, headers_within: float = 30.0) -> AsyncIterator[int]:
    """The port of a server."""
    app = web.Application(middlewares=[errors])
    app.router.add_get("/hello", hello)
    runner = Runner(app, room, headers_within)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield int(site.port)
    await runner.cleanup()


async def asked(port: int, octets: bytes) -> tuple[int, bytes]:
    """Status and body of what is answered until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    whole = await reader.read()
    writer.close()
    head, _, body = whole.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


HELLO = b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def test_a_connection_counts_while_it_is_open() -> None:
    room = Room()
    async with serving(room) as port:
        assert await asked(port, HELLO) == (200, b"hello")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO.replace(b"close", b"keep-alive"))
        await reader.readuntil(b"hello")
        assert room.connections == 1
        writer.close()
    assert room.connections == 0


async def test_one_too_many_is_told_so_in_json_and_counts_for_nothing() -> None:
    room = Room(most=0)
    async with serving(room) as port:
        status, body = await asked(port, b"")
        assert status == 503
        assert json.loads(body) == {
            "error": "cannot take another connection: too many are open now"
        }
    assert (room.connections, room.refused) == (0, 1)
    head, _, said = FULL.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(said)}".encode() in head


async def test_one_that_never_says_what_it_wants_is_cut_off() -> None:
    room = Room()
    async with serving(room, headers_within=0.01) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /hello HTTP/1.1\r\nHost: ")
        assert await reader.read() == b""
        writer.close()
    assert room.connections == 0


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", "cannot read the request: "),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", "Got more than 8190 bytes"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 9000 + b"\r\n\r\n", "more than 8190 bytes"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 99 + b"\r\n", "headers"),
    ],
)
async def test_what_is_not_a_request_is_refused_in_json(octets: bytes, words: str) -> None:
    async with serving(Room()) as port:
        status, body = await asked(port, octets)
    assert status == 400
    assert words in json.loads(body)["error"]


async def test_unknown_paths_and_methods_are_refused_in_json() -> None:
    async with serving(Room()) as port:
        status, body = await asked(port, HELLO.replace(b"/hello", b"/nowhere"))
        assert (status, json.loads(body)["error"]) == (
            404,
            "cannot find /nowhere: the API's calls are listed at /openapi.json",
        )
        status, body = await asked(port, HELLO.replace(b"GET", b"PUT"))
        assert (status, json.loads(body)["error"]) == (405, "cannot PUT /hello: use GET, HEAD")


async def test_what_is_not_http_is_not_told_what_the_server_is_made_with() -> None:
    async with serving(Room()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"nonsense\r\n\r\n")
        head = (await reader.read()).partition(b"\r\n\r\n")[0]
        writer.close()
    assert b"Server: gtm" in head
    assert b"aiohttp" not in head
    assert b"nosniff" in head
