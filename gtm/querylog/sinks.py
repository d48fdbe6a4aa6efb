"""Where entries go: a file, which may be moved away at any time, or a Unix socket.

A sink is written to by one thread, which may wait. What it can't take is lost, and said by OSError.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Protocol

from gtm.errors import GtmError
from gtm.querylog import framestream

UNIX = "unix:"
FILE_MODE = 0o640  # people's names are in it
PATIENCE = 5.0  # seconds a reader at a socket gets to take what is written


class Format(StrEnum):
    """How entries are written."""

    JSON = "json"
    DNSTAP = "dnstap"


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or a Unix socket that somebody listens on."""

    path: Path
    is_socket: bool

    def __str__(self) -> str:
        """As settings have it."""
        return f"{UNIX}{self.path}" if self.is_socket else str(self.path)


class Sink(Protocol):
    """Takes entries that are encoded."""

    def write(self, encoded: Sequence[bytes]) -> None:
        """Writes them all. Raises OSError or GtmError; then none or some were written."""

    def close(self) -> None:
        """Ends it properly, as far as that is possible."""


def parse_place(text: str) -> Place:
    """`unix:PATH` or `PATH`. Raises ValueError."""
    path = text.removeprefix(UNIX)
    if not path:
        raise ValueError("a path is missing; write a file's path, or unix: and a socket's")
    return Place(Path(path), text.startswith(UNIX))


def sink(place: Place, form: Format) -> Sink:
    """The place, opened when something is written."""
    if place.is_socket:
        return SocketSink(place.path, form)
    return FileSink(place.path, form)


class FileSink:
    """A file that is appended to, and begun anew where it is no longer at its path."""

    def __init__(self, path: Path, form: Format) -> None:
        """Not open yet."""
        self._path = path
        self._form = form
        self._file: IO[bytes] | None = None

    def write(self, encoded: Sequence[bytes]) -> None:
        """Writes them, to the file that is at the path now."""
        if self._file is not None and self._moved(self._file):
            self.close()
        if self._file is None:
            self._file = self._open()
        written = map(framestream.frame, encoded) if self._form is Format.DNSTAP else encoded
        self._file.write(b"".join(written))
        self._file.flush()

    def close(self) -> None:
        """Ends the file."""
        file, self._file = self._file, None
        if file is None:
            return
        with contextlib.suppress(OSError), file:
            if self._form is Format.DNSTAP:
                file.write(framestream.STOP)

    def _open(self) -> IO[bytes]:
        if self._form is Format.DNSTAP:
            self._set_aside()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
        file = os.fdopen(descriptor, "ab")
        if self._form is Format.DNSTAP:
            file.write(framestream.START)
        return file

    def _set_aside(self) -> None:
        """A stream ends with its STOP: nothing can be appended, and nothing is lost."""
        if self._path.exists() and self._path.stat().st_size:
            stamp = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
            self._path.rename(f"{self._path}.{stamp:%Y%m%dT%H%M%SZ}")

    def _moved(self, file: IO[bytes]) -> bool:
        try:
            return not os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except FileNotFoundError:
            return True


class SocketSink:
    """A Unix socket, connected to when there is something to write."""

    def __init__(self, path: Path, form: Format) -> None:
        """Not connected yet."""
        self._path = path
        self._form = form
        self._connection: socket.socket | None = None

    def write(self, encoded: Sequence[bytes]) -> None:
        """Writes them; a reader that takes nothing for some seconds is given up."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            written = map(framestream.frame, encoded) if self._form is Format.DNSTAP else encoded
            self._connection.sendall(b"".join(written))
        except (OSError, GtmError):
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()
            raise

    def close(self) -> None:
        """Says that it is the end, and hangs up."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(OSError, GtmError), connection:
            if self._form is Format.DNSTAP:
                framestream.take_leave(connection)

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(PATIENCE)
            connection.connect(str(self._path))
            if self._form is Format.DNSTAP:
                framestream.shake_hands(connection)
        except (OSError, GtmError):
            connection.close()
            raise
        return connection
