"""Answers over UDP on one socket: a thread that blocks until a packet comes.

Nothing but the two system calls a packet needs; waking an event loop would cost as much again.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

from gtm.planes.answering import Answering
from gtm.planes.limiting import Limiter
from gtm.planes.prompt import be_prompt
from gtm.planes.proxy import BAD_HEADER, Balancers, Malformed, read
from gtm.planes.sockets import IP_PKTINFO
from gtm.planes.stats import SocketStats

LARGEST_QUERY = 4096  # octets read of a datagram; a longer one reads as malformed
UNTIMED = 31  # answers between two that are timed, so that clocks cost next to nothing
PKTINFO4 = struct.Struct("=I4s4s")  # interface, local address, destination (ip(7))


Peer = tuple[Any, ...]  # an address, as sockets have them


class Way:
    """The way back to whom a thread answers; it writes down who that is."""

    __slots__ = ("ancillary", "peer", "sock")

    def __init__(self, sock: socket.socket) -> None:
        """Nobody has asked yet."""
        self.sock = sock
        self.peer: Peer = ("", 0)
        self.ancillary: list[tuple[int, int, bytes]] = []

    def back(self) -> Datagram:
        """That of the packet that has just come."""
        return Datagram(self.sock, self.peer, [_source(item) for item in self.ancillary])


@dataclass(frozen=True, slots=True)
class Datagram:
    """The way back to one sender, from the address that was asked."""

    sock: socket.socket
    peer: Peer
    ancillary: list[tuple[int, int, bytes]]

    def send(self, message: bytes) -> bool:
        """Several messages do not go over UDP."""
        return False

    def end(self, message: bytes | None) -> None:
        """The answer; the socket may be closed by now, or the peer gone."""
        if message is not None:
            with contextlib.suppress(OSError):
                self.sock.sendmsg([message], self.ancillary, 0, self.peer)


def serve(
    sock: socket.socket,
    answering: Answering,
    stats: SocketStats,
    limiter: Limiter | None = None,
    balancers: Balancers | None = None,
) -> None:
    """Answers until `stop`, on a blocking socket, within the limit if there is one.

    `balancers` send a PROXY header first.
    """
    be_prompt()
    run = partial(_run_told, balancers) if balancers or _is_wildcard(sock) else _run
    way = Way(sock)
    while not (answering.stopped or answering.retired):
        try:
            run(sock, answering, stats, limiter, way)
        except BlockingIOError:
            continue  # nothing came for a while (`sockets.LOOK`)
        except OSError:
            stats.dropped["socket error"] += 1  # an unreachable peer; the next one may not be


def stop(sock: socket.socket) -> None:
    """Wakes the thread that waits for the socket, which then finds that it is to end."""
    with contextlib.suppress(OSError):  # Linux says "not connected", and wakes it all the same
        sock.shutdown(socket.SHUT_RD)


def _run(
    sock: socket.socket,
    answering: Answering,
    stats: SocketStats,
    limiter: Limiter | None,
    way: Way,
) -> None:
    """One timed answer, and those that are not timed after it."""
    receive, send = sock.recvfrom, sock.sendto
    packet, peer = receive(LARGEST_QUERY)
    if not packet:  # the socket was shut down, or an empty datagram, which gets silence
        return
    begun = perf_counter()
    way.peer = peer
    message = answering.datagram(packet, peer[0], stats, limiter, way)
    if not message:  # silence, or LATER
        return
    send(message, peer)
    stats.observe(perf_counter() - begun)
    for _ in range(UNTIMED):
        packet, peer = receive(LARGEST_QUERY)
        if not packet:
            return
        way.peer = peer
        message = answering.datagram(packet, peer[0], stats, limiter, way)
        if not message:
            return
        send(message, peer)


def _run_told(
    balancers: Balancers | None,
    sock: socket.socket,
    answering: Answering,
    stats: SocketStats,
    limiter: Limiter | None,
    way: Way,
) -> None:
    """One answer, by what comes beside or before the packet.

    The kernel says which address was asked: the reply leaves from there. A balancer says in a
    header whom it is for, and gets it.
    """
    packet, ancillary, _, peer = sock.recvmsg(LARGEST_QUERY, 64)
    if not packet:
        return
    begun = perf_counter()
    host = peer[0]
    if balancers is not None and balancers.has(host):
        try:
            header = read(packet)
        except Malformed:
            header = None
        if header is None:
            stats.dropped[BAD_HEADER] += 1
            return
        packet, host = packet[header.size :], header.client or host
    way.peer, way.ancillary = peer, ancillary
    message = answering.datagram(packet, host, stats, limiter, way)
    if message:
        sock.sendmsg([message], [_source(item) for item in ancillary], 0, peer)
        stats.observe(perf_counter() - begun)


def _is_wildcard(sock: socket.socket) -> bool:
    return sock.getsockname()[0] in ("0.0.0.0", "::")


def _source(item: tuple[int, int, bytes]) -> tuple[int, int, bytes]:
    """What the kernel said of a packet's destination, turned into the source of the reply."""
    level, kind, data = item
    if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
        _, local, _ = PKTINFO4.unpack(data)
        return level, kind, PKTINFO4.pack(0, local, b"\0" * 4)
    return level, kind, data
