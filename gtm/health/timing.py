"""How long an endpoint thought about a probe: the wait for its answer, without the way there.

gtm probes from one place, which may be far from an endpoint that is near to its clients. So the
network's part is taken off: one round trip, as the kernel measured it for this connection
(`TCP_INFO`), or where it does not tell, as long as the TCP connection took to make.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp

Clock = Callable[[], float]

# Where `tcpi_rtt` (microseconds, 32 bits) stands in Linux's struct tcp_info: behind eight octets
# and fifteen numbers. The kernel only ever adds fields to the end.
RTT_OFFSET = 8 + 15 * 4
RTT = struct.Struct("=I")


@dataclass(slots=True)
class Timing:
    """The moments of one request on a monotonic clock, and its connection's round trip (seconds).

    What has not happened is None.
    """

    clock: Clock = time.monotonic
    sockets: list[socket.socket] = field(default_factory=list)
    connecting: float | None = None
    connect_time: float | None = None
    sent: float | None = None
    round_trip: float | None = None

    def service_time(self) -> float | None:
        """Seconds from the request to now, when its answer begins, less one round trip.

        Never below 0; None if the round trip is not known.
        """
        network = self.connect_time if self.round_trip is None else self.round_trip
        if self.sent is None or network is None:
            return None
        return max(0.0, self.clock() - self.sent - network)


timing: ContextVar[Timing] = ContextVar("timing")
"""The timing of the request that the current task makes."""


def open_socket(address: Any) -> socket.socket:
    """A socket for aiohttp to connect, noted in the task's timing."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    noted = timing.get(None)
    if noted is not None:
        noted.sockets.append(made)
    return made


def traces() -> aiohttp.TraceConfig:
    """What makes a session note the moments of its requests."""
    config = aiohttp.TraceConfig()
    config.on_connection_create_start.append(_connecting)
    config.on_dns_resolvehost_end.append(_connecting)
    config.on_connection_create_end.append(_connected)
    config.on_request_headers_sent.append(_sent)
    return config


async def _connecting(_session: aiohttp.ClientSession, _: SimpleNamespace, what: object) -> None:
    if (noted := timing.get(None)) is not None:
        noted.connecting = noted.clock()


async def _connected(_session: aiohttp.ClientSession, _: SimpleNamespace, what: object) -> None:
    noted = timing.get(None)
    if noted is not None and noted.connecting is not None:
        noted.connect_time = noted.clock() - noted.connecting


async def _sent(_session: aiohttp.ClientSession, _: SimpleNamespace, what: object) -> None:
    noted = timing.get(None)
    if noted is not None:
        noted.sent = noted.clock()
        open_ones = [each for each in noted.sockets if each.fileno() >= 0]
        noted.round_trip = kernel_round_trip(open_ones[-1]) if open_ones else None


def kernel_round_trip(connection: socket.socket) -> float | None:
    """The round trip (seconds) that the kernel measured on a connection; None if it can't tell."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, option, RTT_OFFSET + RTT.size)
    except OSError:
        return None
    if len(info) < RTT_OFFSET + RTT.size:
        return None
    microseconds: int = RTT.unpack_from(info, RTT_OFFSET)[0]
    return microseconds / 1e6 if microseconds else None
