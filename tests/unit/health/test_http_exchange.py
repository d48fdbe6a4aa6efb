"""Whole exchanges with HTTP servers on loopback: requests, redirects, bodies, certificates."""

from __future__ import annotations

import asyncio
import ssl
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from gtm.checks import Contains, Http, Matches, Points, StatusRange, Tls
from gtm.health import exchange
from gtm.health.body import BODY_LIMIT
from gtm.health.measure import Finding, Progress
from gtm.health.outcome import Outcome
from gtm.health.sessions import open_session
from gtm.health.tls import Contexts, days_left
from tests.unit.health.certificates import Authority
from tests.unit.health.health_backends import (
    Handler,
    pouring,
    saying,
    serving,
    silence,
    status,
)
from tests.unit.health.probing import aim, measured

AT = "192.0.2.10:7000"
NAME = "orders.gtm.example.com"
HEAD = b"HTTP/1.1 200 OK\r\n"
HUGE = HEAD + b"Content-Length: 10000000000\r\n\r\n"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


Ask = Callable[..., "asyncio.Future[Outcome]"]


@pytest.fixture
def ask(session: aiohttp.ClientSession) -> Ask:
    async def asking(
        handler: Handler,
        what: Http | None = None,
        server: ssl.SSLContext | None = None,
        patience: float = 2.0,
    ) -> Outcome:
        async with serving(handler, server) as port:

            async def attempt(progress: Progress) -> Finding:
                where = aim(port, name=NAME)
                return await exchange.ask(what or Http(), where, progress, session, Contexts())

            return await measured(attempt, patience)

    return lambda *args, **kwargs: asyncio.ensure_future(asking(*args, **kwargs))


