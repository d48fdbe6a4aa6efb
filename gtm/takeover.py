"""One server takes the sockets of another over, so that an upgrade loses no query.

The running server listens on a Unix socket beside that of the API, for its own user and root. A
new one asks there for its listening sockets (SCM_RIGHTS, unix(7)), gets ready while the old one
answers, answers beside it for a moment, and says so; then the old one receives nothing more, and
ends. If the new one goes away before it is ready, the old one goes on as if nothing had been.

What is said is a line of JSON each: the new one's hello, the old one's list of sockets, which the
descriptors come with, "ready" from the new one, and "gone" from the old one.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog

from gtm.errors import StartError
from gtm.handed import Handed, Use, recognised
from gtm.planted import planted

log = structlog.get_logger("gtm")

SUFFIX = ".takeover"  # of the API's socket
FORM = 1  # of what is said; a server that speaks another is refused
LINE = 1 << 16  # octets of one line at the most
AT_ONCE = 200  # descriptors in one message: the kernel takes 253
PATIENCE = 10.0  # seconds that the other side may take for its next line, but for "ready"
GETTING_READY = 600.0  # seconds that the new server may take to get ready
NONSENSE = "it said nothing that makes sense"
CREDENTIALS = struct.Struct("3i")  # process, user, group (SO_PEERCRED, unix(7))

Offered = Sequence[tuple[Use, socket.socket]]


def place_of(api: Path) -> Path:
    """Where a server hands over whose API is at this Unix socket."""
    return api.with_name(api.name + SUFFIX)


# --- the new server ---------------------------------------------------------------------


class Taken:
    """What was taken over from a running server, and the connection to it."""

    def __init__(self, connection: socket.socket, sockets: tuple[Handed, ...], pid: int) -> None:
        """The old server answers until `ready`."""
        self._connection = connection
        self.sockets = sockets
        self.pid = pid

    async def ready(self) -> None:
        """The new server answers: the old one stops, and this returns when it receives no more.

        Raises StartError where the old one does not say so.
        """
        loop = asyncio.get_running_loop()
        self._connection.setblocking(False)
        await loop.sock_sendall(self._connection, _line({"ready": True}))
        try:
            async with asyncio.timeout(PATIENCE):
                said = await loop.sock_recv(self._connection, LINE)
        except (TimeoutError, OSError):
            said = b""
        if b"gone" not in said:
            raise StartError(
                f"cannot take over from process {self.pid}: it does not say that it has stopped"
            )

    def close(self) -> None:
        """Ends the connection; before `ready` it has the old server go on."""
        self._connection.close()


def take(api: Path, version: str) -> Taken:
    """Asks the server whose API is at `api` for its sockets. Raises StartError."""
    path = place_of(api)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    try:
        _connect(connection, path)
        hello = {"gtm": FORM, "version": version, "pid": os.getpid()}
        connection.sendall(_line(hello))
        answer, numbers = _receive(connection)
    except (OSError, ValueError) as error:
        connection.close()
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise StartError(
            f"cannot take over from the server at unix:{api}: {why}; start without --takeover if "
            "none is running"
        ) from error
    opened = [socket.socket(fileno=number) for number in numbers]
    try:
        return Taken(connection, _handed(answer, opened), int(answer.get("pid", 0)))
    except (StartError, ValueError, TypeError) as error:
        for each in (connection, *opened):
            each.close()
        raise StartError(f"cannot take over from the server at unix:{api}: {error}") from error


def _connect(connection: socket.socket, path: Path) -> None:
    if (why := planted(path)) is not None:
        raise ValueError(why)
    connection.connect(str(path))


def _handed(answer: dict[str, Any], opened: list[socket.socket]) -> tuple[Handed, ...]:
    """The sockets, and what each is for. Raises StartError, ValueError, TypeError."""
    if "error" in answer:
        raise StartError(str(answer["error"]))
    uses = [Use(word) for word in answer.get("sockets", ())]
    return tuple(recognised(sock, use) for use, sock in zip(uses, opened, strict=True))


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The old server's line, and all descriptors that it announces."""
    text, numbers = b"", array.array("i")
    while not text.endswith(b"\n") or len(numbers) < _count(text):
        room = socket.CMSG_SPACE(AT_ONCE * numbers.itemsize)
        part, ancillary, _, _ = connection.recvmsg(LINE, room, socket.MSG_CMSG_CLOEXEC)
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
        text += part.replace(b"\0", b"")
        if not part or len(text) > LINE:
            raise ValueError(NONSENSE)
    return _read(text), numbers.tolist()


