"""A plane with DNS over TLS (RFC 7858) and over HTTPS (RFC 8484) beside it.

One thread with an event loop of its own has all these connections. It answers as the plane does:
from the native plane's tables where that runs, else with the python plane's code.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtm.dns.conduct import Conduct
from gtm.dns.transport import Transport
from gtm.planes.back import Peers
from gtm.planes.certificate import Keeper
from gtm.planes.limits import StreamLimits
from gtm.planes.proxy import Balancers
from gtm.planes.sockets import ListenAddress
from gtm.planes.stats import Kinds, SocketStats, Sums
from gtm.planes.streams.connection import Connection, Door, Session
from gtm.planes.streams.doh import PATH
from gtm.planes.streams.frames import Frames
from gtm.planes.streams.http1 import Http1
from gtm.planes.streams.loop import StreamLoop
from gtm.querylog import Tap
from gtm.snapshot import Snapshot

if TYPE_CHECKING:
    from gtm.planes.native import NativePlane
    from gtm.planes.python import PythonPlane

STOP_PATIENCE = 5.0  # seconds the thread gets to end


@dataclass(frozen=True, slots=True)
class SecureListener:
    """A bound and listening socket, and what is spoken there (TLS or HTTPS)."""

    at: ListenAddress
    transport: Transport
    sock: socket.socket

    def __str__(self) -> str:
        """`tls://127.0.0.1:853`, `https://127.0.0.1:443/dns-query`."""
        path = PATH if self.transport is Transport.HTTPS else ""
        return f"{self.transport.value}://{self.at}{path}"


class EncryptedPlane:
    """A plane, and what it lacks."""

    def __init__(
        self,
        plane: NativePlane | PythonPlane,
        listeners: Sequence[SecureListener],
        keeper: Keeper,
        limits: StreamLimits,
        balancers: Balancers,
    ) -> None:
        """`listeners` are closed when the plane stops."""
        self.name = plane.name
        self._plane = plane
        self.retired = False
        self._listeners = tuple(listeners)
        self._keeper = keeper
        self._stats = [SocketStats(each.transport.value, each.at.family) for each in listeners]
        self._loop = StreamLoop(limits, balancers)
        self._thread: threading.Thread | None = None

    @property
    def peers(self) -> Peers:
        """What answers other name servers."""
        return self._plane.peers

    @peers.setter
    def peers(self, peers: Peers) -> None:
        self._plane.peers = peers

    @property
    def stats(self) -> Sequence[SocketStats]:
        """The counters of all sockets."""
        return (*self._plane.stats, *self._stats)

    def summed(self, kinds: Kinds) -> Sums:
        """Answers so far by kind of tally."""
        sums = self._plane.summed(kinds)
        sums.add(self._stats, kinds)
        return sums

    def prepare(self, snapshot: Snapshot) -> None:
        """Reads a snapshot from scratch, as the plane does."""
        self._plane.prepare(snapshot)

    def publish(self, snapshot: Snapshot) -> None:
        """Answers from this snapshot from now on; the first one starts the answering."""
        for stats in self._stats:
            stats.reserve(len(snapshot.tallies))
        self._plane.publish(snapshot)
        if self._thread is None and (answers := self._plane.answers) is not None:
            doors = [
                (listener.sock, self._door(listener, stats))
                for listener, stats in zip(self._listeners, self._stats, strict=True)
            ]
            self._thread = threading.Thread(
                target=self._loop.run, args=(doors, answers), name="gtm-secure", daemon=True
            )
            self._thread.start()
            self._loop.started.wait(STOP_PATIENCE)

    def _door(self, listener: SecureListener, stats: SocketStats) -> Door:
        if listener.transport is Transport.TLS:
            return Door(stats, Transport.TLS, Frames, self._keeper.dot)
        return Door(stats, Transport.HTTPS, http, self._keeper.https)

    def count(self) -> None:
        """Brings the counts of area tables up to date."""
        self._plane.count()

    def behave(self, conduct: Conduct) -> None:
        """Answers by another conduct from now on."""
        self._plane.behave(conduct)

    def tap(self, tap: Tap) -> None:
        """Leaves what is answered there from now on, for the query log."""
        self._plane.tap(tap)

    def limited(self) -> list[tuple[str, int, int]]:
        """Networks over the rate limit of UDP since the last call: answers cut, and dropped."""
        return self._plane.limited()

    def alive(self) -> bool:
        """Whether every thread runs that answers; also before the first snapshot."""
        return self._plane.alive() and (self._thread is None or self._thread.is_alive())

    def retire(self) -> None:
        """Receives and accepts nothing from now on; connections are served while clients ask."""
        self.retired = True
        self._plane.retire()
        self._loop.retire()

    def stop(self) -> None:
        """Stops answering and closes the sockets."""
        self._plane.stop()
        self._loop.stop()
        if self._thread is not None:
            self._thread.join(STOP_PATIENCE)
        for listener in self._listeners:
            listener.sock.close()


def http(connection: Connection) -> Session:
    """What an HTTP client speaks: HTTP/2 if both can (RFC 9113 section 3.2), else HTTP/1.1."""
    if connection.protocol == "h2":
        from gtm.planes.streams.http2 import Http2

        return Http2(connection)
    return Http1(connection)


def has_http2() -> bool:
    """Whether the library for HTTP/2 is installed (the extra `http2`)."""
    try:
        import h2  # noqa: F401
    except ImportError:
        return False
    return True
