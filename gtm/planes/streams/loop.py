"""The event loop of connections, in whatever thread calls `run`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence

from gtm.planes.limits import SWEEP, StreamLimits
from gtm.planes.prompt import be_prompt
from gtm.planes.proxy import Balancers
from gtm.planes.streams.connection import Answers, Door
from gtm.planes.streams.connections import Complaints, Connections

Doors = Sequence[tuple[socket.socket, Door]]


class StreamLoop:
    """Accepts and serves connections until it is told to stop."""

    def __init__(self, limits: StreamLimits, balancers: Balancers) -> None:
        """Not running."""
        self.started = threading.Event()
        self._limits = limits
        self._balancers = balancers
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._leave: Callable[[], None] = _nothing

    def run(self, doors: Doors, answering: Answers) -> None:
        """Answers on listening sockets until `stop`."""
        be_prompt()
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(self._run(doors, answering))

    def stop(self) -> None:
        """Ends `run`, from another thread."""
        if self._loop is not None and self._ended is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._ended.set)

    def retire(self) -> None:
        """Accepts nobody from now on, from another thread; connections in use go on."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # as above
                self._loop.call_soon_threadsafe(self._leave)

    async def _run(self, doors: Doors, answering: Answers) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(Complaints())
        connections = Connections(answering, time.perf_counter, self._limits, self._balancers)
        servers = [
            await self._loop.create_server(connections.on(door), sock=listening)
            for listening, door in doors
        ]

        def leave() -> None:
            for server in servers:
                server.close()
            connections.retire()

        self._leave = leave
        self.started.set()
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), SWEEP)
            connections.sweep()
        for server in servers:
            server.close()
        connections.close()


def _nothing() -> None:
    """Before it runs there is nothing to leave."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed: it costs less for each message."""
    try:
        import uvloop
    except ImportError:
        return None
    made: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return made
