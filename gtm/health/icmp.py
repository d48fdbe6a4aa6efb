"""The `icmp` probe: an echo request and its reply (RFC 792, RFC 4443 section 4).

Made with the unprivileged ICMP sockets of Linux, which the kernel gives to the groups in
`net.ipv4.ping_group_range` (for IPv6 too). Such a socket has its local port for the identifier
and gets only echo replies with it.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from gtm.checks import Icmp
from gtm.health.aim import Aim
from gtm.health.impairment import Impaired
from gtm.health.measure import Finding, Progress

REQUEST, REPLY = 8, 0
REQUEST6, REPLY6 = 128, 129

# The largest data that an IPv4 packet has room for: 65,535 less its header and that of ICMP.
LARGEST = 65_507

# Replies to other requests, after which an endpoint is not listened to any longer.
STRAY_LIMIT = 100

NOT_PERMITTED = (
    "this machine gives gtm's group no ICMP sockets: "
    "allow it with sysctl -w net.ipv4.ping_group_range='0 2147483647'"
)


@dataclass(frozen=True, slots=True)
class Echo:
    """What must come back as it was sent."""

    identifier: int
    sequence: int
    data: bytes


async def ask(
    asked: Icmp, aim: Aim, progress: Progress, *, draw: Callable[[int], bytes] = secrets.token_bytes
) -> Finding:
    """Send one request and wait for its reply. `draw` gives random octets.

    Raises what sockets do, and Impaired where the kernel gives no ICMP socket.
    """
    family, place = await _look_up(aim)
    with open_socket(family) as sock:
        if aim.source is not None:
            sock.bind((str(aim.source), 0))
        sock.connect(place)
        sequence = int.from_bytes(draw(2), "big")
        echo = Echo(sock.getsockname()[1], sequence, draw(asked.size))
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, packed(echo, family))
        progress.lacking = f"no echo reply from {aim}"
        for _ in range(STRAY_LIMIT):
            if answers(echo, await loop.sock_recv(sock, 65_535), family):
                return Finding(ok=True, what=f"echo reply from {aim}")
            progress.lacking = f"nothing but replies to other requests from {aim}"
    return Finding(ok=False, what=f"{STRAY_LIMIT} replies to other requests from {aim}")


def open_socket(family: int) -> socket.socket:
    """An ICMP socket that does not block. Raises Impaired where it is not permitted."""
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM, protocol)
    except PermissionError as error:
        raise Impaired(NOT_PERMITTED) from error
    sock.setblocking(False)
    return sock


def packed(echo: Echo, family: int) -> bytes:
    """The request. Its checksum is left to the kernel, which needs the addresses for IPv6's."""
    kind = REQUEST if family == socket.AF_INET else REQUEST6
    return struct.pack("!BBHHH", kind, 0, 0, echo.identifier, echo.sequence) + echo.data


def answers(echo: Echo, packet: bytes, family: int) -> bool:
    """Whether a packet from outside is the reply to the request."""
    if len(packet) != 8 + len(echo.data):
        return False
    kind, code, _, identifier, sequence = struct.unpack_from("!BBHHH", packet)
    expected = REPLY if family == socket.AF_INET else REPLY6
    return (
        (kind, code) == (expected, 0)
        and (identifier, sequence) == (echo.identifier, echo.sequence)
        and packet[8:] == echo.data
    )


async def _look_up(aim: Aim) -> tuple[int, tuple[str, int] | tuple[str, int, int, int]]:
    """The family and the first address of the target. Raises socket.gaierror for none."""
    host, _ = aim.remote()
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(
        host, 0, family=aim.address_family(), type=socket.SOCK_DGRAM, proto=socket.IPPROTO_UDP
    )
    family, _, _, _, place = found[0]
    return family, place  # type: ignore[return-value]  # typeshed allows for families not asked for
