"""Who calls: by a token, over the Unix socket, or from this machine where no token is needed."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from aiohttp import web

from gtm.api.access.tokens import EVERYTHING, Token, ordered
from gtm.api.scopes import Scope

CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred (unix(7))
USERS = 64  # names of users that are kept: looking one up may ask another machine


class Via(StrEnum):
    """What a caller is trusted for."""

    UNIX = "unix"
    TOKEN = "token"  # noqa: S105  # a word, no secret
    LOOPBACK = "loopback"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a request comes from. `address` is "" over a Unix socket, `process` what is there."""

    address: str
    user: str = ""
    process: str = ""

    @property
    def is_unix(self) -> bool:
        """Whether it came over a Unix socket."""
        return not self.address

    @property
    def place(self) -> str:
        """For log lines: an address, or `uid 1000, pid 4242`."""
        return self.address or self.process


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, and what for.

    `address` is as Peer.place has it, `token` is the one that was shown.
    """

    name: str
    scopes: frozenset[Scope]
    via: Via
    address: str
    token: Token | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the scope is among what it may."""
        return scope is Scope.OPEN or scope in self.scopes

    @property
    def said(self) -> str:
        """`the token grafana`, or who else it is."""
        return f"the token {self.name}" if self.via is Via.TOKEN else self.name

    @property
    def scope_names(self) -> list[str]:
        """For JSON."""
        return ordered(self.scopes)


CALLER: Final = web.RequestKey("caller", Caller)  # where a request has it


def of_token(token: Token, peer: Peer) -> Caller:
    """Who shows a token that is good."""
    return Caller(token.name, token.allows, Via.TOKEN, peer.place, token)


def trusted(peer: Peer) -> Caller:
    """Who is trusted for where it comes from: file mode lets it in, or it is on this machine."""
    if peer.is_unix:
        return Caller(peer.user, EVERYTHING, Via.UNIX, peer.place)
    return Caller(peer.address, EVERYTHING, Via.LOOPBACK, peer.place)


def stranger(peer: Peer) -> Caller:
    """Who has shown nothing, and gets what is open to all."""
    return Caller(peer.place, frozenset(), Via.NOTHING, peer.place)


def caller_of(request: web.Request) -> Caller:
    """Who sent the request; the guard has seen to it that there is one."""
    return request[CALLER]


def peer_of(request: web.Request) -> Peer | None:
    """Where the request comes from; None where that can't be told any more.

    A client that resets its connection has no address from then on (uvloop asks the kernel each
    time). So what was sent over a Unix socket is told by its socket, never by a lack of address.
    """
    transport = request.transport
    if transport is None:
        return None
    sock, name = transport.get_extra_info("socket"), transport.get_extra_info("peername")
    if getattr(sock, "family", None) != socket.AF_UNIX:
        return Peer(str(name[0])) if isinstance(name, tuple) and name and name[0] else None
    uid, pid = _credentials(sock)
    if uid is None:
        return Peer("", "unix", "unix")
    return Peer("", user_name(uid), f"uid {uid}, pid {pid}")


def _credentials(sock: object) -> tuple[int | None, int]:
    """User and process at the other end, as they were when it connected (SO_PEERCRED, unix(7))."""
    number = getattr(sock, "fileno", lambda: -1)()
    if number < 0:
        return None, 0
    try:
        with socket.socket(fileno=os.dup(number)) as own:  # event loops hide theirs
            data = own.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    except OSError:
        return None, 0
    pid, uid, _ = CREDENTIALS.unpack(data)
    return uid, pid


@lru_cache(USERS)
def user_name(uid: int) -> str:
    """A user's login name, or `uid 1000` where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OSError):
        return f"uid {uid}"
