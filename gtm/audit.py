"""The audit trail: every act that changes something of a running server, each once.

All of them go through `Trail.note`: into the log as the event `audit`, and onto the disk soon
after. What only feeds it (reports, loads, latency) is data and no act.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gtm.auditfile import Act, AuditFile

WAITING = 10_000  # acts that wait for the disk: beyond that the oldest are in the log alone
AGAIN = 10.0  # seconds until what could not be written is tried again

log = structlog.get_logger("gtm.audit")


class Trail:
    """Notes acts from the control loop alone; `now` is Unix time. Disks never hold it up."""

    def __init__(self, file: AuditFile | None, now: Callable[[], float]) -> None:
        """Without a file the log alone has them."""
        self.unsaved: str | None = None
        self._file = file
        self._now = now
        self._waiting: list[Act] = []
        self._writing: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None

    def note(
        self,
        who: str,
        via: str,
        origin: str,
        act: str,
        target: str,
        *,
        before: str,
        after: str,
        reason: str = "",
        author: str = "",
    ) -> None:
        """Tells of an act that was done; the words are as Act has them."""
        said = "" if author == who else author
        done = Act(self._now(), who, via, origin, act, target, before, after, reason, said)
        log_act(done)
        if self._file is not None:
            self._waiting.append(done)
            del self._waiting[:-WAITING]
            self._write_soon()

    async def close(self) -> None:
        """Writes what waits."""
        if self._retry is not None:
            self._retry.cancel()
            self._again()
        if self._writing is not None:
            await self._writing
        if self._retry is not None:
            self._retry.cancel()

    def _write_soon(self) -> None:
        if self._writing is None and self._retry is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        assert self._file is not None  # noqa: S101  # only called with one
        await asyncio.sleep(0)  # the acts of one turn of the loop are written together
        while self._waiting:
            acts, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._file.append, acts)
            except OSError as error:
                self._waiting = [*acts, *self._waiting][-WAITING:]
                self._failed(error.strerror or str(error))
                break
            if self.unsaved is not None:
                self.unsaved = None
                log.info("audit_saved")
        self._writing = None

    def _failed(self, trouble: str) -> None:
        if self.unsaved is None:
            log.error("audit_not_saved", error=trouble, try_again_seconds=AGAIN)
        self.unsaved = trouble
        self._retry = asyncio.get_running_loop().call_later(AGAIN, self._again)

    def _again(self) -> None:
        self._retry = None
        self._write_soon()


def log_act(act: Act) -> None:
    """The event `audit` in the log; an act's time is the line's own."""
    fields = {key: value for key, value in act.fields().items() if key != "at"}
    log.info("audit", **fields)
