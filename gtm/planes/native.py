"""The native plane: threads of Rust that answer without Python's lock, from the same snapshots.

What they do not know they punt to the reference responder, which one Python thread runs. They
share nothing with the control side but the pointer to what is answered from, so they go on when
it is stuck, or gone.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random

from gtm import _native
from gtm.dns.conduct import PLAIN, Conduct
from gtm.dns.transport import Transport
from gtm.planes.answering import Answering
from gtm.planes.back import LATER, NOBODY, PATIENCE, Back, Peers
from gtm.planes.limiting import Limit, rated
from gtm.planes.limits import StreamLimits
from gtm.planes.padding import asked, padded
from gtm.planes.proxy import Balancers
from gtm.planes.sockets import Listener
from gtm.planes.stats import Kinds, SocketStats, Sums
from gtm.querylog import Entry, Tap
from gtm.snapshot import Snapshot

LOOK = 0.5  # seconds between looks whether the plane has stopped, where no packet is punted
CARRIED = 500  # answers brought to the query log at a time
STOP_PATIENCE = 5.0  # seconds the thread gets to end


class NativePlane:
    """Answers in Rust."""

    name = "native"

    def __init__(
        self,
        listeners: Sequence[Listener],
        random32: Callable[[], int] | None = None,
        now: Callable[[], float] = time.time,
        limits: StreamLimits | None = None,
        interfaces: Sequence[_native.Interface] = (),
        conduct: Conduct = PLAIN,
        limit: Limit | None = None,
        balancers: Balancers | None = None,
    ) -> None:
        """`listeners` are bound sockets, which the plane closes when it stops, `interfaces` too.

        `limits` are those of TCP; `balancers` send PROXY headers. `random32` and `now` are for
        punted packets, and for other transports. Without a `limit` any number of answers is given.
        """
        self._conduct = conduct
        self._limit = limit
        self._listeners = tuple(listeners)
        self._random32 = random32 or partial(Random().getrandbits, 32)
        self._now = now
        self._limits = limits or StreamLimits()
        self._balancers = balancers or Balancers()
        self._interfaces = tuple(interfaces)
        self._referred = tuple(
            SocketStats(proto, each.at.family)
            for proto in ("udp", "tcp")
            for each in self._listeners
        ) + tuple(SocketStats("xdp", family) for _ in self._interfaces for family in ("1", "2"))
        self.peers: Peers = NOBODY
        self.retired = False
        self._plane: _native.Plane | None = None
        self._answering: Answering | None = None
        self._tap: Tap | None = None
        self._tables: _native.Tables | None = None
        self._prepared: _native.Tables | None = None
        self._thread: threading.Thread | None = None

    def prepare(self, snapshot: Snapshot) -> None:
        """Reads a snapshot from scratch, so that publishing it or one made from it is quick."""
        self._prepared = _native.Tables.of(snapshot, self._tables)

    def publish(self, snapshot: Snapshot) -> None:
        """Answers from this snapshot from now on; the first one starts the answering."""
        tables = self._read(snapshot)
        if self._plane is None or self._answering is None:
            self._start(snapshot, tables)
        else:
            self._answering.publish(snapshot)
            self._plane.publish(tables)
            self.count()  # what the tables of before have counted must not be lost
        self._tables = tables

    def _read(self, snapshot: Snapshot) -> _native.Tables:
        """The snapshot's tables, made from those that have most in common with it."""
        before = self._tables
        if self._prepared is not None and self._prepared.reads(snapshot):
            before, self._prepared = self._prepared, None
        return _native.Tables.of(snapshot, before)

    def _start(self, snapshot: Snapshot, tables: _native.Tables) -> None:
        self._answering = Answering(snapshot, self._random32, self._now, self._conduct)
        self._answering.peers = self.peers
        listeners = [
            (
                [sock.fileno() for sock in (each.udp, *each.more)],
                each.tcp.fileno(),
                each.at.address.is_unspecified,
            )
            for each in self._listeners
        ]
        limits = self._limits
        self._plane = _native.Plane(
            listeners,
            tables,
            (limits.connections, limits.per_client, limits.idle, limits.lifetime),
            None if self._limit is None else rated(self._limit),
            [
                (str(each.network_address), each.prefixlen)
                for each in self._balancers.networks.networks
            ],
        )
        if any(each.shared for each in self._listeners):
            self._plane.share()
        self.behave(self._conduct)
        for interface in self._interfaces:
            self._plane.serve(interface, tables)
        self._thread = threading.Thread(
            target=self._refer, args=(self._plane, self._answering), name="gtm-punts", daemon=True
        )
        self._thread.start()
        if self._tap is not None:
            self._open(self._plane, self._answering, self._tap)

    def _refer(self, plane: _native.Plane, answering: Answering) -> None:
        """Answers punted packets until the plane stops."""
        _native.be_patient()
        while not answering.stopped:
            punt = plane.punted(LOOK)
            if punt is None:
                continue
            stats = self._referred[self._place(punt)]
            message = answering.refer(
                punt.packet,
                punt.sender,
                stats,
                transport=Transport.plain(punt.udp),
                back=Punted(plane, punt),
                cut=punt.cut,
            )
            if message != LATER:
                plane.reply(punt, message)

    def _place(self, punt: _native.Punt) -> int:
        """Where the counters are of what a packet came to."""
        if punt.by_interface:
            return 2 * (len(self._listeners) + punt.listener) + (":" in punt.sender)
        return punt.listener + (0 if punt.udp else len(self._listeners))

    @property
    def answers(self) -> Tabled | None:
        """What answers, once something was published: for other transports."""
        if self._answering is None:
            return None
        return Tabled(self, self._answering, self._random32, self._now)

    @property
    def tables(self) -> _native.Tables | None:
        """What is answered from now."""
        return self._tables

    @property
    def stats(self) -> Sequence[SocketStats]:
        """The counters of its sockets, as they are now."""
        plane = self._plane
        if plane is None:
            return self._referred
        return [self._total(plane, *each) for each in enumerate(self._referred)]

    def _total(self, plane: _native.Plane, number: int, referred: SocketStats) -> SocketStats:
        """What a socket's threads and the reference responder have counted for it together."""
        interface, ipv6 = divmod(number - 2 * len(self._listeners), 2)
        if interface >= 0:
            totals = plane.interface_totals(interface, bool(ipv6))
        else:
            totals = plane.totals(number % len(self._listeners), referred.proto == "udp")
            if referred.proto == "tcp":
                referred.open, referred.opened = plane.connections(number % len(self._listeners))
        answers, dropped, durations, seconds, (cut, over) = totals
        lost = Counter(referred.dropped)
        lost.update(dropped)
        return replace(
            referred,
            native=answers,
            slow=referred.slow.copy(),
            dropped=lost,
            limited=Counter(cut=cut, drop=over),
            durations=durations,
            seconds=seconds,
        )

    def summed(self, kinds: Kinds) -> Sums:
        """Answers so far by kind of tally."""
        if self._plane is None:
            sums = Sums.none(kinds.count)
        else:
            octets, durations = self._plane.summed(kinds.numbers, kinds.count)
            sums = Sums(array("Q", octets), durations)
        sums.add(self._referred, kinds)  # what was punted
        return sums

    def count(self) -> None:
        """Brings the counts of the area tables up to date."""
        if self._tables is not None:
            self._tables.count()

    def behave(self, conduct: Conduct) -> None:
        """Answers by another conduct from now on."""
        self._conduct = conduct
        if self._answering is not None and self._plane is not None:
            self._answering.conduct = conduct
            self._plane.behave(conduct.identity, conduct.cookies.secrets)

    def tap(self, tap: Tap) -> None:
        """Leaves what is answered there from now on, for the query log."""
        self._tap = tap
        if self._plane is not None and self._answering is not None:
            self._open(self._plane, self._answering, tap)

    def _open(self, plane: _native.Plane, answering: Answering, tap: Tap) -> None:
        answering.tap = tap
        plane.tap(tap.every)
        arguments = (plane, answering, tap)
        threading.Thread(target=_carry, args=arguments, name="gtm-tap", daemon=True).start()

    def limited(self) -> list[tuple[str, int, int]]:
        """Networks over the rate limit since the last call: answers cut, and dropped."""
        if self._plane is None or self._limit is None:
            return []
        return [
            (self._limit.named(bits, network), cut, dropped)
            for bits, network, cut, dropped in self._plane.limited()
        ]

    def alive(self) -> bool:
        """Whether every thread runs that answers; also before the first snapshot."""
        if self._plane is None or self._thread is None:
            return True
        return self._thread.is_alive() and self._plane.alive()

    def retire(self) -> None:
        """Receives and accepts nothing from now on; connections are served while clients ask."""
        self.retired = True
        if self._plane is not None:
            self._plane.retire()

    def stop(self) -> None:
        """Stops answering and closes the sockets."""
        if self._answering is not None:
            self._answering.stopped = True
        if self._plane is not None:
            self._plane.stop()
        if self._thread is not None:
            self._thread.join(STOP_PATIENCE)
        for listener in self._listeners:
            listener.close()
        for interface in self._interfaces:  # those that were never served, as nothing was published
            interface.close()


