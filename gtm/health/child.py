"""The prober process: makes the probes that the checker asks for, and sends what it finds.

`python -m gtm.health.child NUMBER` speaks on the socket with that file descriptor, and ends with
it: a checker that is gone, however it went, takes its prober along.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable

from gtm.checks import Target
from gtm.health.frames import (
    BEAT,
    Add,
    Begin,
    Command,
    Found,
    Hasten,
    Remove,
    commands_from_bytes,
    found_to_bytes,
    frame,
    framed,
)
from gtm.health.outcome import Outcome
from gtm.health.probes import Probes
from gtm.health.rounds import Fault, Rounds

# Seconds for which outcomes are gathered before they are sent: a fiftieth of a second more or less
# makes no difference to a verdict, and one frame for each would cost the checker more.
GATHER = 0.02

# How much the prober gives way (nice(2)): answers come first. The nicer it is, the sooner it is
# interrupted for them; on a processor that never rests it is left a thirtieth of it. Probes that
# it makes too late for want of a processor are known by that, and move no verdict.
NICE = 15

# Outcomes that wait while the checker does not listen. Beyond that the oldest are lost.
WAITING = 50_000


class Child:
    """Probes by the commands of one connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        """Probes nothing yet."""
        self._writer = writer
        self._rounds: Rounds | None = None
        self._numbers: dict[Target, int] = {}
        self._targets: dict[int, Target] = {}
        self._found: deque[Found] = deque(maxlen=WAITING)
        self._news = asyncio.Event()

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Obey until the connection ends."""
        sending = asyncio.create_task(self._send())
        try:
            while (content := await frame(reader)) is not None:
                for command in commands_from_bytes(content):
                    self._obey(command)
        finally:
            sending.cancel()
            if self._rounds is not None:
                await self._rounds.close()

    def _obey(self, command: Command) -> None:
        if isinstance(command, Begin):
            prober = Probes(dial=command.dial, programs=command.programs)
            self._rounds = Rounds(
                self._heard, prober, concurrency=command.concurrency, swift=prober.swift
            )
            return
        assert self._rounds is not None  # noqa: S101  # Begin comes first
        match command:
            case Add(number, target, at_once, fast):
                self._numbers[target], self._targets[number] = number, target
                self._rounds.add(target, at_once=at_once)
                self._rounds.hasten(target, fast)
            case Remove(number):
                target = self._targets.pop(number)
                del self._numbers[target]
                self._rounds.remove(target)
            case Hasten(number, fast):
                self._rounds.hasten(self._targets[number], fast)

    def _heard(self, target: Target, found: Outcome | Fault) -> None:
        self._found.append((self._numbers[target], found))
        self._news.set()

    async def _send(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):  # nothing found is news too: that it lives
                async with asyncio.timeout(BEAT):
                    await self._news.wait()
            await asyncio.sleep(GATHER)
            self._news.clear()
            content = found_to_bytes(self._found)
            self._found.clear()
            self._writer.write(framed(content))
            await self._writer.drain()


async def main(number: int) -> None:
    """Serve the connection with this file descriptor."""
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=number))
    try:
        await Child(writer).run(reader)
    finally:
        writer.close()


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed: it probes with less CPU."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    # who stops the server stops the whole group: the prober ends when the server has
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(NICE)
    with asyncio.Runner(loop_factory=_loop()) as runner:
        runner.run(main(int(sys.argv[1])))
