"""Runs coroutines that wait for one socket each, with a fraction of what a task costs.

A probe waits two or three times and is over. A task, its futures, timeouts and context cost more
than the probe itself; a strand is a coroutine, one place in an epoll set and one timer. All sockets
of all strands are one file for the event loop, which hears of them a bunch at a time.
"""

from __future__ import annotations

import asyncio
import select
import socket
import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")
Walk = Coroutine[socket.socket, None, Result]

BUNCH = 64  # sockets that are heard of at once; then others in the loop have their turn

SUPPORTED = hasattr(select, "epoll")  # Linux


@types.coroutine
def news(connection: socket.socket) -> Generator[socket.socket, None, None]:
    """Wait until something happens on a socket: it may be read or written now, or has failed.

    To be awaited in a strand, after an attempt that would block: it tells of changes alone. It may
    come for nothing, so the attempt is made again.
    """
    yield connection


class Strand(Generic[Result]):
    """One coroutine on its way. `ended` is called once, with what it returned or raised."""

    def __init__(
        self,
        strands: Strands,
        walk: Walk[Result],
        ended: Callable[[Result | None, Exception | None], None],
    ) -> None:
        """Runs nothing yet."""
        self._strands = strands
        self._walk = walk
        self._ended = ended
        self._timer: asyncio.TimerHandle | None = None
        self._number: int | None = None

    def start(self, seconds: float, error: Callable[[], Exception]) -> None:
        """Run it; `error` is thrown into it after so many seconds. It may end before this does."""
        self.limit(seconds, error)
        self.go_on()

    def limit(self, seconds: float, error: Callable[[], Exception]) -> None:
        """Have `error` thrown into it so many seconds from now, instead of what was to be."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._strands.loop.call_later(seconds, self._time_is_up, error)

    def go_on(self) -> None:
        """Run it up to where it waits next."""
        self._step(partial(self._walk.send, None))

    def cancel(self) -> None:
        """Cut it short; `ended` is not called. Does nothing to one that ended."""
        self._leave()
        self._walk.close()

    def _time_is_up(self, error: Callable[[], Exception]) -> None:
        self._timer = None
        self._step(partial(self._walk.throw, error()))

    def _step(self, step: Callable[[], socket.socket]) -> None:
        try:
            waits_for = step()
        except StopIteration as end:
            self._leave()
            self._ended(end.value, None)
        except Exception as error:
            self._leave()
            self._ended(None, error)
        else:
            if self._number is None:
                self._watch(waits_for.fileno())

    def _watch(self, number: int) -> None:
        try:
            self._strands.watch(number, self)
        except OSError as error:  # out of files, or of what can be watched
            self._step(partial(self._walk.throw, error))
        else:
            self._number = number

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._number is not None:
            self._strands.unwatch(self._number, self)
            self._number = None


class Strands:
    """The strands of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Opens nothing."""
        self.loop = loop
        self._poll: select.epoll | None = None
        self._strands: dict[int, Strand[Any]] = {}

    def close(self) -> None:
        """Let go of the epoll set. No strand may be running."""
        if self._poll is not None:
            self.loop.remove_reader(self._poll.fileno())
            self._poll.close()
        self._poll = None

    def watch(self, number: int, strand: Strand[Any]) -> None:
        """Hear of changes of the socket with this number. Raises OSError."""
        poll = self._poll or self._opened()
        poll.register(number, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        self._strands[number] = strand

    def unwatch(self, number: int, strand: Strand[Any]) -> None:
        """No longer. A socket that was closed is not in the set any more."""
        if self._strands.get(number) is strand:
            del self._strands[number]

    def _opened(self) -> select.epoll:
        self._poll = poll = select.epoll()
        self.loop.add_reader(poll.fileno(), self._ready, poll)
        return poll

    def _ready(self, poll: select.epoll) -> None:
        for number, _ in poll.poll(0, BUNCH):
            strand = self._strands.get(number)
            if strand is not None:
                strand.go_on()
