"""Sockets that were open before the server: systemd's, or those of a server that it replaces.

They stay open elsewhere whatever becomes of this process, so that no query is lost meanwhile.
Nothing is done to them that others who have them would notice (see `Listener.shared`).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from gtm.errors import StartError
from gtm.planes.sockets import ListenAddress, Listener, adopt

FIRST = 3  # the first descriptor that systemd hands over (sd_listen_fds(3))
MOST = 512  # descriptors; the kernel hands over 253 at a time, no unit has as many


class Use(StrEnum):
    """What is spoken on a socket; also what its name says (FileDescriptorName=)."""

    DNS = "dns"
    TLS = "tls"
    HTTPS = "https"
    API = "api"


@dataclass(frozen=True, slots=True)
class Handed:
    """One socket, and where it is bound: an address, or the path of a Unix socket."""

    use: Use
    sock: socket.socket
    at: ListenAddress | Path

    @property
    def is_udp(self) -> bool:
        """Whether datagrams come from it."""
        return self.sock.type == socket.SOCK_DGRAM


class Pool:
    """Handed sockets that nobody has taken yet."""

    def __init__(self, handed: Iterable[Handed] = ()) -> None:
        """All of them are free."""
        self._free = list(handed)

    def addresses(self, use: Use, wanted: tuple[ListenAddress, ...]) -> tuple[ListenAddress, ...]:
        """Those of sockets for a use, which were not `wanted` anyway."""
        places = dict.fromkeys(
            each.at for each in self._free if each.use is use and isinstance(each.at, ListenAddress)
        )
        return tuple(at for at in places if at not in wanted)

    def has(self, use: Use) -> bool:
        """Whether any is there for it."""
        return any(each.use is use for each in self._free)

    def listener(self, at: ListenAddress, workers: int) -> Listener | None:
        """UDP and TCP of an address; None if neither was handed over. Raises StartError.

        Every socket that was handed over is read, and several threads share one where there are
        too few: only root could open more that share the port.
        """
        udp = self._take(Use.DNS, at, udp=True)
        tcp = self._take(Use.DNS, at, udp=False)
        if not udp and not tcp:
            return None
        if not udp or not tcp:
            had, lacks = ("TCP", "ListenDatagram") if not udp else ("UDP", "ListenStream")
            raise StartError(
                f"cannot answer on {at}: a socket was handed over for {had} alone, and clients "
                f"use both; add {lacks}={at} to the socket unit"
            )
        for spare in tcp[1:]:
            spare.sock.close()
        shared = [each.sock for each in udp]
        shared += [udp[turn % len(udp)].sock.dup() for turn in range(workers - len(udp))]
        return adopt(at, shared, tcp[0].sock)

    def stream(self, use: Use, at: ListenAddress | Path) -> socket.socket | None:
        """A listening socket for TLS, HTTPS or the API; None if none was handed over."""
        found = self._take(use, at, udp=False)
        for spare in found[1:]:
            spare.sock.close()
        if found:
            found[0].sock.setblocking(False)
        return found[0].sock if found else None

    def api_sockets(self) -> tuple[socket.socket, ...]:
        """Unix sockets of the API that are left.

        Raises StartError where one of TCP is left: who may use it is for the settings to say.
        """
        free = [each for each in self._free if each.use is Use.API]
        for each in free:
            if isinstance(each.at, ListenAddress):
                raise StartError(
                    f"cannot serve the API on {each.at}, as handed over: no setting names it; "
                    f"add --api {each.at}"
                )
            each.sock.setblocking(False)
        self._free = [each for each in self._free if each.use is not Use.API]
        return tuple(each.sock for each in free)

    def close(self) -> None:
        """Closes those that nobody took."""
        for each in self._free:
            each.sock.close()
        self._free.clear()

    def _take(self, use: Use, at: ListenAddress | Path, *, udp: bool) -> list[Handed]:
        found = [
            each for each in self._free if each.use is use and each.at == at and each.is_udp is udp
        ]
        self._free = [each for each in self._free if each not in found]
        return found


def from_systemd(
    environment: MutableMapping[str, str],
    pid: int,
    opened: Callable[[int], socket.socket] = lambda number: socket.socket(fileno=number),
    keep: Callable[[int], None] = lambda number: os.set_inheritable(number, False),
) -> tuple[Handed, ...]:
    """The sockets that systemd opened for the process `pid` (sd_listen_fds(3)).

    What says so is taken out of the environment: programs that checks run are not to see it.
    Raises StartError for a socket that nothing can be done with.
    """
    told = [environment.pop(key, "") for key in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")]
    meant, count, names = told
    if meant != str(pid) or not count.isascii() or not count.isdigit():
        return ()
    if int(count) > MOST:
        raise StartError(f"cannot use {count} sockets of systemd: {MOST} at the most")
    called = names.split(":") if names else []
    handed = []
    for number in range(int(count)):
        name = called[number] if number < len(called) else ""
        try:
            keep(FIRST + number)
            sock = opened(FIRST + number)
        except OSError as error:
            raise StartError(
                f"cannot use descriptor {FIRST + number} of systemd: {error.strerror}; "
                "LISTEN_FDS says that it is a socket"
            ) from error
        handed.append(recognised(sock, name))
    return tuple(handed)


def recognised(sock: socket.socket, name: str) -> Handed:
    """What a socket is for, by its name, else by its kind. Raises StartError if it fits nothing."""
    shown = f"the socket {name or 'without a name'} of systemd"
    streaming = sock.type == socket.SOCK_STREAM
    if streaming and not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise StartError(f"cannot use {shown}: it is a connection; set Accept=no in its unit")
    if sock.family == socket.AF_UNIX and streaming:
        if name in {Use.DNS, Use.TLS, Use.HTTPS}:
            raise StartError(f"cannot use {shown}: {name} is not spoken on Unix sockets")
        return Handed(Use.API, sock, Path(os.fsdecode(sock.getsockname())))
    if sock.family not in {socket.AF_INET, socket.AF_INET6} or sock.type not in {
        socket.SOCK_DGRAM,
        socket.SOCK_STREAM,
    }:
        raise StartError(
            f"cannot use {shown}: gtm answers on UDP, TCP, and for the API on Unix sockets; "
            "remove it from the socket unit"
        )
    use = Use(name) if name in set(Use) else Use.DNS
    if use is not Use.DNS and not streaming:
        raise StartError(
            f"cannot use {shown}: {use} is not spoken over UDP; write ListenStream= for it"
        )
    return Handed(use, sock, _place(sock, shown))


def _place(sock: socket.socket, shown: str) -> ListenAddress:
    host, port = sock.getsockname()[:2]
    address = ip_address(host)
    if isinstance(address, IPv6Address) and address.is_unspecified and not _ipv6_only(sock):
        raise StartError(
            f"cannot use {shown}: it is bound to IPv4 and IPv6 at once; "
            "add BindIPv6Only=ipv6-only to its unit, and name 0.0.0.0 beside [::]"
        )
    return ListenAddress(address, port)


def _ipv6_only(sock: socket.socket) -> bool:
    return bool(sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
