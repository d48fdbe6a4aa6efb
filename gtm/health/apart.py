"""Probing in a process of its own, so that it takes no time from whoever answers queries.

Probes, timers and TLS are the prober's; only what it found comes back, a bunch at a time. It ends
with this process. When it ends by itself that is said and it is started again; so it is when it
hangs. Meanwhile nothing is heard, so that verdicts become stale, not wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from itertools import count

import structlog

from gtm.checks import Target
from gtm.health.dial import Dial, direct
from gtm.health.frames import (
    Add,
    Begin,
    Command,
    Hasten,
    Remove,
    commands_to_bytes,
    found_from_bytes,
    frame,
    framed,
)
from gtm.health.rounds import CONCURRENCY, Heard

# Seconds until a prober that ended is started again; doubled each time up to the last, and as at
# first again after one that lasted longer than that.
FIRST_WAIT = 0.5
LAST_WAIT = 30.0

# Seconds that a prober that closed its connection has to end, and then one that was killed.
ENDING = 1.0

# A prober says something every BEAT seconds. One that was silent at so many looks in a row hangs.
# They are counted, not the time: this process may have been stopped itself. On a machine that is
# too busy for either, starting again would make it worse, so it gets half a minute.
LOOK = 2.0  # seconds
LOOKS = 15

_log = structlog.get_logger(__name__)


class Apart:
    """A `Probing` that has a prober process do it. Lives in one event loop."""

    def __init__(
        self,
        heard: Heard,
        *,
        dial: Dial = direct,
        concurrency: int = CONCURRENCY,
        programs: bool = True,
    ) -> None:
        """Starts nothing before there is a target. `dial` must be a plain function.

        `programs` False: no check may run one.
        """
        self._heard = heard
        self._begin = Begin(dial, concurrency, programs)
        self._numbers = count()
        self._known: dict[Target, Add] = {}
        self._targets: dict[int, Target] = {}
        self._commands: list[Command] = []
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self.pid: int | None = None
        self.starts = 0
        self._frames = 0

    def add(self, target: Target, *, at_once: bool) -> None:
        """See Probing."""
        command = self._known[target] = Add(next(self._numbers), target, at_once)
        self._targets[command.number] = target
        self._tell(command)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_running())

    def remove(self, target: Target) -> None:
        """See Probing."""
        command = self._known.pop(target)
        del self._targets[command.number]
        self._tell(Remove(command.number))

    def hasten(self, target: Target, fast: bool) -> None:
        """See Probing."""
        known = self._known.get(target)
        if known is None or known.fast is fast or target.check.schedule.fast_interval is None:
            return
        self._known[target] = Add(known.number, target, known.at_once, fast)
        self._tell(Hasten(known.number, fast))

    async def close(self) -> None:
        """See Probing."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._task = None

    # --- commands -----------------------------------------------------------------------

    def _tell(self, command: Command) -> None:
        """Commands of one turn of the loop are sent together."""
        if self._writer is None:
            return  # all that is known is told when it starts
        if not self._commands:
            asyncio.get_running_loop().call_soon(self._send)
        self._commands.append(command)

    def _send(self) -> None:
        commands, self._commands = self._commands, []
        if self._writer is not None and commands:
            self._writer.write(framed(commands_to_bytes(commands)))

    # --- the process --------------------------------------------------------------------

    async def _keep_running(self) -> None:
        wait = FIRST_WAIT
        while True:
            begun = time.monotonic()
            try:
                why = await self._run()
            except Exception as error:  # whatever it was, probing must go on
                _log.exception("prober_failed")
                why = repr(error)
            if time.monotonic() - begun > LAST_WAIT:
                wait = FIRST_WAIT
            _log.error("prober_lost", reason=why, again_in_seconds=wait)
            await asyncio.sleep(wait)
            wait = min(LAST_WAIT, wait * 2)

    async def _run(self) -> str:
        """Start one and listen to it until it ends; why it did."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:  # no file descriptor is left
            return f"it can't be started: {error.strerror or error}"
        with ours, theirs:
            try:
                process = await self._start(theirs)
            except OSError as error:
                return f"it can't be started: {error.strerror or error}"
            theirs.close()
            try:
                reader, writer = await asyncio.open_unix_connection(sock=ours)
                self._writer = writer
                self._commands = [self._begin, *self._known.values()]
                self._send()
                hung = await self._listen_to_a_living(reader)
                writer.close()
                if hung:
                    return f"it hung: nothing was heard for {LOOK * LOOKS:g} s"
                with contextlib.suppress(TimeoutError):  # one that hangs is killed below
                    await asyncio.wait_for(process.wait(), ENDING)
            finally:
                self._writer, self.pid = None, None
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                status = await _ended(process)
        return f"killed by signal {-status}" if status < 0 else f"it ended with status {status}"

    async def _start(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        path = os.pathsep.join(filter(None, sys.path))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gtm.health.child", str(theirs.fileno())),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.pid = process.pid
        self.starts += 1
        _log.info("prober_started", pid=process.pid, targets=len(self._known))
        return process

    async def _listen_to_a_living(self, reader: asyncio.StreamReader) -> bool:
        """Listen until the connection ends, or nothing comes any more; whether the latter."""
        listening = asyncio.create_task(self._listen(reader))
        try:
            silent, before = 0, self._frames
            while silent < LOOKS:
                done, _ = await asyncio.wait({listening}, timeout=LOOK)
                if done:
                    listening.result()
                    return False
                silent = silent + 1 if self._frames == before else 0
                before = self._frames
            return True
        finally:
            listening.cancel()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (content := await frame(reader)) is not None:
            self._frames += 1
            for number, found in found_from_bytes(content):
                target = self._targets.get(number)  # None: it was removed meanwhile
                if target is not None:
                    known = self._known[target]
                    if known.at_once:  # a prober that is started again need not hurry
                        self._known[target] = Add(number, target, at_once=False, fast=known.fast)
                    self._heard(target, found)


async def _ended(process: asyncio.subprocess.Process) -> int:
    """How it ended. One that the kernel does not let go (a disk that hangs) is not waited for."""
    try:
        async with asyncio.timeout(ENDING):
            return await process.wait()
    except TimeoutError:
        return -signal.SIGKILL
