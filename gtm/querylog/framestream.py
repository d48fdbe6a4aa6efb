"""Frame Streams, in which dnstap is written (https://farsightsec.github.io/fstrm/).

A data frame is its length in four octets and itself; a length of 0 escapes a control frame: its
own length, its type, and fields.
"""

from __future__ import annotations

import socket
import struct

from gtm.errors import GtmError

CONTENT_TYPE = b"protobuf:dnstap.Dnstap"
LARGEST_CONTROL = 512  # octets of a control frame, by the protocol

_ESCAPE = bytes(4)
_ACCEPT, _START, _STOP, _READY, _FINISH = 1, 2, 3, 4, 5
_FIELD_CONTENT_TYPE = 1
_WORD = struct.Struct("!I")


def frame(data: bytes) -> bytes:
    """A data frame."""
    return _WORD.pack(len(data)) + data


def _control(kind: int, *, typed: bool = False) -> bytes:
    body = _WORD.pack(kind)
    if typed:
        body += _WORD.pack(_FIELD_CONTENT_TYPE) + _WORD.pack(len(CONTENT_TYPE)) + CONTENT_TYPE
    return _ESCAPE + _WORD.pack(len(body)) + body


START = _control(_START, typed=True)
STOP = _control(_STOP)
READY = _control(_READY, typed=True)


def shake_hands(connection: socket.socket) -> None:
    """Agrees with a reader on what is written. Raises OSError, or GtmError if it does not."""
    connection.sendall(READY)
    accepted = _heard(connection)
    if accepted[:4] != _WORD.pack(_ACCEPT) or CONTENT_TYPE not in accepted:
        raise GtmError("cannot write dnstap: the reader takes something else")
    connection.sendall(START)


def take_leave(connection: socket.socket) -> None:
    """Ends the stream, so that the reader knows it to be whole. Raises OSError or GtmError."""
    connection.sendall(STOP)
    if _heard(connection)[:4] != _WORD.pack(_FINISH):
        raise GtmError("cannot end dnstap: the reader says something else than that it is done")


def _heard(connection: socket.socket) -> bytes:
    """The body of a control frame from the reader."""
    if _octets(connection, 4) != _ESCAPE:
        raise GtmError("cannot write dnstap: the reader does not speak Frame Streams")
    (length,) = _WORD.unpack(_octets(connection, 4))
    if not 4 <= length <= LARGEST_CONTROL:
        raise GtmError(f"cannot write dnstap: the reader sent a control frame of {length} octets")
    return _octets(connection, length)


def _octets(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = connection.recv(count - len(found))
        if not more:
            raise ConnectionResetError("the reader closed the connection")
        found += more
    return found