class Punted:
    """The way back to who sent a packet that was punted."""

    __slots__ = ("_plane", "_punt")

    def __init__(self, plane: _native.Plane, punt: _native.Punt) -> None:
        """One for each packet."""
        self._plane = plane
        self._punt = punt

    def send(self, message: bytes) -> bool:
        """One message, when there is room; False if the client is gone or does not read."""
        return self._plane.reply_part(self._punt, message, PATIENCE)

    def end(self, message: bytes | None) -> None:
        """The last message; None closes a connection."""
        self._plane.reply(self._punt, message)


def _carry(plane: _native.Plane, answering: Answering, tap: Tap) -> None:
    """Brings what the plane's threads noted to the query log, until the plane stops."""
    _native.be_patient()
    before = 0
    while not answering.stopped:
        noted, lost = plane.tapped(CARRIED, LOOK)
        tap.lost += lost - before
        before = lost
        for query, message, sender, udp, at, number, epoch in noted:
            tally = answering.tally(number)
            tap.put(Entry(at, sender, 0, Transport.plain(udp), query, message, tally, epoch))


class Tabled:
    """Answers from the native plane's tables in a thread of Python's, for other transports."""

    def __init__(
        self,
        plane: NativePlane,
        answering: Answering,
        random32: Callable[[], int],
        now: Callable[[], float],
    ) -> None:
        """`random32` gives 32 random bits, `now` is Unix time."""
        self._plane = plane
        self._answering = answering
        self._random32 = random32
        self._now = now

    def answer(
        self,
        packet: bytes,
        host: str,
        stats: SocketStats,
        *,
        transport: Transport,
        back: Back | None = None,
    ) -> bytes | None:
        """The response to send, LATER, or None to be silent."""
        pad = asked(packet) if transport.encrypted else False
        if pad is not None:
            found = self._looked_up(packet, host, transport)
            if found is not None:
                message, tally = found
                if tally is None:
                    stats.dropped["not a query"] += 1
                    return None
                ready = padded(message) if pad else message
                if ready is not None:
                    stats.fast[tally] += 1
                    self._answering.noted(packet, host, transport, ready, tally)
                    return ready
        return self._answering.refer(packet, host, stats, transport=transport, back=back)

    def _looked_up(
        self, packet: bytes, host: str, transport: Transport
    ) -> tuple[bytes, int | None] | None:
        """What the tables say, and its counter; None if the reference responder knows more."""
        tables, conduct = self._plane.tables, self._answering.conduct
        if tables is None:
            return None
        random, now = self._random32(), self._now()
        words = conduct.identity, conduct.cookies.secrets
        return tables.answer(packet, host, random, now, transport.udp, *words)
