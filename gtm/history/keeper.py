"""History as the server has it: events in memory at once, on disk soon after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gtm.events import Event
from gtm.history.file import HistoryFile
from gtm.history.ring import Asked, Ring

WAITING = 10_000  # events that wait for the disk: beyond that the oldest are not kept
AGAIN = 10.0  # seconds until what could not be written is tried again

log = structlog.get_logger("gtm")


class History:
    """Notes events from the control loop alone; `now` is Unix time. Disks never hold it up."""

    def __init__(self, file: HistoryFile | None, now: Callable[[], float]) -> None:
        """Without a file nothing outlives the process."""
        self.unsaved: str | None = None
        self.damage: str | None = None
        self._ring = Ring()
        self._file = file
        self._now = now
        self._waiting: list[Event] = []
        self._writing: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Takes up what was kept. Raises StartError."""
        if self._file is None:
            return
        kept = await asyncio.to_thread(self._file.load, self._now())
        self._ring.add(kept.events, self._now())
        self.damage = kept.trouble
        if kept.trouble is not None:
            log.error("history_damaged", trouble=kept.trouble)

    async def close(self) -> None:
        """Writes what waits."""
        if self._retry is not None:
            self._retry.cancel()
        if self._writing is not None:
            await self._writing

    def note(self, event: Event) -> None:
        """Keeps an event."""
        self._ring.add([event], self._now())
        if self._file is not None:
            self._waiting.append(event)
            del self._waiting[:-WAITING]
            self._write_soon()

    def find(self, asked: Asked) -> list[Event]:
        """What is asked for, newest first."""
        return self._ring.find(asked)

    def _write_soon(self) -> None:
        if self._writing is None and self._retry is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        assert self._file is not None  # noqa: S101  # only called with one
        await asyncio.sleep(0)  # the events of one turn of the loop are written together
        while self._waiting:
            events, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._file.append, events)
            except OSError as error:
                self._waiting = [*events, *self._waiting][-WAITING:]
                self._failed(error.strerror or str(error))
                break
            if self.unsaved is not None:
                self.unsaved = None
                log.info("history_saved")
        self._writing = None

    def _failed(self, trouble: str) -> None:
        if self.unsaved is None:
            log.error("history_not_saved", error=trouble, try_again_seconds=AGAIN)
        self.unsaved = trouble
        self._retry = asyncio.get_running_loop().call_later(AGAIN, self._again)

    def _again(self) -> None:
        self._retry = None
        self._write_soon()
