"""What the http probe says of servers that behave and of servers that don't."""

from __future__ import annotations

import asyncio
import logging
import re
import time

import pytest

from gtm import __version__
from gtm.checks import StatusRange, Target
from gtm.health import direct
from gtm.health.outcome import Outcome
from tests.unit.health.health_backends import (
    Handler,
    pouring,
    saying,
    serving,
    silence,
    status,
    target,
    to,
)
from tests.unit.health.probing import probed_at

HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS = HEAD + b"Content-Length: 10000000000\r\n\r\n"


async def probed(handler: Handler, what: Target) -> Outcome:
    """The outcome of one probe, which must have kept to its timeout."""
    async with serving(handler) as port:
        begun = time.monotonic()
        outcome = await probed_at(what, to(port))
        assert time.monotonic() - begun < what.check.schedule.timeout + 1
    return outcome


async def test_an_expected_status_is_a_success() -> None:
    outcome = await probed(saying(status(200)), target())
    assert outcome.ok
    assert re.fullmatch(r"HTTP 200 from 192\.0\.2\.10:80 after .* ms", outcome.reason)
    assert 0 < outcome.latency < 2


@pytest.mark.parametrize("code", [204, 404, 503])
async def test_the_check_says_which_statuses_are_well(code: int) -> None:
    what = target(statuses=(StatusRange(404, 404), StatusRange(500, 599)))
    outcome = await probed(saying(status(code)), what)
    assert outcome.ok is (code != 204)
    assert outcome.reason.startswith(f"HTTP {code} from 192.0.2.10:80 after ")


async def test_a_redirect_is_judged_and_not_followed() -> None:
    asked = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await saying(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")(
            reader, writer
        )

    outcome = await probed(handler, target())
    assert not outcome.ok
    assert outcome.reason.startswith("HTTP 302 from 192.0.2.10:80 after ")
    assert asked == 1


async def test_the_body_must_contain_what_the_check_expects() -> None:
    well = await probed(saying(status(200, b"all is \xc3\xb6k")), target(body="ök"))
    ill = await probed(saying(status(200, b"all is ill")), target(body="ök"))
    assert well.ok
    assert not ill.ok
    assert ill.reason.startswith('HTTP 200 from 192.0.2.10:80 without "ök" in its body after ')


async def test_a_body_that_comes_in_pieces_is_put_together() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in (HEAD + b"Connection: close\r\n\r\n", b"re", b"ad", b"y"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.005)

    assert (await probed(handler, target(body="ready"))).ok


async def test_an_endless_body_is_read_to_the_limit_only() -> None:
    outcome = await probed(pouring(ENDLESS, b"x" * 65536), target(body="ready"))
    assert not outcome.ok
    assert 'without "ready" in its body' in outcome.reason
    assert outcome.latency < 2


async def test_an_endless_body_nobody_asked_for_is_not_read() -> None:
    assert (await probed(pouring(ENDLESS, b"x" * 65536), target())).ok


async def test_a_body_at_one_byte_a_time_fails_when_time_is_up() -> None:
    outcome = await probed(pouring(ENDLESS, b"x", pause=0.05), target(body="ready", timeout=0.2))
    assert not outcome.ok
    assert outcome.reason == ("HTTP 200 from 192.0.2.10:80, but not all of its body within 200 ms")


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(silence, id="never answers"),
        pytest.param(pouring(HEAD + b"X: ", b"y", pause=0.05), id="one byte at a time"),
        pytest.param(pouring(HEAD, b"X: y\r\n", pause=0.05), id="headers drip"),
    ],
)
async def test_what_never_comes_to_an_answer_fails_when_time_is_up(handler: Handler) -> None:
    outcome = await probed(handler, target(timeout=0.2))
    assert not outcome.ok
    assert outcome.reason == "no answer from 192.0.2.10:80 within 200 ms"


