"""The plain case of an `http` check: an IP address, no TLS, no redirects, one connection a probe.

Most of the probes of a large zone are of this kind, and a client library's session, URLs and
tasks cost many times what the exchange does. So it runs in a strand (strands.py). The answer is
parsed by llhttp (`httptools`), which Node.js reads the web with; sockets, limits and words are
here. `exchange.py` asks all else.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from urllib.parse import quote

import httptools
from multidict import CIMultiDict

from gtm.checks import Http, LoadField
from gtm.health.aim import Aim
from gtm.health.astray import BrokenOff, Closed, NotHttp, TooLarge
from gtm.health.body import BODY_LIMIT, read, wrong
from gtm.health.measure import Clock, Finding, Progress
from gtm.health.reported import Reported, from_body, from_headers
from gtm.health.request import BODILESS, headers
from gtm.health.strands import SUPPORTED, news
from gtm.health.timing import Timing, kernel_round_trip

PIECE = 16 * 1024  # octets that are read at once
HEAD_LIMIT = 32 * 1024  # octets of an answer's head, with those of interim answers
LINE_LIMIT = 8190  # octets of one header: what nginx and Apache allow a client's by default
# What of a path is sent as it is written (RFC 3986 section 2.2); `%` begins an escape there.
AS_THEY_ARE = "%/:@!$&'()*+,;=?~"

# One that never blocks, made so by the call that opens it.
_STREAM = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)

# What would end a line of the request and begin another.
_BREAKS = re.compile(r"[\r\n\0]")

CONTENT = frozenset({"POST", "PUT", "PATCH"})  # methods that promise content, here none


def suits(asked: Http, aim: Aim) -> bool:
    """Whether a check can be asked this way."""
    if not SUPPORTED or asked.tls is not None or asked.redirects or asked.keep_alive:
        return False
    family, wanted = _family(aim.remote()[0]), aim.address_family()
    return family is not None and wanted in (family, socket.AF_UNSPEC)


async def ask(
    asked: Http,
    aim: Aim,
    progress: Progress,
    connected: Callable[[], None],
    *,
    clock: Clock = time.monotonic,
    load: LoadField | None = None,
) -> Finding:
    """Make the request and judge the answer, as exchange.ask does; `connected` is called then.

    To be run in a strand, which bounds its time. Raises what sockets do, and what astray.py names.
    """
    noted = Timing(clock)
    with _socket(aim) as connection:
        noted.connecting = clock()
        await _connect(connection, aim.remote())
        noted.connect_time = clock() - noted.connecting
        connected()
        await _send(connection, _request(asked, aim.called))
        noted.sent, noted.round_trip = clock(), kernel_round_trip(connection)
        answer = _Answer(connection)
        await answer.head()
        service = noted.service_time()
        found = await _judged(asked, aim, answer, progress, load)
    return replace(found, service=service)


async def _connect(connection: socket.socket, remote: tuple[str, int]) -> None:
    wrong = connection.connect_ex(remote)
    if wrong == errno.EINPROGRESS:
        await news(connection)
        wrong = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if wrong:
        raise OSError(wrong, os.strerror(wrong))


async def _send(connection: socket.socket, data: bytes) -> None:
    while data:
        try:
            data = data[connection.send(data) :]
        except BlockingIOError:
            await news(connection)


async def _receive(connection: socket.socket) -> bytes:
    while True:
        try:
            return connection.recv(PIECE)
        except BlockingIOError:
            await news(connection)


async def _judged(
    asked: Http, aim: Aim, answer: _Answer, progress: Progress, load: LoadField | None
) -> Finding:
    what = f"HTTP {answer.status} from {aim}"
    if not any(each.first <= answer.status <= each.last for each in asked.statuses):
        return Finding(ok=False, what=what)
    pointer = None if load is None else load.pointer
    said = Reported() if pointer else from_headers(answer.headers, load)
    if asked.body or pointer:
        answer.expect_body = asked.method not in BODILESS
        progress.lacking = f"{what}, but not all of its body"
        body = await read(answer, asked.body, whole=pointer is not None)
        if fault := wrong(body, asked.body):
            return Finding(ok=False, what=f"{what} {fault}")
        said = said if pointer is None else from_body(body, pointer)
    return Finding(ok=True, what=what, load=said.load, unread=said.unread)


class _Answer:
    """One answer as it comes: what httptools calls, and a body.Content for who reads it."""

    def __init__(self, connection: socket.socket) -> None:
        self.status = 0
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.expect_body = True
        self._connection = connection
        self._parser = httptools.HttpResponseParser(self)
        self._taken = 0
        self._headed = self._complete = False
        self._body = bytearray()

    async def head(self) -> None:
        """Reads until the head of the final answer is there."""
        while not self._headed:
            if not await self._more():
                raise Closed
            if not self._headed and self._taken > HEAD_LIMIT:
                raise TooLarge

    async def read(self, n: int) -> bytes:
        """At most n octets of the body; none at its end."""
        while self.expect_body and not self._body and not self._complete:
            if not await self._more():
                if self._is_framed():
                    raise BrokenOff
                self._complete = True  # RFC 9112 section 6.3: it ends with the connection
        piece = bytes(self._body[:n])
        del self._body[:n]
        return piece

    async def _more(self) -> bool:
        data = await _receive(self._connection)
        self._taken += len(data)
        try:
            if data:
                self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._headed = self._complete = True
        except httptools.HttpParserError as error:
            # what is wrong behind the head matters only to who reads the body
            if isinstance(error.__context__, TooLarge):
                raise error.__context__ from None
            if not self._headed:
                raise NotHttp from error
            raise BrokenOff from error
        return bool(data)

    def _is_framed(self) -> bool:
        return "Content-Length" in self.headers or "Transfer-Encoding" in self.headers

    # --- called by httptools ------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) + len(value) > LINE_LIMIT:
            raise TooLarge
        self.headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200 and self.status != 101:  # RFC 9110 section 15.2: interim
            self.headers.clear()
        else:
            self._headed = True

    def on_body(self, data: bytes) -> None:
        if len(self._body) <= BODY_LIMIT:
            self._body += data

    def on_message_complete(self) -> None:
        self._complete = self._headed


@contextmanager
def _socket(aim: Aim) -> Iterator[socket.socket]:
    family = _family(aim.remote()[0]) or socket.AF_INET
    made = socket.socket(family, _STREAM)
    try:
        if aim.source is not None:
            made.bind((str(aim.source), 0))
        yield made
    finally:
        made.close()


@lru_cache(maxsize=4096)
def _family(host: str) -> socket.AddressFamily | None:
    """The address family of an IP address; None for a host name."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
    except OSError:
        return None
    return family


@lru_cache(maxsize=4096)
def _request(asked: Http, called: str) -> bytes:
    """The octets of the request (RFC 9112 section 3). Raises ValueError for what can't be sent."""
    path = quote(asked.path, safe=AS_THEY_ARE)
    lines = [f"{asked.method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers(asked, called).items()]
    if asked.method in CONTENT:
        lines.append("Content-Length: 0")
    if any(_BREAKS.search(line) for line in lines):
        raise ValueError("a header has a line break in it")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
