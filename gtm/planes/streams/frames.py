"""DNS messages in frames of two length octets, both ways (RFC 1035 section 4.2.2, RFC 7766)."""

from __future__ import annotations

from collections.abc import Iterator

from gtm.planes.back import LATER
from gtm.planes.streams.connection import Connection
from gtm.planes.streams.streamback import StreamBack

FLUSH = 1 << 14  # octets of answers that are sent together: they fill the largest TLS record
TURN = 1 << 18  # octets of answers in a row, until other clients have their turn
LARGEST = 0xFFFF  # octets of a message


class Frames:
    """A client that asks one message after another, without waiting if it likes."""

    def __init__(self, connection: Connection) -> None:
        """Nothing was asked yet."""
        self._connection = connection
        self._back = StreamBack(connection)
        self._pending = bytearray()
        self._more: Iterator[bytes] | None = None  # what is left of an answer of many messages
        self._answers: list[bytes] = []
        self._waiting = 0  # octets of `_answers`
        self._over = False

    def received(self, data: bytes) -> None:
        """Answers every whole message that has come."""
        self._pending += data
        self.resume()

    def resume(self) -> None:
        """Goes on answering, until there is nothing to do or the client has to read."""
        sent = 0
        while not self._connection.full and not self._over:
            message = self._next()
            if message is None:
                break
            self._answers.append(len(message).to_bytes(2, "big") + message)
            self._waiting += 2 + len(message)
            if self._waiting >= FLUSH:
                sent += self._flush()
                if sent > TURN:
                    self._connection.pause()
                    self._connection.soon(self._again)
                    return
        self._flush()
        if self._over:
            self._connection.abort()

    def farewell(self) -> None:
        """DNS has no last words."""

    def _again(self) -> None:
        self._connection.proceed()
        self.resume()

    def _flush(self) -> int:
        octets, self._waiting = self._waiting, 0
        if octets:
            self._connection.send(b"".join(self._answers))
            self._answers.clear()
        return octets

    def _next(self) -> bytes | None:
        """The next message to send; None if there is none, or the connection is over."""
        while True:
            if self._more is not None:
                if (message := next(self._more, None)) is not None:
                    self._connection.touch()
                    return message
                self._more = None
                self._connection.proceed()
            packet = self._packet()
            if packet is None:
                return None
            answer = self._connection.answer(packet, self._back)
            if answer == LATER:
                continue
            if isinstance(answer, bytes):
                self._connection.observe()
                return answer
            if answer is None:  # nothing that a client of ours would send
                self._over = True
                return None
            self._more = answer
            self._connection.pause()  # what it asks meanwhile waits in the kernel

    def _packet(self) -> bytes | None:
        pending = self._pending
        if len(pending) < 2:
            return None
        size = 2 + int.from_bytes(pending[:2], "big")
        if len(pending) < size:
            return None
        packet = bytes(pending[2:size])
        del pending[:size]
        return packet
