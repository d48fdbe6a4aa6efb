"""Sockets that a plane answers on: bound in pairs, UDP and TCP on one address and port."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from gtm.errors import StartError
from gtm.model import Address

BACKLOG = 512  # connections the kernel holds until they are accepted
RECEIVE_BUFFER = 4 << 20  # octets; holds a second's worth of queries while a thread is held up
IP_PKTINFO = 8  # as Linux numbers it (ip(7)); the socket module has no name for it
LOOK = struct.pack("@ll", 0, 200_000)  # 200 ms: threads look then whether others answer instead
TRIES = 8  # for a port that is free for UDP and for TCP when the system chooses it


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address and port to answer on; port 0 lets the system choose."""

    address: Address
    port: int

    def __str__(self) -> str:
        """`127.0.0.1:5300` or `[::1]:5300`."""
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}"

    @property
    def family(self) -> str:
        """The family as metrics name it: "1" is IPv4, "2" is IPv6 (CoreDNS's labels)."""
        return "1" if self.address.version == 4 else "2"


def parse_listen(text: str, usual: int = 53) -> ListenAddress:
    """`192.0.2.53:53`, `[2001:db8::53]:53`, or an address alone for the usual port.

    Raises ValueError with a sentence that says what to write instead.
    """
    host, _, port = text.rpartition(":") if not text.endswith("]") else (text, "", str(usual))
    if text.count(":") > 1 and not text.startswith("["):
        raise ValueError(f"an IPv6 address goes in brackets, as in [{text}]:{usual}")
    if ":" not in text:
        host, port = text, str(usual)
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        raise ValueError(f"{host!r} is not an IP address; write 192.0.2.53:{usual}") from None
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{port!r} is not a port; write a number from 0 to 65535")
    return ListenAddress(address, int(port))


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound pair of sockets; `at` has the port that was really taken.

    `more` are further UDP sockets that share the port: the kernel deals clients out among them.
    `shared` ones are open in other processes too: they are closed, but never shut down.
    """

    at: ListenAddress
    udp: socket.socket
    tcp: socket.socket
    more: tuple[socket.socket, ...] = ()
    shared: bool = False

    def close(self) -> None:
        """Closes all of them."""
        for each in (self.udp, self.tcp, *self.more):
            each.close()


def bind(wanted: ListenAddress, workers: int = 1) -> Listener:
    """Binds UDP, so often as there are workers, and TCP.

    Raises StartError that says what to do about it.
    """
    for attempt in range(TRIES):
        udp = _socket(wanted, socket.SOCK_DGRAM)
        try:
            _bind(udp, wanted)
            at = ListenAddress(wanted.address, udp.getsockname()[1])
            tcp = _tcp(at)
        except OSError as error:
            udp.close()
            if wanted.port == 0 and attempt + 1 < TRIES:
                continue
            raise StartError(f"cannot listen on {wanted}: {_why(error, wanted)}") from error
        tcp.setblocking(False)
        return Listener(at, udp, tcp, _more(udp, at, workers - 1))
    raise StartError(f"cannot listen on {wanted}: no port is free for both UDP and TCP")


def adopt(at: ListenAddress, udp: Sequence[socket.socket], tcp: socket.socket) -> Listener:
    """A listener of sockets that another process has bound, with what they may lack.

    Raises StartError.
    """
    try:
        for each in udp:
            each.setblocking(True)
            _prepare_datagrams(each, at)
        tcp.setblocking(False)
    except OSError as error:
        raise StartError(f"cannot answer on {at}, as handed over: {error.strerror}") from error
    return Listener(at, udp[0], tcp, tuple(udp[1:]), shared=True)


def bind_stream(wanted: ListenAddress, flag: str) -> tuple[ListenAddress, socket.socket]:
    """Binds a listening socket alone, for what `flag` names; gives where it really listens.

    Raises StartError that says what to do about it.
    """
    try:
        made = _tcp(wanted)
    except OSError as error:
        why = _why(error, wanted).replace("--listen", flag)
        raise StartError(f"cannot listen on {wanted}: {why}") from error
    made.setblocking(False)
    return ListenAddress(wanted.address, made.getsockname()[1]), made


def _more(first: socket.socket, at: ListenAddress, count: int) -> tuple[socket.socket, ...]:
    """So many UDP sockets that share a bound one's port (SO_REUSEPORT, socket(7)).

    It is bound before it may be shared, so that a port that others have is still refused.
    """
    made = []
    for _ in range(count):
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        another = _socket(at, socket.SOCK_DGRAM)
        another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind(another, at)
        made.append(another)
    return tuple(made)


def _socket(wanted: ListenAddress, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET if wanted.address.version == 4 else socket.AF_INET6
    made = socket.socket(family, kind)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_DGRAM:
        _prepare_datagrams(made, wanted)
    else:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _prepare_datagrams(made: socket.socket, at: ListenAddress) -> None:
    with contextlib.suppress(OSError):  # the system's limit is taken if it is lower
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, LOOK)
    if at.address.is_unspecified:
        _ask_for_destination(made, made.family)


def _ask_for_destination(made: socket.socket, family: int) -> None:
    """On a wildcard the kernel tells which address was asked, so that it is the one to reply."""
    if family == socket.AF_INET:
        made.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    else:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)


def _bind(made: socket.socket, at: ListenAddress) -> None:
    made.bind((str(at.address), at.port))


def _tcp(at: ListenAddress) -> socket.socket:
    tcp = _socket(at, socket.SOCK_STREAM)
    try:
        _bind(tcp, at)
        tcp.listen(BACKLOG)
    except OSError:
        tcp.close()
        raise
    return tcp


def _why(error: OSError, wanted: ListenAddress) -> str:
    words = error.strerror or str(error)
    if isinstance(error, PermissionError):
        return f"{words}; ports below 1024 need root or CAP_NET_BIND_SERVICE"
    if "in use" in words:
        return f"{words}; stop what listens there or choose another with --listen"
    return words
