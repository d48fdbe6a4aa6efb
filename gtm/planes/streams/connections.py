"""The open connections of all sockets: who may have one, and for how long."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from gtm.planes.limits import HANDSHAKE, HANDSHAKES, LEAVING, READ, StreamLimits, client_of
from gtm.planes.proxy import Balancers
from gtm.planes.streams.connection import Connection, Door

if TYPE_CHECKING:
    from gtm.planes.streams.connection import Answers

log = structlog.get_logger("gtm.planes")


class Connections:
    """What connections share, in one event loop."""

    def __init__(
        self,
        answering: Answers,
        clock: Callable[[], float],
        limits: StreamLimits | None = None,
        balancers: Balancers | None = None,
    ) -> None:
        """`clock` is monotonic seconds; `balancers` send a PROXY header first."""
        self.answering = answering
        self.clock = clock
        self.buffer = memoryview(bytearray(READ))  # emptied whenever something was read into it
        self.open: set[Connection] = set()
        self._limits = limits or StreamLimits()
        self._balancers = balancers or Balancers()
        self._greeting: dict[Connection, None] = {}  # the oldest first
        self._by_client: Counter[str] = Counter()

    def on(self, door: Door) -> Callable[[], Connection]:
        """What makes protocols for connections to a socket."""
        return partial(Connection, self, door)

    def is_balancer(self, host: str) -> bool:
        """Whether it must say whom its connection is from."""
        return self._balancers.has(host)

    def admit(self, connection: Connection) -> None:
        """A connection has come; makes room for it."""
        connection.stats.opened += 1
        connection.stats.open += 1
        if len(self.open) >= self._limits.connections:
            self._drop(min(self.open, key=lambda each: each.last), "too many connections")
        if len(self._greeting) >= HANDSHAKES:
            self._drop(next(iter(self._greeting)), "too many handshakes")
        self.open.add(connection)
        self._greeting[connection] = None

    def attribute(self, connection: Connection, host: str) -> bool:
        """Whose connection it is; whether it may stay."""
        client = client_of(host)
        if self._by_client[client] >= self._limits.per_client:
            self._drop(connection, "too many connections of one client")
            return False
        self._by_client[client] += 1
        connection.counted = client
        return True

    def greeted(self, connection: Connection) -> None:
        """Handshake and PROXY header are done."""
        self._greeting.pop(connection, None)

    def forget(self, connection: Connection) -> None:
        """A connection is over."""
        if connection not in self.open:
            return
        self.open.discard(connection)
        self._greeting.pop(connection, None)
        connection.stats.open -= 1
        if connection.counted:
            self._by_client[connection.counted] -= 1
            if not self._by_client[connection.counted]:
                del self._by_client[connection.counted]

    def sweep(self) -> None:
        """Closes the connections that have been idle, or there, for too long."""
        now, limits = self.clock(), self._limits
        for connection in list(self.open):
            if connection.ending:
                connection.abort()  # the time since the last look was enough
            elif connection in self._greeting and now - connection.since > HANDSHAKE:
                self._drop(connection, "handshake too slow")
            elif now - connection.last > limits.idle:
                if connection.full:
                    self._drop(connection, "slow reader")
                else:
                    connection.end()
            elif now - connection.since > limits.lifetime:
                connection.end()

    def retire(self) -> None:
        """Those that send nothing are closed soon: another process has taken over."""
        self._limits = replace(self._limits, idle=min(self._limits.idle, LEAVING))

    def close(self) -> None:
        """Closes all of them."""
        for connection in list(self.open):
            connection.abort()

    def _drop(self, connection: Connection, why: str) -> None:
        connection.stats.dropped[why] += 1
        connection.abort()
        self.forget(connection)


class Complaints:
    """An event loop's exception handler that logs each kind of trouble once."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._seen: set[str] = set()

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Called by the loop for what no code of ours caught."""
        error = context.get("exception")
        kind = f"{context.get('message')}: {type(error).__name__}"
        if kind not in self._seen:
            self._seen.add(kind)
            log.error("stream_trouble", what=str(context.get("message")), error=str(error))
