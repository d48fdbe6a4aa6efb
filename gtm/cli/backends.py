"""The demo's backends as child processes: started, stopped, brought back, and always ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from gtm.errors import StartError
from gtm.health import Dial
from gtm.model import Zone

START = 20.0  # seconds that a backend may take to start on a machine that is busy
END = 2.0  # seconds that it gets to end


class Condition(Enum):
    """What a backend's process is doing."""

    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"


@dataclass(slots=True)
class Backend:
    """The process that stands for a region; `port` is where it listens on 127.0.0.1."""

    region: str
    port: int
    process: asyncio.subprocess.Process
    acting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def pid(self) -> int:
        """The number that kill(1) takes."""
        return self.process.pid

    @property
    def condition(self) -> Condition:
        """What it does now, whoever made it do so."""
        if self.process.returncode is not None:
            return Condition.ENDED
        return Condition.STOPPED if _is_stopped(self.pid) else Condition.RUNNING

    def stop(self) -> None:
        """Freezes it: its port still takes connections, and nothing ever answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        self._signal(signal.SIGCONT)

    async def toggle(self) -> None:
        """Stops it, or brings it back; one that has ended is started again. Raises StartError."""
        async with self.acting:  # a key pressed twice must not start it twice
            condition = self.condition
            if condition is Condition.RUNNING:
                self.stop()
            elif condition is Condition.STOPPED:
                self.resume()
            else:
                self.process, self.port = await _start(self.region)

    async def end(self) -> None:
        """Ends it, stopped or not."""
        self.resume()  # a stopped process would not see that it is to end
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), END)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


@contextlib.asynccontextmanager
async def backends(regions: Iterable[str]) -> AsyncIterator[tuple[Backend, ...]]:
    """One for each region, ended on the way out. Raises StartError."""
    started: list[Backend] = []
    try:
        for region in regions:
            process, port = await _start(region)
            started.append(Backend(region, port, process))
        yield tuple(started)
    finally:
        await asyncio.gather(*(backend.end() for backend in started))


async def _start(region: str) -> tuple[asyncio.subprocess.Process, int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gtm.cli.backend",
        region,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        process_group=0,  # out of reach of the terminal's Ctrl-C and Ctrl-Z
    )
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START)
        return process, int(line)
    except (TimeoutError, ValueError, asyncio.CancelledError) as error:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if isinstance(error, asyncio.CancelledError):
            raise
        raise StartError(f"cannot start the backend of {region}: it did not come up") from error


def _is_stopped(pid: int) -> bool:
    """Whether the process is stopped by a signal (proc(5): state T)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


def dial_backends(zones: Iterable[Zone], started: Iterable[Backend]) -> Dial:
    """Every address of a region's endpoints leads to its backend; host names are left alone."""
    by_region = {backend.region: backend for backend in started}
    where = {
        str(endpoint): by_region[region]
        for zone in zones
        for app in zone.apps
        for service in app.services
        for region, endpoints in service.endpoints.items()
        for endpoint in endpoints
        if not endpoint.is_host
    }

    def dial(address: str, port: int) -> tuple[str, int]:
        backend = where.get(address)
        return (address, port) if backend is None else ("127.0.0.1", backend.port)

    return dial
