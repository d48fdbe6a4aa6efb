"""Where one probe goes, apart from what it asks there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gtm.health.dial import Dial, direct
from gtm.health.outcome import bracketed
from gtm.model import Address


class Unconnected(Exception):  # noqa: N818  # what an endpoint did, not a fault of gtm
    """There was no connection within the `connect_timeout`."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One thing to be probed, as operators know it; `dial` says where it really is.

    `address` is an IP address or a host name, `port` None for probes that know no ports. `name`
    is what it is asked by in TLS and handed to programs ("": its address). `source` is the local
    address to probe from, `family` 4 or 6 to use a host name's addresses of that version alone.
    `connect_timeout` bounds the connection (with its TLS handshake), in seconds.
    """

    address: str
    port: int | None = None
    name: str = ""
    source: Address | None = None
    family: int | None = None
    dial: Dial = direct
    connect_timeout: float | None = None

    def __str__(self) -> str:
        """As in reasons: `192.0.2.10:80`, `[2001:db8::10]:443`, `192.0.2.10`."""
        if self.port is None:
            return self.address
        return f"{bracketed(self.address)}:{self.port}"

    @property
    def called(self) -> str:
        """The name it is asked by."""
        return (self.name or self.address).rstrip(".")

    def remote(self) -> tuple[str, int]:
        """Where to connect."""
        return self.dial(self.address, self.port or 0)

    def dialled(self) -> dict[str, Any]:
        """What asyncio's `create_connection` and `create_datagram_endpoint` need besides."""
        return {"family": self.address_family(), "local_addr": self._local()}

    @asynccontextmanager
    async def connecting(self) -> AsyncIterator[None]:
        """Bounds what is done in it, which is to connect. Raises Unconnected."""
        try:
            async with asyncio.timeout(self.connect_timeout) as limit:
                yield
        except TimeoutError:
            if limit.expired():
                raise Unconnected from None
            raise

    def address_family(self) -> int:
        """The address family to look host names up in; AF_UNSPEC for any."""
        version = self.source.version if self.source else self.family
        return {4: socket.AF_INET, 6: socket.AF_INET6}.get(version or 0, socket.AF_UNSPEC)

    def _local(self) -> tuple[str, int] | None:
        return (str(self.source), 0) if self.source else None
