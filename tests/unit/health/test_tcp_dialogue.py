"""What the tcp probe says of what it hears, and of servers that misbehave while it listens."""

from __future__ import annotations

import asyncio
import socket
import struct
import tracemalloc
from ipaddress import ip_address

import pytest

from gtm.checks import Tcp
from gtm.health import tcp
from gtm.health.measure import Finding, Progress
from gtm.health.outcome import Outcome
from gtm.health.tls import Contexts
from tests.unit.health.health_backends import Handler, serving, silence
from tests.unit.health.probing import aim, measured

AT = "192.0.2.10:7000"
PING = Tcp(send=b"PING\r\n", expect=b"+PONG")


async def asked(handler: Handler, what: Tcp, patience: float = 2.0) -> Outcome:
    async with serving(handler) as port:

        async def attempt(progress: Progress) -> Finding:
            return await tcp.ask(what, aim(port), progress, Contexts())

        return await measured(attempt, patience)


def talking(*pieces: bytes, pause: float = 0.0) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        await reader.read()

    return handler


async def test_what_is_sent_is_answered() -> None:
    heard = bytearray()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readexactly(6))
        writer.write(b"+PONG\r\n")
        await reader.read()

    outcome = await asked(handler, PING)
    assert outcome.ok
    assert outcome.reason == f'"+PONG" from {AT} after less than 1 ms'
    assert heard == b"PING\r\n"


async def test_an_answer_in_pieces_is_put_together() -> None:
    assert (await asked(talking(b"220-hello\r\n2", b"2", b"0 ready"), Tcp(expect=b"220 r"))).ok


async def test_a_wrong_answer_fails_when_no_more_comes() -> None:
    outcome = await asked(talking(b"-LOADING\r\n"), PING, patience=0.2)
    assert not outcome.ok
    assert outcome.reason == f'"+PONG" not among the 10 octets that came from {AT} within 200 ms'


async def test_silence_fails_when_time_is_up() -> None:
    outcome = await asked(silence, PING, patience=0.2)
    assert outcome.reason == f"connected to {AT}, but not a word from it within 200 ms"


async def test_a_byte_at_a_time_fails_when_time_is_up() -> None:
    outcome = await asked(talking(*[b"x"] * 100, pause=0.05), PING, patience=0.2)
    assert not outcome.ok
    assert "not among the " in outcome.reason
    assert outcome.reason.endswith("within 200 ms")


async def test_a_server_that_hangs_up_is_a_failure() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(6)

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+PO")
        writer.write_eof()  # half-closed: it still listens
        await reader.read()

    outcome = await asked(hang_up, PING)
    assert outcome.reason.startswith(f"connection to {AT} closed without a word after ")
    outcome = await asked(half, PING)
    assert outcome.reason.startswith(f'connection to {AT} closed after 3 octets without "+PONG" ')


async def test_a_reset_is_a_failure() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(6)
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    outcome = await asked(reset, PING)
    assert outcome.reason == f"connection to {AT} reset by the other side"


async def test_an_endless_answer_is_read_to_the_limit_only() -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    tracemalloc.start()
    try:
        outcome = await asked(pour, PING)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert outcome.reason.startswith(f'"+PONG" not in the first 64 KiB from {AT} after ')
    assert peak < 16 << 20


async def test_a_server_that_takes_nothing_holds_nobody_up() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # typeshed's is too wide
        await asyncio.sleep(60)

    outcome = await asked(deaf, Tcp(send=b"x" * (32 << 20)), patience=0.3)
    assert outcome.reason == f"what was sent to {AT} was not taken within 300 ms"


@pytest.mark.parametrize("probes", [Tcp(), PING])
async def test_a_name_that_resolves_to_nothing_is_a_failure(probes: Tcp) -> None:
    async def attempt(progress: Progress) -> Finding:
        where = aim(1, host="backend.invalid", address="backend.invalid")
        return await tcp.ask(probes, where, progress, Contexts())

    assert "does not resolve" in (await measured(attempt)).reason


async def test_the_source_address_is_the_one_given() -> None:
    seen: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[0])

    async with serving(handler) as port:

        async def attempt(progress: Progress) -> Finding:
            where = aim(port, source=ip_address("127.0.0.9"))
            return await tcp.ask(Tcp(expect=b"x"), where, progress, Contexts())

        await measured(attempt)
    assert seen == ["127.0.0.9"]


def test_octets_are_shown_bounded_and_printable() -> None:
    assert tcp.shown(b'a"\r\n\xff') == '"a\\"\\r\\n\\xff"'
    assert len(tcp.shown(b"\xff" * 1000)) < 300
