"""Answers over UDP on one socket, in batches, from a loop that says when it is readable."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from time import perf_counter

from gtm.planes.answering import Answering
from gtm.planes.sockets import IP_PKTINFO
from gtm.planes.stats import SocketStats

LARGEST_QUERY = 4096  # octets read of a datagram; a longer one reads as malformed
BATCH = 128  # answers in a row before other sockets get their turn
PKTINFO4 = struct.Struct("=I4s4s")  # interface, local address, destination (ip(7))
PKTINFO6 = struct.Struct("=16sI")  # destination, interface (RFC 3542 section 6.1)


def reader(sock: socket.socket, answering: Answering, stats: SocketStats) -> Callable[[], None]:
    """What to call when the socket is readable, for a socket bound to one address."""
    receive, send = sock.recvfrom, sock.sendto

    def drain() -> None:
        begun, answered = perf_counter(), 0
        fast = answering.current[1].answer
        counts = stats.fast
        try:
            for _ in range(BATCH):
                packet, peer = receive(LARGEST_QUERY)
                message = fast(packet, peer[0], counts)
                if message is None:
                    message = answering.refer(packet, peer[0], stats, udp=True)
                    if message is None:
                        continue
                send(message, peer)
                answered += 1
        except BlockingIOError:
            pass  # read empty, or no room to send: UDP may drop
        except OSError:
            stats.dropped["socket error"] += 1  # e.g. an unreachable peer; the next one may not be
        if answered:
            stats.observe(answered, perf_counter() - begun)

    return drain


def wildcard_reader(
    sock: socket.socket, answering: Answering, stats: SocketStats
) -> Callable[[], None]:
    """The same for a wildcard socket: the reply leaves from the address that was asked."""

    def drain() -> None:
        begun, answered = perf_counter(), 0
        try:
            for _ in range(BATCH):
                packet, ancillary, _, peer = sock.recvmsg(LARGEST_QUERY, 64)
                message = answering.answer(packet, peer[0], stats, udp=True)
                if message is None:
                    continue
                sock.sendmsg([message], [_source(item) for item in ancillary], 0, peer)
                answered += 1
        except BlockingIOError:
            pass
        except OSError:
            stats.dropped["socket error"] += 1
        if answered:
            stats.observe(answered, perf_counter() - begun)

    return drain


def _source(item: tuple[int, int, bytes]) -> tuple[int, int, bytes]:
    """What the kernel said of a packet's destination, turned into the source of the reply."""
    level, kind, data = item
    if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
        _, local, _ = PKTINFO4.unpack(data)
        return level, kind, PKTINFO4.pack(0, local, b"\0" * 4)
    return level, kind, data
