"""Where the API is served: Unix sockets, and TCP plain or with TLS.

Sockets are bound before root is given up, and served once the tokens could be read by the user
that gtm is then. Beyond loopback there are always tokens, and TLS unless told otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import socket
import ssl
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from gtm.api.access.tokenfile import TokenFile
from gtm.errors import ConfigError, StartError
from gtm.handed import Pool, Use
from gtm.planes.certificate import Keeper
from gtm.planes.limits import HANDSHAKE, client_of
from gtm.planes.sockets import BACKLOG, bind_stream
from gtm.planted import planted
from gtm.settings import ApiAddress, Settings

log = structlog.get_logger("gtm")

SOCKET_MODE = 0o660  # who may use the Unix socket is decided by file mode: owner and group
PRIVATE = 0o750  # of a directory made for it
# Handshakes under way at once, of all and of one address: each is a file, and gone after HANDSHAKE
# seconds. For one more, the new one is closed: half-open connections cost nobody else anything.
HANDSHAKES = 100
HANDSHAKES_PER_CLIENT = 20
WAITING = ".new"  # of a Unix socket that is to take another server's place
NO_FILES = 1.0  # seconds until more is accepted, where the system has no file left


@dataclass(frozen=True, slots=True)
class Door:
    """A bound socket: `at` where it is over TCP, else the `path` of a Unix socket.

    `inode` is of a path that gtm made, 0 of one that was there. Until it is served, a socket that
    is to take another server's place is at `waiting`.
    """

    sock: socket.socket
    at: ApiAddress | None = None
    path: Path | None = None
    inode: int = 0
    waiting: Path | None = None

    def __str__(self) -> str:
        """As commands take it."""
        return str(self.at) if self.path is None else f"unix:{self.path}"

    @property
    def tls(self) -> bool:
        """Whether TLS is spoken."""
        return self.at is not None and self.at.tls

    @property
    def beyond(self) -> bool:
        """Whether other machines can reach it."""
        return self.at is not None and not self.at.at.address.is_loopback

    def require_place(self) -> None:
        """Refuses where another server's place could not be taken. Raises StartError."""
        if self.waiting is not None and not _may_write(self.waiting.parent):
            reason = may_not_write(self.waiting.parent)
            raise StartError(
                f"cannot take the place of the API on {self}: {reason}; "
                "give it the folder, or stop the running gtm and start without --takeover"
            )

    def settle(self) -> None:
        """Takes the place of another server's socket, if it was to."""
        if self.waiting is not None and self.path is not None:
            self.waiting.replace(self.path)

    def close(self) -> None:
        """Closes it; a Unix socket's file goes too, unless another server's is there by now."""
        self.sock.close()
        for path in filter(None, (self.path, self.waiting)):
            with contextlib.suppress(OSError):  # after --user its directory may be another's
                if path.stat().st_ino == self.inode:
                    path.unlink()


@dataclass(frozen=True, slots=True)
class BoundApi:
    """Everything that the API is served on; `keeper` has the certificate, where TLS is spoken."""

    doors: tuple[Door, ...]
    keeper: Keeper | None = None

    async def serve(self, stack: contextlib.AsyncExitStack, runner: web.AppRunner) -> list[str]:
        """Begins to serve; gives the places as commands take them."""
        for door in self.doors:
            door.settle()
            if door.tls:
                assert self.keeper is not None  # noqa: S101  # bind_api has seen to it
                greeter = Greeter(door.sock, runner, self.keeper)
                stack.push_async_callback(greeter.close)
                greeter.start()
            else:
                await web.SockSite(runner, door.sock).start()
        return [str(door) for door in self.doors]

    def require_places(self) -> None:
        """Refuses, as the user that gtm is by now, where `serve` would fail. Raises StartError."""
        for door in self.doors:
            door.require_place()

    def require_tokens(self, tokens: TokenFile) -> None:
        """Refuses what listens beyond loopback without tokens. Raises ConfigError."""
        beyond = [door.at for door in self.doors if door.at is not None and door.beyond]
        if not beyond or tokens.needed:
            return
        made = "--state DIR" if tokens.path is None else f"--tokens {tokens.path}"
        raise ConfigError(
            f"cannot serve the API on {beyond[0]}: without tokens it listens on loopback alone; "
            f"make one with `gtm keys token add NAME --scope operate {made}`, or use "
            f"--api 127.0.0.1:{beyond[0].at.port}"
        )

    def offered(self) -> list[tuple[Use, socket.socket]]:
        """Those of TCP, for a server that takes over; Unix sockets are replaced."""
        return [(Use.API, door.sock) for door in self.doors if door.at is not None]

    def close(self) -> None:
        """Closes all sockets."""
        for door in self.doors:
            door.close()


def bind_api(settings: Settings, handed: Pool | None = None, *, waiting: bool = False) -> BoundApi:
    """Binds every address and Unix socket that was not handed over. Raises ConfigError, StartError.

    With `waiting` Unix sockets take the place of another server's when they are served.
    """
    handed = Pool() if handed is None else handed
    wanted = settings.api_tcp()
    for address in wanted:
        _require_private(address, settings)
    keeper = _keeper(wanted, settings)
    doors: list[Door] = []
    try:
        for address in wanted:
            at, sock = address.at, handed.stream(Use.API, address.at)
            if sock is None:
                at, sock = bind_stream(address.at, "--api")
            doors.append(Door(sock, ApiAddress(at, address.tls)))
        doors += _unix_doors(settings, handed, waiting=waiting)
    except StartError:
        BoundApi(tuple(doors)).close()
        raise
    return BoundApi(tuple(doors), keeper)