def site(heads: list[bytes], **answers: bytes) -> Handler:
    """Answers by path ("/a" is `a`), 404 elsewhere; keeps the heads of requests."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        path = head.split(b" ")[1].decode().strip("/")
        writer.write(answers.get(path or "home", status(404)))
        await writer.drain()

    return handler


def moved(location: str, code: int = 302) -> bytes:
    head = f"HTTP/1.1 {code} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


async def test_the_request_is_the_one_asked_for(ask: Ask) -> None:
    heads: list[bytes] = []
    what = Http(
        method="POST",
        path="/ready?x=%2F",
        host="internal.example.net:81",
        headers=(
            ("Authorization", "Bearer x"),
            ("user-agent", "probe"),
            ("X-A", "1"),
            ("X-A", "2"),
        ),
        statuses=(StatusRange(404, 404),),
    )
    assert (await ask(site(heads), what)).ok
    head = heads[0]
    assert head.startswith(b"POST /ready?x=%2F HTTP/1.1\r\n")
    assert b"\r\nHost: internal.example.net:81\r\n" in head
    assert b"\r\nAuthorization: Bearer x\r\n" in head
    assert b"\r\nuser-agent: probe\r\n" in head
    assert b"gtm/" not in head
    assert b"\r\nX-A: 1\r\nX-A: 2\r\n" in head


async def test_the_endpoints_own_time_is_told(ask: Ask) -> None:
    assert (await ask(saying(status(200)))).service is not None


async def test_head_has_no_body_to_wait_for(ask: Ask) -> None:
    outcome = await ask(saying(HUGE), Http(method="HEAD"))
    assert outcome.ok, outcome.reason


async def test_redirects_are_refused_unless_allowed(ask: Ask) -> None:
    heads: list[bytes] = []
    handler = site(heads, home=moved("/a"), a=status(200))
    outcome = await ask(handler)
    assert not outcome.ok
    assert outcome.reason.startswith(f"HTTP 302 from {AT} after ")
    assert len(heads) == 1
    assert (await ask(handler, Http(redirects=1))).ok
    assert (await ask(handler, Http(redirects=1, statuses=(StatusRange(302, 302),)))).ok
    assert [head.split(b" ")[1] for head in heads] == [b"/", b"/", b"/a", b"/"]


async def test_a_redirect_loop_is_left_when_it_closes(ask: Ask) -> None:
    heads: list[bytes] = []
    handler = site(heads, home=moved("/a"), a=moved(f"http://{NAME}/b"), b=moved("/a"))
    outcome = await ask(handler, Http(redirects=100))
    assert not outcome.ok
    assert outcome.reason.startswith(
        f"HTTP 302 from {AT}, a redirect in a loop: /a to /b to /a after "
    )
    assert len(heads) == 3


async def test_redirects_without_end_are_left_at_the_limit(ask: Ask) -> None:
    asked = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await saying(moved(f"/{asked}"))(reader, writer)

    outcome = await ask(handler, Http(redirects=5))
    assert outcome.reason.startswith(
        f"HTTP 302 from {AT}, a redirect to /6 after 5 redirects, and no more are followed after "
    )
    assert asked == 6


async def test_a_redirect_away_from_the_endpoint_is_not_followed(ask: Ask) -> None:
    for place in ("http://127.0.0.1:1/", f"https://{NAME}/", "//evil.example.net/"):
        outcome = await ask(site([], home=moved(place)), Http(redirects=5))
        assert not outcome.ok
        assert f"a redirect to {place}, which is not this endpoint" in outcome.reason


async def test_a_redirect_that_is_never_answered_fails_when_time_is_up(ask: Ask) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET / "):
            writer.write(moved("/slow"))
            await writer.drain()
        else:
            await reader.read()

    outcome = await ask(handler, Http(redirects=1), patience=0.3)
    assert outcome.reason == f"no answer from {AT} to the redirect to /slow within 300 ms"


async def test_bodies_are_tested(ask: Ask) -> None:
    handler = saying(status(200, b'{"status": "down"}'))
    outcome = await ask(handler, Http(body=(Contains("status"), Points("/status", '"up"'))))
    assert outcome.reason.startswith(
        f'HTTP 200 from {AT} with "down" at /status in its body, not "up" after '
    )
    assert (await ask(handler, Http(body=(Matches("d[aeiou]wn"),)))).ok


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (silence, f"no answer from {AT} within 300 ms"),
        (pouring(HEAD + b"X: ", b"y", 0.05), f"no answer from {AT} within 300 ms"),
        (pouring(HUGE, b"x", 0.05), f"HTTP 200 from {AT}, but not all of its body within 300 ms"),
        (pouring(HEAD, b"X: y\r\n" * 1000), f"headers from {AT} are too large"),
        (pouring(HEAD + b"X: ", b"y" * 65536), f"headers from {AT} are too large"),
    ],
    ids=["silent", "one byte a second", "body drips", "endless headers", "endless header"],
)
async def test_bad_endpoints_fail_for_the_right_reason(
    ask: Ask, handler: Handler, reason: str
) -> None:
    outcome = await ask(handler, Http(body=(Matches("ready"),)), patience=0.3)
    assert (outcome.ok, outcome.reason) == (False, reason)


@pytest.mark.parametrize(
    "handler",
    [pouring(HUGE, b"x" * 65536), pouring(HEAD, b"X: y\r\n" * 1000)],
    ids=["10 GB body", "endless headers"],
)
async def test_endless_answers_take_bounded_memory(ask: Ask, handler: Handler) -> None:
    what = Http(body=(Contains("ready"), Matches("ready")))
    await ask(handler, what)  # what is made once is not counted
    tracemalloc.start()
    try:
        outcome = await ask(handler, what)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not outcome.ok
    assert peak < 64 * BODY_LIMIT  # the server's own buffers are in this


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.at(tmp_path / "authority")


async def test_the_end_of_the_certificate_is_told_beside_the_outcome(
    ask: Ask, authority: Authority
) -> None:
    server = authority.server(NAME, days=5)
    tls = Tls(authorities=authority.file)
    for answer in (status(200), status(200, b"x"), status(503)):
        outcome = await ask(saying(answer), Http(tls), server)
        assert outcome.expires is not None
        assert days_left(outcome.expires, time.time() - 60) == 5
    assert (await ask(saying(status(200)))).expires is None


@pytest.mark.parametrize(
    ("name", "days", "why"),
    [(NAME, -1.0, "it has expired"), ("other.example.net", 30.0, "it is for other names")],
)
async def test_expired_and_wrong_certificates_are_failures(
    ask: Ask, authority: Authority, name: str, days: float, why: str
) -> None:
    server = authority.server(name, days=days)
    what = Http(Tls(authorities=authority.file))
    outcome = await ask(saying(status(200)), what, server)
    assert not outcome.ok
    assert outcome.reason.startswith(f"certificate of {AT} is not valid for ")
    assert outcome.reason.endswith(why)
    if name != NAME:
        named = replace(what, tls=Tls(authorities=authority.file, server_name=name))
        assert (await ask(saying(status(200)), named, server)).ok


async def test_client_certificates_are_shown(ask: Ask, authority: Authority) -> None:
    server = authority.server(NAME, clients=True)
    certificate, key = authority.client()
    tls = Tls(authorities=authority.file)
    assert (
        await ask(saying(status(200)), Http(replace(tls, certificate=certificate, key=key)), server)
    ).ok
    assert not (await ask(saying(status(200)), Http(tls), server)).ok


async def test_a_handshake_without_an_end_fails_when_time_is_up(ask: Ask) -> None:
    outcome = await ask(silence, Http(Tls(verify=False)), patience=0.2)
    assert outcome.reason == f"no answer from {AT} within 200 ms"


async def test_a_name_that_resolves_to_nothing_is_a_failure(
    session: aiohttp.ClientSession,
) -> None:
    for tls in (None, Tls()):

        async def attempt(progress: Progress, tls: Tls | None = tls) -> Finding:
            where = aim(1, host="backend.invalid", address="backend.invalid")
            return await exchange.ask(Http(tls), where, progress, session, Contexts())

        assert "does not resolve" in (await measured(attempt)).reason
