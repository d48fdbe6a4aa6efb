"""The part of a probe's time that is the endpoint's own."""

from __future__ import annotations

import asyncio
import socket

import pytest

from gtm.health.timing import Timing, kernel_round_trip
from tests.unit.health.health_backends import saying, serving, status, target, to
from tests.unit.health.probing import probed_at

THOUGHT = 0.05  # seconds that the slow backend waits


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def timing(**moments: float) -> Timing:
    noted = Timing(Clock())
    for name, value in moments.items():
        setattr(noted, name, value)
    return noted


def test_it_is_the_wait_from_the_request_on_less_one_round_trip() -> None:
    assert timing(sent=99.9, round_trip=0.03).service_time() == pytest.approx(0.07)


def test_where_the_kernel_does_not_tell_the_connection_took_one_round_trip() -> None:
    assert timing(sent=99.9, connect_time=0.04).service_time() == pytest.approx(0.06)
    both = timing(sent=99.9, connect_time=0.04, round_trip=0.03)
    assert both.service_time() == pytest.approx(0.07), "the kernel does not count a handshake"


def test_it_is_never_below_nothing() -> None:
    assert timing(sent=99.9, round_trip=0.2).service_time() == 0.0


def test_without_a_round_trip_or_a_request_it_is_not_known() -> None:
    assert timing(sent=99.9).service_time() is None
    assert timing(round_trip=0.03).service_time() is None


def test_a_socket_that_is_closed_has_no_round_trip() -> None:
    with socket.socket() as closed:
        pass
    assert kernel_round_trip(closed) is None


async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(THOUGHT)
    writer.write(status(200))
    await writer.drain()


async def test_http_probes_tell_what_the_backend_took() -> None:
    async with serving(slow) as port:
        outcome = await probed_at(target(), to(port))
    assert outcome.ok, outcome.reason
    assert outcome.service is not None
    assert THOUGHT * 0.8 < outcome.service <= outcome.latency


async def test_probes_at_once_do_not_take_each_others_times() -> None:
    async with (
        serving(slow) as port,
        serving(saying(status(200))) as quick,
    ):
        outcomes = await asyncio.gather(
            *(probed_at(target(), to(each)) for each in (port, quick) * 5)
        )
    services = [outcome.service or 0.0 for outcome in outcomes]
    assert min(services[::2]) > max(services[1::2])


async def test_tcp_probes_tell_nothing_of_it() -> None:
    async with serving(saying(b"")) as port:
        outcome = await probed_at(target("tcp"), to(port))
    assert outcome.ok
    assert outcome.service is None
