"""TLS of one connection, over memory: what comes off the wire goes in, plain octets come out.

The event loop has TLS of its own; this one lets a PROXY header stand before it, tells why it
failed, and costs less for short messages.
"""

from __future__ import annotations

import contextlib
import ssl

PIECE = 1 << 16  # octets of plain text taken at once


class TlsLayer:
    """The server's side. Its methods raise ssl.SSLError for what no TLS client would send."""

    __slots__ = ("_incoming", "_object", "_outgoing", "ended", "ready")

    def __init__(self, context: ssl.SSLContext) -> None:
        """Waits for the client's first flight."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.ready = False  # whether the handshake is done
        self.ended = False  # whether the client has said that it will send no more

    @property
    def protocol(self) -> str | None:
        """What was agreed on by ALPN (RFC 7301)."""
        return self._object.selected_alpn_protocol()

    def receive(self, data: bytes) -> bytes:
        """The plain octets in what came; there may be something to send, too (`outgoing`)."""
        self._incoming.write(data)
        try:
            if not self.ready:
                self._object.do_handshake()
                self.ready = True
            return self._plain()
        except ssl.SSLWantReadError:
            return b""

    def _plain(self) -> bytes:
        pieces: list[bytes] = []
        try:
            while piece := self._object.read(PIECE):
                pieces.append(piece)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # close_notify (RFC 8446 section 6.1)
            self.ended = True
        return b"".join(pieces)

    def send(self, data: bytes) -> bytes:
        """What to put on the wire for plain octets."""
        self._object.write(data)
        return self._outgoing.read()

    def outgoing(self) -> bytes:
        """What TLS itself has to say to the client."""
        return self._outgoing.read()

    def close(self) -> bytes:
        """The last words: close_notify."""
        if self.ready:
            with contextlib.suppress(ssl.SSLError):  # the client's own is not awaited
                self._object.unwrap()
        return self._outgoing.read()
