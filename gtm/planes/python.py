"""The python plane: threads of its own that answer from the last snapshot.

One thread for each UDP socket, and one with an event loop for all of TCP. They share nothing with
the control side but the pointer to what is answered from, so they go on when it is stuck, or gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from gtm.dns.conduct import PLAIN, Conduct
from gtm.dns.transport import Transport
from gtm.planes import udp
from gtm.planes.answering import Answering
from gtm.planes.back import NOBODY, Peers
from gtm.planes.limiting import Limit, Limiter
from gtm.planes.limits import StreamLimits
from gtm.planes.proxy import Balancers
from gtm.planes.sockets import Listener
from gtm.planes.stats import Kinds, SocketStats, Sums
from gtm.planes.streams.connection import Door
from gtm.planes.streams.frames import Frames
from gtm.planes.streams.loop import StreamLoop
from gtm.querylog import Tap
from gtm.snapshot import Snapshot

STOP_PATIENCE = 5.0  # seconds each thread gets to end


class PythonPlane:
    """Answers in Python; always there, and the reference for every other plane."""

    name = "python"

    def __init__(
        self,
        listeners: Sequence[Listener],
        random32: Callable[[], int] | None = None,
        now: Callable[[], float] = time.time,
        limits: StreamLimits | None = None,
        conduct: Conduct = PLAIN,
        limit: Limit | None = None,
        balancers: Balancers | None = None,
    ) -> None:
        """`listeners` are bound sockets, which the plane closes when it stops.

        `limits` are those of TCP; `balancers` send PROXY headers. Without a `limit` any number of
        answers is given.
        """
        self._conduct = conduct
        self._limiters = [
            None
            if limit is None or not limit.per_second
            else Limiter(limit, _chance(random32), now)
            for _ in listeners
        ]
        self._listeners = tuple(listeners)
        self._random32 = _chance(random32)
        self._now = now
        self.peers: Peers = NOBODY
        self.retired = False
        self._answering: Answering | None = None
        self._tap: Tap | None = None
        self._threads: list[threading.Thread] = []
        self._balancers = balancers or Balancers()
        self._tcp = StreamLoop(limits or StreamLimits(), self._balancers)
        self._udp_stats = [SocketStats("udp", each.at.family) for each in self._listeners]
        self._tcp_stats = [SocketStats("tcp", each.at.family) for each in self._listeners]
        self.stats = (*self._udp_stats, *self._tcp_stats)

    @property
    def answers(self) -> Answering | None:
        """What answers, once something was published: for other transports."""
        return self._answering

    def summed(self, kinds: Kinds) -> Sums:
        """Answers so far by kind of tally."""
        sums = Sums.none(kinds.count)
        sums.add(self.stats, kinds)
        return sums

    def prepare(self, snapshot: Snapshot) -> None:
        """Snapshots are answered from as they are."""

    def publish(self, snapshot: Snapshot) -> None:
        """Answers from this snapshot from now on; the first one starts the answering."""
        for stats in self.stats:
            stats.reserve(len(snapshot.tallies))
        if self._answering is not None:
            self._answering.publish(snapshot)
            return
        self._answering = Answering(snapshot, self._random32, self._now, self._conduct)
        self._answering.peers = self.peers
        self._answering.tap = self._tap
        self._start(self._answering)

    def _start(self, answering: Answering) -> None:
        parts = zip(self._listeners, self._udp_stats, self._limiters, strict=True)
        for listener, stats, limiter in parts:
            name, via = f"gtm-udp {listener.at}", self._balancers
            self._thread(name, udp.serve, listener.udp, answering, stats, limiter, via)
        doors = [
            (listener.tcp, Door(stats, Transport.TCP, Frames))
            for listener, stats in zip(self._listeners, self._tcp_stats, strict=True)
        ]
        self._thread("gtm-tcp", self._tcp.run, doors, answering)
        self._tcp.started.wait(STOP_PATIENCE)

    def _thread(self, name: str, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def count(self) -> None:
        """Area tables are counted in as answers are given."""

    def behave(self, conduct: Conduct) -> None:
        """Answers by another conduct from now on."""
        self._conduct = conduct
        if self._answering is not None:
            self._answering.conduct = conduct

    def tap(self, tap: Tap) -> None:
        """Leaves what is answered there from now on, for the query log."""
        self._tap = tap
        if self._answering is not None:
            self._answering.tap = tap

    def limited(self) -> list[tuple[str, int, int]]:
        """Networks over the rate limit since the last call: answers cut, and dropped."""
        limiters = filter(None, self._limiters)
        return [noted for limiter in limiters for noted in limiter.noted()]

    def alive(self) -> bool:
        """Whether every thread runs that answers; also before the first snapshot."""
        return all(each.is_alive() for each in self._threads)

    def retire(self) -> None:
        """Receives and accepts nothing from now on; connections are served while clients ask."""
        self.retired = True
        if self._answering is not None:
            self._answering.retired = True
            self._tcp.retire()

    def stop(self) -> None:
        """Stops answering and closes the sockets."""
        if self._answering is not None:
            self._answering.stopped = True
            for listener in self._listeners:
                if not listener.shared and not self._answering.retired:
                    udp.stop(listener.udp)
            self._tcp.stop()
            for thread in self._threads:
                thread.join(STOP_PATIENCE)
        for listener in self._listeners:
            listener.close()


def _chance(random32: Callable[[], int] | None) -> Callable[[], int]:
    return random32 or partial(Random().getrandbits, 32)
