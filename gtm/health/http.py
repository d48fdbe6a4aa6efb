"""The `http` and `https` probes: one GET, judged by its status and, if asked, its body.

Every probe is a connection of its own (a kept one would hide that new clients are refused), is
not redirected (the status of a redirect is judged like any other), and carries no cookies. What
is read is bounded: the headers by aiohttp, the body by `BODY_LIMIT`.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import replace

import aiohttp
from yarl import URL

from gtm import __version__
from gtm.health.dial import Dial, direct
from gtm.health.exchange import Answer
from gtm.health.measure import Clock, Finding, Progress, measure
from gtm.health.outcome import Outcome, bracketed, called, place
from gtm.health.reported import Reported, from_body, from_headers
from gtm.health.timing import Timing, open_socket, timing, traces
from gtm.model import Check, CheckType, Target

# A health page is short. What `body` names must stand in its first 64 KiB.
BODY_LIMIT = 64 * 1024

# One line of the head of an answer: what nginx and Apache allow a client's by default.
HEADER_LINE_LIMIT = 8190

USER_AGENT = f"gtm/{__version__} (health check)"


def open_session() -> aiohttp.ClientSession:
    """The session that all probes of one checker share. Needs a running event loop.

    The number of connections is bounded by the scheduler, not here, so that no probe's time is
    spent in a queue.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,
            force_close=True,
            use_dns_cache=False,
            resolver=aiohttp.ThreadedResolver(),
            socket_factory=open_socket,
        ),
        response_class=Answer,
        trace_configs=[traces()],
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
        auto_decompress=False,
        max_line_size=HEADER_LINE_LIMIT,
        max_field_size=HEADER_LINE_LIMIT,
    )


async def probe(
    target: Target,
    session: aiohttp.ClientSession,
    tls: ssl.SSLContext | None = None,
    *,
    dial: Dial = direct,
    clock: Clock = time.monotonic,
    now: Clock = time.time,
) -> Outcome:
    """Ask the target for the check's path and judge the answer. `tls` is needed for https."""

    async def attempt(progress: Progress) -> Finding:
        noted = Timing(clock)
        timing.set(noted)
        async with session.get(
            _url(target, dial),
            headers=_headers(target),
            allow_redirects=False,
            ssl=tls or True,
            server_hostname=called(target) if tls else None,
        ) as response:
            service = noted.service_time()  # the head of the answer is here
            try:
                found = await _judge(target, response, progress)
                return replace(found, service=service)
            finally:
                response.close()  # what was not read is not waited for

    return await measure(target, attempt, clock, now)


async def _judge(target: Target, response: aiohttp.ClientResponse, progress: Progress) -> Finding:
    check, answer = target.check, f"HTTP {response.status} from {place(target)}"
    pointer = None if check.load is None else check.load.pointer
    said = Reported() if pointer else from_headers(response.headers, check.load)
    if not _expected(check, response.status):
        return Finding(ok=False, what=answer)
    if check.body is None and pointer is None:
        return Finding(ok=True, what=answer, load=said.load, unread=said.unread)
    progress.lacking = f"{answer}, but not all of its body"
    # what comes behind the text that is looked for is not read, unless the load may stand there
    wanted = check.body.encode() if check.body and pointer is None else None
    body = await _read(response.content, wanted)
    if pointer is not None:
        said = from_body(body, pointer)
    if check.body is None or check.body.encode() in body:
        return Finding(ok=True, what=answer, load=said.load, unread=said.unread)
    return Finding(ok=False, what=f'{answer} without "{check.body}" in its body')


def _expected(check: Check, status: int) -> bool:
    return any(expected.first <= status <= expected.last for expected in check.statuses)


async def _read(content: aiohttp.StreamReader, wanted: bytes | None) -> bytes:
    """The first `BODY_LIMIT` of the body, or as much as holds what is wanted."""
    body = bytearray()
    while len(body) < BODY_LIMIT:
        piece = await content.read(BODY_LIMIT - len(body))
        if not piece:
            break
        unseen = max(0, len(body) - len(wanted or b"") + 1)
        body += piece
        if wanted is not None and body.find(wanted, unseen) >= 0:
            break
    return bytes(body)


def _url(target: Target, dial: Dial) -> URL:
    """Where to connect, and the path exactly as the zone file has it."""
    host, port = dial(target.address, target.check.port)
    scheme = "https" if target.check.type is CheckType.HTTPS else "http"
    return URL(f"{scheme}://{bracketed(host)}:{port}{target.check.path}", encoded=True)


def _headers(target: Target) -> dict[str, str]:
    return {
        "Host": bracketed(called(target)),
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",  # so that `body` is compared with what is meant
        "Connection": "close",
    }