def _require_private(address: ApiAddress, settings: Settings) -> None:
    if address.tls or address.at.address.is_loopback or settings.api_plaintext:
        return
    raise ConfigError(
        f"cannot serve the API on {address}: tokens would cross the network in the clear; write "
        f"--api https://{address.at} with --api-certificate FILE, or add --api-plaintext if "
        "something else encrypts"
    )


def _keeper(wanted: tuple[ApiAddress, ...], settings: Settings) -> Keeper | None:
    secure = [address for address in wanted if address.tls]
    if not secure:
        return None
    files = settings.api_certificates()
    if files is None:
        raise ConfigError(
            f"cannot serve the API on {secure[0]} without a certificate: add --api-certificate "
            "FILE and --api-certificate-key FILE (PEM)"
        )
    return Keeper(*files, http2=False)  # aiohttp speaks HTTP/1.1


class Greeter:
    """Accepts connections to a socket, and hands them on once TLS is spoken.

    What a client may hold before that is bounded here: no other limit sees it yet.
    """

    def __init__(self, sock: socket.socket, runner: web.AppRunner, keeper: Keeper) -> None:
        """`keeper` has the certificate of the hour."""
        self._sock = sock
        self._runner = runner
        self._keeper = keeper
        self._context = _front(keeper)
        self._by_client: Counter[str] = Counter()
        self._greeting: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None
        self.refused = 0

    def start(self) -> None:
        """Begins to accept."""
        self._accepting = asyncio.create_task(self._accept())

    async def close(self) -> None:
        """Accepts no more, and ends handshakes; connections are their server's."""
        tasks = [*self._greeting, *([] if self._accepting is None else [self._accepting])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sock.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, peer = await loop.sock_accept(self._sock)
            except OSError as error:
                log.warning("api_accept_failed", error=error.strerror or str(error))
                await asyncio.sleep(NO_FILES)
                continue
            client = client_of(peer[0])
            if not self._has_room(client):
                self.refused += 1
                sock.close()
                continue
            task = asyncio.create_task(self._greet(sock, client))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    def _has_room(self, client: str) -> bool:
        if len(self._greeting) >= HANDSHAKES:
            return False
        return self._by_client[client] < HANDSHAKES_PER_CLIENT

    async def _greet(self, sock: socket.socket, client: str) -> None:
        self._by_client[client] += 1
        server, loop = self._runner.server, asyncio.get_running_loop()
        assert server is not None  # noqa: S101  # the runner is set up before it serves
        try:
            await loop.connect_accepted_socket(
                server, sock, ssl=self._context, ssl_handshake_timeout=HANDSHAKE
            )
        except OSError:  # TLS errors are of these: whoever it was is gone
            sock.close()
        except asyncio.CancelledError:
            sock.close()
            raise
        finally:
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]


def _front(keeper: Keeper) -> ssl.SSLContext:
    """What a connection begins with; it gets the certificate that is right then.

    OpenSSL calls back before it chooses one, whether or not the client names a server.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 section 3.1.1
    context.set_alpn_protocols(["http/1.1"])

    def choose(
        connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        connection.context = keeper.https()

    context.sni_callback = choose
    return context


# --- Unix sockets -------------------------------------------------------------------------


def _unix_doors(settings: Settings, handed: Pool, *, waiting: bool) -> list[Door]:
    wished = any(text.startswith("unix:") for text in settings.api)
    doors: list[Door] = []
    for path in settings.api_sockets():
        if (there := handed.stream(Use.API, path)) is not None:
            doors.append(Door(there, path=path))
            continue
        try:
            doors.append(_unix(path, settings.user, waiting=waiting))
        except StartError as error:
            if wished:
                BoundApi(tuple(doors)).close()
                raise
            # DNS is worth more than a socket nobody asked for
            remedy = "choose one with --api unix:PATH"
            log.warning("no_api_socket", error=str(error), remedy=remedy)
    return doors + [Door(sock, path=Path(sock.getsockname())) for sock in handed.api_sockets()]


def _unix(path: Path, user: str | None, *, waiting: bool) -> Door:
    place = path.with_name(path.name + WAITING) if waiting else path
    _make_room(place, user)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.bind(str(place))
        place.chmod(SOCKET_MODE)
        sock.listen(BACKLOG)
        inode = place.stat().st_ino
    except OSError as error:
        sock.close()
        raise StartError(
            f"cannot serve the API on unix:{path}: {error.strerror or error}"
        ) from error
    sock.setblocking(False)
    return Door(sock, path=path, inode=inode, waiting=place if waiting else None)


def may_not_write(folder: Path) -> str:
    """Why gtm can't make a socket there: `user gtm may not write in /run/gtm`."""
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = str(os.geteuid())
    return f"user {name} may not write in {folder}"


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=True)


def _make_room(path: Path, user: str | None) -> None:
    """Makes the directory, and removes a socket that a server left behind when it was killed.

    A directory that is made belongs to the user that gtm will be: what takes over from it, or
    cleans up after it, makes and removes sockets there.
    """
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            if user is not None and os.geteuid() == 0:
                with contextlib.suppress(LookupError):  # said when gtm becomes that user
                    shutil.chown(path.parent, user)
        if (why := planted(path)) is not None:
            raise StartError(f"cannot serve the API on unix:{path}: {why}")
        if not path.is_socket():
            return
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                path.unlink()
                return
    except OSError as error:
        raise StartError(f"cannot serve the API on unix:{path}: {error.strerror}") from error
    raise StartError(f"cannot serve the API on unix:{path}: another gtm is serving there")