def _count(text: bytes) -> int:
    sockets = _read(text).get("sockets", [])
    if not isinstance(sockets, list):
        raise ValueError(NONSENSE)  # noqa: TRY004  # as of what is no JSON
    return len(sockets)


# --- the old server ---------------------------------------------------------------------


class Offer:
    """Hands this server's sockets over to whoever asks for them."""

    def __init__(
        self,
        path: Path,
        offered: Callable[[], Offered],
        hold: Callable[[bool], None],
        leave: Callable[[int], None],
        refusal: str | None = None,
    ) -> None:
        """`hold` keeps changes from being made while another gets ready, or lets them again.

        `leave` is called with the new server's process once it answers: from then on nothing more
        may be received. `refusal` is why nobody can take over, where nobody can.
        """
        self._path = path
        self._offered = offered
        self._hold = hold
        self._leave = leave
        self._refusal = refusal

    async def run(self) -> None:
        """Waits for somebody who asks, until it is cancelled."""
        loop = asyncio.get_running_loop()
        with self._listening() as listening:
            while True:
                connection, _ = await loop.sock_accept(listening)
                with connection:
                    await self._serve(connection)

    @contextlib.contextmanager
    def _listening(self) -> Any:
        with socket.socket(socket.AF_UNIX) as listening:
            with contextlib.suppress(OSError):
                self._path.unlink()
            listening.bind(str(self._path))
            self._path.chmod(0o600)
            listening.listen(1)
            listening.setblocking(False)
            number = self._path.stat().st_ino
            try:
                yield listening
            finally:
                with contextlib.suppress(OSError):
                    if self._path.stat().st_ino == number:  # not the new server's
                        self._path.unlink()

    async def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        held = False
        try:
            pid = await self._greeted(connection)
            if pid is None:
                return
            log.warning("taking_over", by=pid, meanwhile="answers go on, changes are refused")
            held = True
            self._hold(True)
            self._send(connection)
            if await self._said(connection, GETTING_READY) != {"ready": True}:
                log.warning("takeover_failed", by=pid, reason="it ended before it was ready")
                return
            held = False
            self._leave(pid)
            await asyncio.get_running_loop().sock_sendall(connection, _line({"gone": True}))
        except (OSError, ValueError) as error:
            log.warning("takeover_failed", reason=str(error))
        finally:
            if held:
                self._hold(False)

    async def _greeted(self, connection: socket.socket) -> int | None:
        """The process that asks; None where it may not."""
        size = CREDENTIALS.size
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid, user, _ = CREDENTIALS.unpack(raw)
        if user not in {0, os.geteuid()}:
            log.warning("takeover_refused", by=pid, reason=f"it runs as user {user}")
            return None
        hello = await self._said(connection, PATIENCE)
        text = self._refusal
        if hello.get("gtm") != FORM:
            text = f"it speaks form {FORM} of this, and the new server {hello.get('gtm')}; restart"
        if text is not None:
            log.warning("takeover_refused", by=pid, reason=text)
            await asyncio.get_running_loop().sock_sendall(connection, _line({"error": text}))
            return None
        return int(pid)

    async def _said(self, connection: socket.socket, patience: float) -> dict[str, Any]:
        """The next line; empty when the other side has gone, or takes too long."""
        loop, text = asyncio.get_running_loop(), b""
        try:
            async with asyncio.timeout(patience):
                while not text.endswith(b"\n"):
                    part = await loop.sock_recv(connection, LINE)
                    if not part or len(text) > LINE:
                        return {}
                    text += part
        except (TimeoutError, OSError):
            return {}
        return _read(text)

    def _send(self, connection: socket.socket) -> None:
        """The list, and the sockets; each message carries an octet at least (unix(7))."""
        offered = list(self._offered())
        numbers = [sock.fileno() for _, sock in offered]
        text = _line({"sockets": [use.value for use, _ in offered], "pid": os.getpid()})
        connection.setblocking(True)
        connection.settimeout(PATIENCE)
        try:
            socket.send_fds(connection, [text], numbers[:AT_ONCE])
            for first in range(AT_ONCE, len(numbers), AT_ONCE):
                socket.send_fds(connection, [b"\0"], numbers[first : first + AT_ONCE])
        finally:
            connection.setblocking(False)


def _read(text: bytes) -> dict[str, Any]:
    """What a line says. Raises ValueError for what is no object of JSON."""
    try:
        said = json.loads(text)
    except RecursionError as error:
        raise ValueError(NONSENSE) from error
    if not isinstance(said, dict):
        raise ValueError(NONSENSE)  # noqa: TRY004  # as of what is no JSON
    return said


def _line(said: dict[str, object]) -> bytes:
    return json.dumps(said).encode() + b"\n"
