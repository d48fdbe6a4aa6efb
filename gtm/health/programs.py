"""The `exec` probe: a program of the operator's, run without a shell and bounded in every way.

Exit status 0 is well, any other is a failure, and the first line of output says why. In its
arguments `{address}`, `{port}` and `{name}` stand for what is probed (any other braces for
themselves), and its environment is `PATH`, `LANG`, `GTM_ADDRESS`, `GTM_PORT` and `GTM_NAME`
alone. It gets no input, runs in / and in a process group of its own, which is killed when its
time is up or it ends. One that can't be started at all says nothing about the endpoint.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from gtm.checks import Exec
from gtm.health.aim import Aim
from gtm.health.impairment import Impaired
from gtm.health.measure import Finding, Progress

# Programs that run at once: each is a process, and may be a whole interpreter.
AT_ONCE = 16

# Output that is kept, and that is read before the program is taken to be running wild.
KEPT = 4 * 1024
READ_LIMIT = 1 << 20

# Characters of the first line of output that stand in a reason.
SHOWN = 200

# Seconds to wait for the last output of a program that has ended: what it left running in another
# process group may hold its output open for ever.
LAST_OUTPUT = 0.1

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_PLACEHOLDER = re.compile(r"\{(address|port|name)\}")

_CANNOT_START: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOENT: "no such program, or no such interpreter as its first line names",
        errno.EACCES: "gtm has no permission to run it",
        errno.EPERM: "gtm has no permission to run it",
        errno.ENOEXEC: "it is no program",
        errno.ENOTDIR: "a part of its path is no directory",
        errno.ETXTBSY: "its file is being written",
        errno.E2BIG: "its arguments are too long",
        errno.EAGAIN: "this machine has too many processes",
    }
)


class Programs:
    """Runs programs, so many at once."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        """`at_once` bounds how many places there are."""
        self._at_once = at_once
        self._places = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def place(self, patience: float) -> AsyncIterator[None]:
        """A place to run one program in. To be taken before the time of the probe begins to run.

        Raises Impaired where none came free within `patience` seconds: no fault of any endpoint.
        """
        try:
            async with asyncio.timeout(patience):
                await self._places.acquire()
        except TimeoutError:
            raise Impaired(f"{self._at_once} programs of exec checks are running already") from None
        try:
            yield
        finally:
            self._places.release()


async def ask(asked: Exec, aim: Aim, progress: Progress) -> Finding:
    """Run the program and judge how it ends. Raises Impaired where it can't be started."""
    argv = arguments(asked.argv, aim)
    program = os.path.basename(argv[0])  # noqa: PTH119  # a name for people, not a path to open
    progress.lacking = f"{program} for {aim} not done"
    loop = asyncio.get_running_loop()
    run = _Run(loop.create_future(), loop.create_future())
    transport = await _start(run, argv, environment(aim))
    try:
        await run.over
        _kill(transport)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_OUTPUT):
                await run.silent
        return judge(program, str(aim), transport.get_returncode() or 0, run)
    finally:
        _kill(transport)
        transport.close()


def arguments(argv: tuple[str, ...], aim: Aim) -> list[str]:
    """The arguments for one endpoint. Each stays one argument, whatever is put into it."""
    values = _values(aim)
    return [_PLACEHOLDER.sub(lambda found: values[found[1]], each) for each in argv]


def environment(aim: Aim) -> dict[str, str]:
    """All that the program gets of an environment."""
    about = {f"GTM_{key.upper()}": value for key, value in _values(aim).items()}
    return {"PATH": PATH, "LANG": "C.UTF-8", **about}


def judge(program: str, where: str, status: int, run: _Run) -> Finding:
    """What the end of a program says. A negative status is the signal that ended it."""
    if run.wild:
        what = f"{program} for {where} wrote more than {READ_LIMIT >> 20} MiB of output"
        return Finding(ok=False, what=what)
    said = first_line(bytes(run.output))
    if status < 0:
        how = f"was ended by {_signal(-status)}"
    elif status > 0:
        how = f"failed with exit status {status}"
    else:
        how = "succeeded"
    reason = f' saying "{said}"' if said else ""
    return Finding(ok=status == 0, what=f"{program} for {where} {how}{reason}")


def first_line(output: bytes) -> str:
    """The first line that is not empty, fit to stand in a reason."""
    for line in output.decode("utf-8", "replace").splitlines():
        clean = "".join(each if each.isprintable() else " " for each in line).strip()
        if clean:
            return clean if len(clean) <= SHOWN else f"{clean[:SHOWN]}…"
    return ""


@dataclass(slots=True)
class _Run(asyncio.SubprocessProtocol):
    """One run of a program. `over` is done when it ended, or must be; `silent` at output's end."""

    over: asyncio.Future[None]
    silent: asyncio.Future[None]
    output: bytearray = field(default_factory=bytearray)
    read: int = 0
    wild: bool = False

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.read += len(data)
        self.output += data[: max(0, KEPT - len(self.output))]
        if self.read > READ_LIMIT and not self.over.done():
            self.wild = True
            self.over.set_result(None)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if not self.silent.done():
            self.silent.set_result(None)

    def process_exited(self) -> None:
        if not self.over.done():
            self.over.set_result(None)


async def _start(run: _Run, argv: list[str], env: dict[str, str]) -> asyncio.SubprocessTransport:
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.subprocess_exec(
            lambda: run,
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=env,
            cwd="/",
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = _CANNOT_START.get(getattr(error, "errno", None) or 0)
        if why is None:
            raise
        raise Impaired(f"cannot run {argv[0]}: {why}") from error
    return transport


def _kill(transport: asyncio.SubprocessTransport) -> None:
    """End the program and all that it started in its process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(transport.get_pid(), signal.SIGKILL)


def _values(aim: Aim) -> dict[str, str]:
    port = "" if aim.port is None else str(aim.port)
    return {"address": aim.address, "port": port, "name": aim.called}


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
