"""What an `http` or `https` check asks: a request, perhaps redirects, and the judging of answers.

What is read is bounded: heads by the session's limits, bodies by `body.BODY_LIMIT`, redirects by
the check. Bodies of redirects are not read at all.
"""

from __future__ import annotations

import time
from dataclasses import replace

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from gtm.checks import Http, LoadField
from gtm.health.aim import Aim
from gtm.health.body import read, wrong
from gtm.health.measure import Clock, Finding, Progress
from gtm.health.outcome import bracketed
from gtm.health.redirects import REDIRECTS, Astray, Trail
from gtm.health.reported import Reported, from_body, from_headers
from gtm.health.request import headers
from gtm.health.timing import Timing, timing
from gtm.health.tls import HTTP1, Contexts, expiry, server_name


class Answer(aiohttp.ClientResponse):
    """An answer that knows when the certificate of its connection ends (Unix time)."""

    expires: float | None = None

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head. The connection is let go of as soon as the whole answer has come."""
        if connection.transport is not None:
            self.expires = expiry(connection.transport.get_extra_info("ssl_object"))
        return await super().start(connection)


async def ask(
    asked: Http,
    aim: Aim,
    progress: Progress,
    session: aiohttp.ClientSession,
    contexts: Contexts,
    *,
    clock: Clock = time.monotonic,
    load: LoadField | None = None,
) -> Finding:
    """Make the request and judge the answer, or that of the last redirect.

    `session` makes `Answer`s and bounds heads: see sessions.open_session. `load` is where the
    answer says the load of the endpoint. Raises what aiohttp,
    sockets and TLS do, and Impaired.
    """
    context = contexts.context(asked.tls, HTTP1) if asked.tls else None
    called = asked.host or bracketed(aim.called)
    home = URL(f"{'https' if asked.tls else 'http'}://{called}{asked.path}", encoded=True)
    trail = Trail(home, asked.method, asked.redirects, aim.port)
    method, path = asked.method, asked.path
    patience = aiohttp.ClientTimeout(total=None, sock_connect=aim.connect_timeout)
    while True:
        noted = Timing(clock)
        timing.set(noted)
        async with session.request(
            method,
            _url(asked, aim, path),
            headers=headers(asked, aim.called),
            allow_redirects=False,
            ssl=context or True,
            server_hostname=server_name(asked.tls, aim.called) if asked.tls else None,
            timeout=patience,
        ) as answer:
            service = noted.service_time()  # the head of the answer is here
            try:
                if not _is_followed(asked, answer):
                    found = await _judge(asked, aim, answer, progress, load)
                    return replace(found, service=service)
                method, path = trail.follow(answer.status, answer.headers.get("Location"))
                progress.lacking = f"no answer from {aim} to the redirect to {path[:80]}"
            except Astray as astray:
                return _found(answer, ok=False, what=f"{_head(aim, answer)}, a redirect {astray}")
            finally:
                answer.close()  # what was not read is not waited for


def _is_followed(asked: Http, answer: aiohttp.ClientResponse) -> bool:
    return answer.status in REDIRECTS and asked.redirects > 0 and not _is_expected(asked, answer)


def _is_expected(asked: Http, answer: aiohttp.ClientResponse) -> bool:
    return any(each.first <= answer.status <= each.last for each in asked.statuses)


async def _judge(
    asked: Http,
    aim: Aim,
    answer: aiohttp.ClientResponse,
    progress: Progress,
    load: LoadField | None,
) -> Finding:
    what = _head(aim, answer)
    if not _is_expected(asked, answer):
        return _found(answer, ok=False, what=what)
    pointer = None if load is None else load.pointer
    said = Reported() if pointer else from_headers(answer.headers, load)
    if asked.body or pointer:
        progress.lacking = f"{what}, but not all of its body"
        body = await read(answer.content, asked.body, whole=pointer is not None)
        if fault := wrong(body, asked.body):
            return _found(answer, ok=False, what=f"{what} {fault}")
        said = said if pointer is None else from_body(body, pointer)
    return replace(_found(answer, ok=True, what=what), load=said.load, unread=said.unread)


def _found(answer: aiohttp.ClientResponse, *, ok: bool, what: str) -> Finding:
    expires = answer.expires if isinstance(answer, Answer) else None
    return Finding(ok=ok, what=what, expires=expires)


def _head(aim: Aim, answer: aiohttp.ClientResponse) -> str:
    return f"HTTP {answer.status} from {aim}"


def _url(asked: Http, aim: Aim, path: str) -> URL:
    """Where to connect, and the path exactly as the zone file or the redirect has it."""
    host, port = aim.remote()
    scheme = "https" if asked.tls else "http"
    return URL(f"{scheme}://{bracketed(host)}:{port}{path}", encoded=True)
