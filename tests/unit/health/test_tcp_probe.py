"""What the tcp probe says of ports that accept, refuse or don't answer."""

from __future__ import annotations

import asyncio
import socket

import pytest

from gtm.health import direct
from tests.unit.health.health_backends import serving, silence, target, to
from tests.unit.health.probing import probed_at

TCP = "tcp"


async def test_an_accepted_connection_is_a_success_and_is_closed() -> None:
    closed = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        closed.set()

    async with serving(handler) as port:
        outcome = await probed_at(target(TCP, port=5432), to(port))
        await asyncio.wait_for(closed.wait(), 1)
    assert outcome.ok
    assert outcome.reason.startswith("connected to 192.0.2.10:5432 after ")


async def test_ipv6_and_host_names_are_connected_to() -> None:
    async with serving(silence, host="::1") as port:
        six = await probed_at(target(TCP, address="2001:db8::10"), to(port, host="::1"))
    async with serving(silence) as port:
        name = await probed_at(target(TCP), to(port, host="localhost"))
    assert six.ok
    assert six.reason.startswith("connected to [2001:db8::10]:80 after ")
    assert name.ok


async def test_a_refused_connection_is_a_failure(unused_tcp_port: int) -> None:
    outcome = await probed_at(target(TCP), to(unused_tcp_port))
    assert not outcome.ok
    assert outcome.reason == "connection to 192.0.2.10:80 refused"


async def test_a_port_that_does_not_answer_fails_when_time_is_up() -> None:
    # A full accept queue drops the opening of further connections.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            outcome = await probed_at(target(TCP, timeout=0.2), to(port))
    assert not outcome.ok
    assert outcome.reason == "no answer from 192.0.2.10:80 within 200 ms"


@pytest.mark.parametrize("name", ["backend.invalid", "a..b"])
async def test_a_host_name_that_does_not_resolve_is_a_failure(name: str) -> None:
    outcome = await probed_at(target(TCP, address=name), direct)
    assert not outcome.ok
    assert outcome.reason.startswith(f"host name {name} does not resolve: ")


async def test_time_is_told_by_the_clocks_given() -> None:
    ticks = iter([10.0, 10.25, 10.25])
    async with serving(silence) as port:
        outcome = await probed_at(
            target(TCP), to(port), clock=lambda: next(ticks), now=lambda: 1700000000.0
        )
    assert outcome.latency == 0.25
    assert outcome.at == 1700000000.0
    assert outcome.reason == "connected to 192.0.2.10:80 after 250 ms"
