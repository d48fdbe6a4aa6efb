"""Questions that the demo asks itself, so that there is traffic to see.

They come from loopback with client subnets of networks around the world, a few each second.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import cycle

from gtm.drill.asking import question

PACE = 0.05  # seconds between two questions
MORE = (
    "200.160.2.0/24",  # Brazil
    "133.11.0.0/24",  # Japan
    "141.20.1.0/24",  # Germany
    "139.130.4.0/24",  # Australia
    "14.139.5.0/24",  # India
    "196.25.1.0/24",  # South Africa
    "24.48.0.0/24",  # Canada
)
"""Networks in places where none of the clients to try is."""


def packets(names: Sequence[str], networks: Sequence[str], chance: random.Random) -> list[bytes]:
    """One round: each name asked from each network, for A or AAAA, in any order."""
    found = [
        question(name, chance.choice(("A", "A", "AAAA")), network)
        for name in names
        for network in networks
    ]
    chance.shuffle(found)
    return found


async def ask(
    address: tuple[str, int], names: Sequence[str], networks: Sequence[str], chance: random.Random
) -> None:
    """Asks as long as the demo runs; nobody waits for the answers."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=address
    )
    try:
        for packet in cycle(packets(names, networks, chance)):
            transport.sendto(packet)
            await asyncio.sleep(PACE)
    finally:
        transport.close()
