"""HTTP/1.1 of a DoH client: requests one behind the other on one connection (RFC 9112)."""

from __future__ import annotations

from http import HTTPStatus

import httptools

from gtm.planes.streams import doh
from gtm.planes.streams.connection import Connection

HEAD = 16384  # octets of request line and header fields together
FIELDS = 64  # header fields of a request
STEP = 1024  # octets parsed until it is looked whether the client reads its answers
BAD_HTTP = "bad HTTP"


class Http1:
    """A client that speaks HTTP/1.1, or something else."""

    def __init__(self, connection: Connection) -> None:
        """Nothing was asked yet."""
        self._connection = connection
        self._parser = httptools.HttpRequestParser(self)
        self._pending = bytearray()
        self._head = 0  # octets of the head that is being read
        self._reading_head = True
        self._over = False
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._fields = 0
        self._body = bytearray()
        self._early: doh.Response | None = None

    # --- the connection's calls -------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Answers every whole request that has come."""
        self._pending += data
        self.resume()

    def resume(self) -> None:
        """Goes on, unless the client has to read first."""
        while self._pending and not self._over and not self._connection.full:
            step = bytes(self._pending[:STEP])
            del self._pending[:STEP]
            self._parse(step)
        if self._over:
            self._connection.end()

    def farewell(self) -> None:
        """HTTP/1.1 has no last words."""

    def _parse(self, data: bytes) -> None:
        if self._reading_head:
            self._head += len(data)
            if self._head > HEAD:
                self._refuse(431, "the header is too long\n")
                return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self._over:
                self._refuse(400, "not HTTP/1.1\n")

    # --- the parser's calls -----------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field."""
        self._fields += 1
        if self._fields > FIELDS:
            self._early = doh.refusal(431, "too many header fields\n")
            return
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head is whole; what is behind it may be too long (RFC 8484 section 6)."""
        self._reading_head = False
        length = self._headers.get("content-length", "")
        if length.isdigit() and (len(length) > 6 or int(length) > doh.LARGEST):
            self._early = doh.too_large()
            self._close(self._early)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._over:
            return
        self._body += body
        if len(self._body) > doh.LARGEST:
            self._close(doh.too_large())

    def on_message_complete(self) -> None:
        """A request is whole."""
        if self._over:
            return
        self._head, self._reading_head = 0, True
        response = self._early or self._answered()
        keep = self._parser.should_keep_alive()
        if response.refused:
            self._connection.touch()
        self._send(response, keep=keep)
        self._over = not keep
        self._begin()

    def _answered(self) -> doh.Response:
        method = self._parser.get_method().decode("latin-1")
        target = self._target.decode("latin-1")
        asked = doh.query(doh.Request(method, target, self._headers, bytes(self._body)))
        return asked if isinstance(asked, doh.Response) else answered(self._connection, asked)

    # --- answers ----------------------------------------------------------------------------

    def _refuse(self, status: int, why: str) -> None:
        self._connection.stats.dropped[BAD_HTTP] += 1
        self._close(doh.refusal(status, why))

    def _close(self, response: doh.Response) -> None:
        """Answers, and reads no further."""
        self._over = True
        self._pending.clear()
        self._send(response, keep=False)

    def _send(self, response: doh.Response, *, keep: bool) -> None:
        reason = HTTPStatus(response.status).phrase
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        lines.append(f"content-length: {len(response.body)}")
        if not keep:
            lines.append("connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        is_head = not self._over and self._parser.get_method() == b"HEAD"
        self._connection.send(head if is_head else head + response.body)


def answered(connection: Connection, query: bytes) -> doh.Response:
    """What the plane answers to a query, as HTTP has it. Transfers are not for HTTP."""
    message = connection.answer(query)
    connection.observe()
    return doh.response(message if isinstance(message, bytes) else None)
