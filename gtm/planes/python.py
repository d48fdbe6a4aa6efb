"""The python plane: a thread of its own that answers on all sockets from the last snapshot.

Its loop shares nothing with the control side but the pointer to what is answered from, so it goes
on when the control side is stuck, or gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from time import perf_counter

from gtm.planes import udp
from gtm.planes.answering import Answering
from gtm.planes.sockets import Listener
from gtm.planes.stats import SocketStats
from gtm.planes.tcp import SWEEP, Connections
from gtm.snapshot import Snapshot

STOP_PATIENCE = 5.0  # seconds the thread gets to end


class PythonPlane:
    """Answers in Python; always there, and the reference for every other plane."""

    name = "python"

    def __init__(
        self, listeners: Sequence[Listener], random16: Callable[[], int] | None = None
    ) -> None:
        """`listeners` are bound sockets, which the plane closes when it stops."""
        self._listeners = tuple(listeners)
        self._random16 = random16 or partial(Random().getrandbits, 16)
        self._answering: Answering | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self.stats = tuple(
            SocketStats(proto, listener.at.family)
            for listener in self._listeners
            for proto in ("udp", "tcp")
        )

    def publish(self, snapshot: Snapshot) -> None:
        """Answers from this snapshot from now on; the first one starts the answering."""
        for stats in self.stats:
            stats.reserve(len(snapshot.tallies))
        if self._answering is not None:
            self._answering.publish(snapshot)
            return
        self._answering = Answering(snapshot, self._random16)
        self._start()

    def _start(self) -> None:
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(started)), name="gtm-plane", daemon=True
        )
        self._thread.start()
        started.wait()

    def stop(self) -> None:
        """Stops answering and closes the sockets."""
        if self._thread is not None and self._loop is not None and self._ended is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(STOP_PATIENCE)
        for listener in self._listeners:
            listener.close()

    async def _run(self, started: threading.Event) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        servers = [await self._serve(index) for index in range(len(self._listeners))]
        started.set()
        try:
            while not self._ended.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), SWEEP)
                for _, connections in servers:
                    connections.sweep()
        finally:
            for listener in self._listeners:
                self._loop.remove_reader(listener.udp)
            for server, connections in servers:
                server.close()
                connections.close()

    async def _serve(self, index: int) -> tuple[asyncio.Server, Connections]:
        assert self._loop is not None and self._answering is not None  # noqa: S101
        listener = self._listeners[index]
        udp_stats, tcp_stats = self.stats[2 * index], self.stats[2 * index + 1]
        wildcard = listener.at.address.is_unspecified
        make = udp.wildcard_reader if wildcard else udp.reader
        self._loop.add_reader(listener.udp, make(listener.udp, self._answering, udp_stats))
        connections = Connections(self._answering, tcp_stats, perf_counter)
        server = await self._loop.create_server(connections.accept, sock=listener.tcp)
        return server, connections
