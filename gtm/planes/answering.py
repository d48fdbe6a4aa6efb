"""From a packet to its answer: the fast path, and the reference responder for what is left."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from gtm.dns.conduct import PLAIN, Conduct
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.planes.fast import FastPath
from gtm.planes.stats import SocketStats
from gtm.snapshot import Snapshot

log = structlog.get_logger("gtm.planes")


class Answering:
    """The snapshot that is answered from now. Swapped whole by `publish`, from any thread."""

    def __init__(
        self,
        snapshot: Snapshot,
        random32: Callable[[], int],
        now: Callable[[], float],
        conduct: Conduct = PLAIN,
    ) -> None:
        """`random32` gives 32 random bits, `now` is Unix time."""
        self.conduct = conduct
        self._random32 = random32
        self._now = now
        self._failures = 0
        self.stopped = False
        self.publish(snapshot)

    def publish(self, snapshot: Snapshot) -> None:
        """Answers from this snapshot from now on."""
        self._snapshot = snapshot
        self.fast = FastPath(snapshot, self._random32, self._now).answer

    def answer(
        self, packet: bytes, host: str, stats: SocketStats, *, transport: Transport
    ) -> bytes | None:
        """The response to send, or None to be silent."""
        message = self.fast(packet, host, stats.fast, transport=transport)
        return message or self.refer(packet, host, stats, transport=transport)

    def refer(
        self, packet: bytes, host: str, stats: SocketStats, *, transport: Transport
    ) -> bytes | None:
        """The reference responder's answer, for what the fast path does not know."""
        try:
            chance = Chance(self._random32(), self._now())
            reply = respond(
                self._snapshot,
                packet,
                asker_of(host),
                chance,
                transport=transport,
                conduct=self.conduct,
            )
        except Exception:
            # a fault of ours must not end the plane; it is silent for this packet and says so once
            stats.dropped["fault"] += 1
            self._failures += 1
            if self._failures == 1:
                log.exception("answer_failed", packet=packet[:512].hex(), client=host)
            return None
        if reply is None:
            stats.dropped["not a query"] += 1
            return None
        stats.slow[reply.tally] += 1
        if reply.decision is not None:
            reply.decision.count()
        return reply.message
