"""When the certificates of gRPC servers end: looked at beside a probe, once in a while.

The gRPC library shows no certificate to its clients. So every few minutes a handshake is made next
to a probe, which says no more than when the certificate ends: a look that fails, or takes longer
than the probe, is no word on the server, and is tried again with the next one.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from gtm.checks import Tls
from gtm.health.aim import Aim
from gtm.health.impairment import Impaired
from gtm.health.measure import Clock
from gtm.health.tls import Contexts, expiry, server_name

LOOK_AGAIN = 600.0  # seconds: certificates are replaced days before they end

MOST = 20_000  # servers that are remembered: beyond that all are looked at anew

HTTP2 = ("h2",)
"""The protocol named in handshakes with gRPC servers (RFC 7301); some insist on it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """When a server's certificate ends (Unix time), and when that was seen (monotonic)."""

    expires: float
    at: float


_Key = tuple[tuple[str, int], str, Tls]


class Looks:
    """What was seen of each server. `clock` is monotonic seconds."""

    def __init__(self, contexts: Contexts, clock: Clock = time.monotonic) -> None:
        """Looks at nothing yet."""
        self._contexts = contexts
        self._clock = clock
        self._seen: dict[_Key, _Seen] = {}

    def begin(self, tls: Tls, aim: Aim) -> asyncio.Task[None] | None:
        """Starts a look, if it is time for one; to be ended with `end`."""
        seen = self._seen.get(_key(tls, aim))
        if seen is not None and self._clock() - seen.at < LOOK_AGAIN:
            return None
        return asyncio.get_running_loop().create_task(self._look(tls, aim))

    async def end(self, look: asyncio.Task[None] | None) -> None:
        """Ends a look that is not done yet."""
        if look is not None:
            look.cancel()
            await asyncio.wait([look])

    def expires(self, tls: Tls, aim: Aim) -> float | None:
        """When the server's certificate ends (Unix time); None if that was not seen yet."""
        seen = self._seen.get(_key(tls, aim))
        return None if seen is None else seen.expires

    async def _look(self, tls: Tls, aim: Aim) -> None:
        host, port = aim.remote()
        try:
            context = self._contexts.context(tls, HTTP2)
            _, writer = await asyncio.open_connection(
                host,
                port,
                ssl=context,
                server_hostname=server_name(tls, aim.called),
                **aim.dialled(),
            )
        except (OSError, ValueError, Impaired):
            return  # what is wrong with the server the probe itself says
        ends = expiry(writer.get_extra_info("ssl_object"))
        writer.transport.abort()
        if ends is not None:
            if len(self._seen) >= MOST:
                self._seen.clear()
            self._seen[_key(tls, aim)] = _Seen(ends, self._clock())


def _key(tls: Tls, aim: Aim) -> _Key:
    """Where it is, and what it is asked by."""
    return aim.remote(), aim.called, tls
