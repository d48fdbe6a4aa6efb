"""Answers from other threads on a connection's stream: later, or many messages of one answer.

They go in between answers to what the client asks meanwhile (RFC 7766 section 6.2.1.1).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from typing import TYPE_CHECKING

from gtm.planes.back import PATIENCE

if TYPE_CHECKING:
    from gtm.planes.streams.connection import Connection


class StreamBack:
    """The way back over one connection."""

    def __init__(self, connection: Connection) -> None:
        """Made in the connection's event loop; a connection of none can't be sent to."""
        self._connection = connection
        self._loop: asyncio.AbstractEventLoop | None = None
        with contextlib.suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()

    def send(self, message: bytes) -> bool:
        """One message, when there is room; False if the client is gone or does not read."""
        if self._loop is None:
            return False
        try:
            given = asyncio.run_coroutine_threadsafe(self._give(message), self._loop)
        except RuntimeError:  # the loop has ended
            return False
        try:
            return given.result(PATIENCE)
        except concurrent.futures.TimeoutError:
            given.cancel()
            return False
        except concurrent.futures.CancelledError:
            return False

    def end(self, message: bytes | None) -> None:
        """The last message; None closes the connection."""
        call = self._connection.abort if message is None else self._last
        arguments = () if message is None else (message,)
        if self._loop is None:
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *arguments)

    async def _give(self, message: bytes) -> bool:
        await self._connection.room.wait()
        if self._connection.over:
            return False
        self._last(message)
        return True

    def _last(self, message: bytes) -> None:
        self._connection.touch()
        self._connection.send(len(message).to_bytes(2, "big") + message)