async def test_interim_answers_without_end_are_headers_without_end() -> None:
    outcome = await probed(pouring(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), target())
    assert outcome.reason == "headers from 192.0.2.10:80 are too large"


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(pouring(HEAD, b"X: y\r\n" * 1000), id="endless headers"),
        pytest.param(pouring(HEAD + b"X: ", b"y" * 65536), id="one endless header"),
    ],
)
async def test_endless_headers_fail_at_the_limit(handler: Handler) -> None:
    outcome = await probed(handler, target())
    assert not outcome.ok
    assert outcome.reason == "headers from 192.0.2.10:80 are too large"
    assert outcome.latency < 2


async def test_an_answer_that_is_not_http_is_a_failure() -> None:
    outcome = await probed(saying(b"\x00\xffSSH-2.0-whatever\r\n\r\n"), target())
    assert not outcome.ok
    assert outcome.reason == "answer from 192.0.2.10:80 is not HTTP"


async def test_a_connection_closed_without_an_answer_is_a_failure() -> None:
    outcome = await probed(saying(b""), target())
    assert not outcome.ok
    assert outcome.reason == "connection to 192.0.2.10:80 closed without an answer"


async def test_a_body_that_breaks_off_is_a_failure() -> None:
    broken = HEAD + b"Content-Length: 100\r\n\r\nhalf"
    outcome = await probed(saying(broken), target(body="whole"))
    assert not outcome.ok
    assert outcome.reason == "answer from 192.0.2.10:80 broke off"


async def test_a_refused_connection_is_a_failure(unused_tcp_port: int) -> None:
    outcome = await probed_at(target(), to(unused_tcp_port))
    assert not outcome.ok
    assert outcome.reason == "connection to 192.0.2.10:80 refused"


async def test_a_host_name_that_does_not_resolve_is_a_failure() -> None:
    for name in ("backend.invalid", "a..b", "x" * 70 + ".example.net"):
        outcome = await probed_at(target(address=name), direct)
        assert not outcome.ok
        assert outcome.reason.startswith(f"host name {name} does not resolve: ")


async def test_a_host_name_is_resolved_by_the_system() -> None:
    async with serving(saying(status(200))) as port:
        outcome = await probed_at(target(), to(port, host="localhost"))
    assert outcome.ok


async def test_an_ipv6_address_is_written_in_brackets() -> None:
    heads: list[bytes] = []
    async with serving(recording(heads), host="::1") as port:
        what = target(address="2001:db8::10")
        outcome = await probed_at(what, to(port, host="::1"))
    assert outcome.reason.startswith("HTTP 200 from [2001:db8::10]:80 after ")
    assert b"\r\nHost: [2001:db8::10]\r\n" in heads[0]


def recording(heads: list[bytes]) -> Handler:
    """Answers 200 with a cookie, and keeps the head of every request."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(HEAD + b"Set-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()

    return handler


async def test_the_request_says_what_is_asked_and_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    heads: list[bytes] = []
    what = target(server_name="orders.gtm.example.com.", path="/health?a=%2F&b=c%20d")
    async with serving(recording(heads)) as port:
        assert (await probed_at(what, to(port))).ok
    head = heads[0]
    assert head.startswith(b"GET /health?a=%2F&b=c%20d HTTP/1.1\r\n")
    assert b"\r\nHost: orders.gtm.example.com\r\n" in head
    assert f"\r\nUser-Agent: gtm/{__version__} (health check)\r\n".encode() in head
    assert b"\r\nConnection: close\r\n" in head


async def test_every_probe_is_a_connection_of_its_own_without_cookies() -> None:
    heads: list[bytes] = []
    async with serving(recording(heads)) as port:
        for _ in range(3):
            assert (await probed_at(target(), to(port))).ok
    assert len(heads) == 3
    assert all(b"ookie" not in head for head in heads)


async def test_misbehaving_servers_leave_nothing_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    for handler in (silence, saying(b""), saying(b"\xff\r\n\r\n"), pouring(ENDLESS, b"x" * 65536)):
        await probed(handler, target(body="ready", timeout=0.2))
    assert caplog.records == []


async def test_a_probe_can_be_cancelled() -> None:
    async with serving(silence) as port:
        task = asyncio.create_task(probed_at(target(timeout=30.0), to(port)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
