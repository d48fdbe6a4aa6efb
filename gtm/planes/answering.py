"""From a packet to its answer: the fast path, and the reference responder for what is left."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import structlog

from gtm.dns.conduct import PLAIN, Conduct
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.message import HEADER
from gtm.dns.names import to_text
from gtm.dns.options import COOKIE as COOKIE_OPTION
from gtm.dns.responder import Reply, respond
from gtm.dns.transport import Transport
from gtm.dns.types import Rcode, counted_type
from gtm.planes.back import LATER, NOBODY, Back, Peers, Taken, Watched, Way
from gtm.planes.fast import FastPath
from gtm.planes.limiting import Limiter
from gtm.planes.stats import SocketStats
from gtm.planes.walking import behind_name
from gtm.querylog import Entry, Tap
from gtm.snapshot import Snapshot, Tally

log = structlog.get_logger("gtm.planes")

COOKIE = COOKIE_OPTION.to_bytes(2, "big")  # is in every packet that shows a cookie


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
        self.peers: Peers = NOBODY
        self.tap: Tap | None = None
        self._random32 = random32
        self._now = now
        self._failures = 0
        self._counting = threading.Lock()
        self.stopped = False
        self.retired = False  # no new packets are taken, as another process has the sockets
        self.publish(snapshot)

    def publish(self, snapshot: Snapshot) -> None:
        """Answers from this snapshot from now on."""
        self._snapshot = snapshot
        self.fast = FastPath(snapshot, self._random32, self._now).answer

    def answer(
        self,
        packet: bytes,
        host: str,
        stats: SocketStats,
        *,
        transport: Transport,
        back: Back | None = None,
    ) -> bytes | None:
        """The response to send, LATER, or None to be silent. Nothing is limited."""
        message = self._quick(packet, host, stats, transport)
        return message or self.refer(packet, host, stats, transport=transport, back=back)

    def datagram(
        self,
        packet: bytes,
        host: str,
        stats: SocketStats,
        limiter: Limiter | None,
        way: Way | None = None,
    ) -> bytes | None:
        """The same over UDP, within the limit of the sender's network."""
        if limiter is not None and not limiter.within(host):
            return self._over(packet, host, stats, limiter, way)
        message = self._quick(packet, host, stats, Transport.UDP)
        if message:
            return message
        back = None if way is None else way.back()
        return self.refer(packet, host, stats, transport=Transport.UDP, limiter=limiter, back=back)

    def _quick(
        self, packet: bytes, host: str, stats: SocketStats, transport: Transport
    ) -> bytes | None:
        """What the fast path knows."""
        tap = self.tap
        if tap is None:
            return self.fast(packet, host, stats.fast, transport=transport)
        counts: Counter[int] = Counter()
        message = self.fast(packet, host, counts, transport=transport)
        for number in counts:  # the one that the answer is counted as
            stats.fast[number] += 1
            if message is not None:
                tally = self._snapshot.tallies[number]
                self.note(tap, packet, host, transport, message, tally)
        return message

    def note(
        self,
        tap: Tap,
        packet: bytes,
        host: str,
        transport: Transport,
        message: bytes,
        tally: Tally,
    ) -> None:
        """Leaves an answer for the query log, if it is wanted there."""
        if tap.wants():
            epoch = self._snapshot.epoch
            tap.put(Entry(self._now(), host, 0, transport, packet, message, tally, epoch))

    def tally(self, number: int) -> Tally:
        """What a counter counts."""
        return self._snapshot.tallies[number]

    def noted(
        self, packet: bytes, host: str, transport: Transport, message: bytes, number: int
    ) -> None:
        """Leaves an answer that was made elsewhere for the query log, if it is wanted there."""
        if self.tap is not None:
            self.note(self.tap, packet, host, transport, message, self.tally(number))

    def refer(
        self,
        packet: bytes,
        host: str,
        stats: SocketStats,
        *,
        transport: Transport,
        limiter: Limiter | None = None,
        cut: bool = False,
        back: Back | None = None,
    ) -> bytes | None:
        """The reference responder's answer, for what the fast path does not know.

        The limiter, if there is one, has counted it; `cut` says that it is to be truncated, unless
        its sender is known. With a way back, peers are asked first: what they answer LATER goes
        that way.
        """
        if back is not None:
            taken = self._taken(packet, host, stats, transport, back, cut=cut)
            if taken is not None:
                if limiter is not None and taken.known:
                    limiter.give_back(host)
                return taken.message or LATER
        reply = self._respond(packet, host, stats, transport=transport, cut=cut)
        if limiter is not None and (reply is None or reply.known):
            limiter.give_back(host)
        return None if reply is None else self._given(reply, packet, host, stats, transport)

    def _taken(
        self,
        packet: bytes,
        host: str,
        stats: SocketStats,
        transport: Transport,
        back: Back,
        *,
        cut: bool,
    ) -> Taken | None:
        """What peers make of a packet; None if it is not for them.

        Where its answer would be cut, they get it only if nobody can have forged its sender.
        """

        def answered(message: bytes) -> None:
            self._tell(packet, host, stats, transport, message, tally_of(message))

        try:
            taken = self.peers.take(packet, host, transport, Watched(back, answered), signed=cut)
        except Exception:
            self._fault(packet, stats, transport)
            return None
        if taken is not None and taken.message is not None:
            answered(taken.message)
        return taken

    def _over(
        self, packet: bytes, host: str, stats: SocketStats, limiter: Limiter, way: Way | None
    ) -> bytes | None:
        """The answer to a client whose network had too many: in full if its cookie is ours."""
        cut = limiter.cuts()
        if not cut and COOKIE not in packet:  # most of a flood ends here
            stats.limited["drop"] += 1
            limiter.note(host, cut=False)
            return None
        if way is not None:
            taken = self._taken(packet, host, stats, Transport.UDP, way.back(), cut=True)
            if taken is not None:
                return taken.message or LATER
        reply = self._respond(packet, host, stats, transport=Transport.UDP, cut=True)
        if reply is None:
            return None
        if not reply.known:
            stats.limited["cut" if cut else "drop"] += 1
            limiter.note(host, cut=cut)
            if not cut:
                return None
        return self._given(reply, packet, host, stats, Transport.UDP)

    def _respond(
        self, packet: bytes, host: str, stats: SocketStats, *, transport: Transport, cut: bool
    ) -> Reply | None:
        try:
            reply = respond(
                self._snapshot,
                packet,
                asker_of(host),
                Chance(self._random32(), self._now()),
                transport=transport,
                conduct=self.conduct,
                cut=cut,
            )
        except Exception:
            self._fault(packet, stats, transport)
            return None
        if reply is None:
            stats.dropped["not a query"] += 1
        return reply

    def _given(
        self, reply: Reply, packet: bytes, host: str, stats: SocketStats, transport: Transport
    ) -> bytes:
        """The message of a reply, which is counted and noted."""
        self._tell(packet, host, stats, transport, reply.message, reply.tally)
        if reply.decision is not None:
            reply.decision.count()
        return reply.message

    def _tell(
        self,
        packet: bytes,
        host: str,
        stats: SocketStats,
        transport: Transport,
        message: bytes,
        tally: Tally,
    ) -> None:
        """Counts and notes an answer; from any thread, as some come later."""
        with self._counting:
            stats.slow[tally] += 1
        if self.tap is not None:
            self.note(self.tap, packet, host, transport, message, tally)

    def _fault(self, packet: bytes, stats: SocketStats, transport: Transport) -> None:
        """A fault of ours must not end the plane; it is silent for this packet and says so once.

        The packet stays out of the log, as people's names are in it.
        """
        stats.dropped["fault"] += 1
        self._failures += 1
        if self._failures == 1:
            log.exception("answer_failed", octets=len(packet), transport=transport.value)


def tally_of(message: bytes) -> Tally:
    """What an answer about a whole zone is counted as, a transfer's or an update's."""
    end = behind_name(message, HEADER)
    zone = to_text(message[HEADER:end].lower())
    rrtype = int.from_bytes(message[end : end + 2], "big")
    return Tally(zone, "", "", counted_type(rrtype), Rcode(message[3] & 15).name)
