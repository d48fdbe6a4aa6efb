"""Probes made by a process of its own: heard here, started again when it dies, gone with us."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gtm.checks import Target
from gtm.health import Checker, apart, child
from gtm.health.apart import Apart
from gtm.health.dial import direct
from gtm.health.frames import (
    Begin,
    commands_to_bytes,
    found_from_bytes,
    found_to_bytes,
    frame,
    framed,
)
from gtm.health.outcome import Outcome
from gtm.health.rounds import Fault
from gtm.model import State
from tests.unit.health.health_backends import saying, serving, status, target

seconds = st.floats(0, 1e10)
found = st.builds(Fault, st.text(), st.text()) | st.builds(
    Outcome, st.booleans(), st.text(), seconds, seconds, st.none() | st.text(), st.none() | seconds
)


@given(st.lists(st.tuples(st.integers(0, 2**40), found)))
def test_what_was_found_comes_back_as_it_was(all_found: list[tuple[int, Outcome | Fault]]) -> None:
    assert found_from_bytes(found_to_bytes(all_found)) == all_found


class Heard:
    """What was heard, and a way to wait for it."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.found: list[tuple[Target, Outcome | Fault]] = []

    def __call__(self, one: Target, outcome: Outcome | Fault) -> None:
        self.found.append((one, outcome))
        self.news.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not enough():
                self.news.clear()
                await self.news.wait()


def here(port: int, **fields: float) -> Target:
    return target("http", address="127.0.0.1", port=port, **fields)


async def test_a_checker_judges_what_a_process_of_its_own_finds(unused_tcp_port: int) -> None:
    async with serving(saying(status(200))) as port:
        well, gone = here(port), here(unused_tcp_port)
        checker = Checker(on_change=lambda *_: None, probing=Apart)
        checker.retarget([well, gone])
        assert await checker.first_round(20.0)
        assert checker.verdict(well).state is State.UP
        assert checker.verdict(well).reason.startswith(f"HTTP 200 from 127.0.0.1:{port} after ")
        assert checker.pace(well).service_time is not None
        assert checker.verdict(gone).reason == f"connection to 127.0.0.1:{unused_tcp_port} refused"
        await checker.close()


async def test_targets_come_go_and_are_hastened_while_it_runs() -> None:
    heard = Heard()
    async with serving(saying(status(200))) as port:
        first = here(port, interval=3600.0, fast_interval=0.2)
        second = replace(first, server_name="orders.gtm.example.com")
        probing = Apart(heard)
        probing.add(first, at_once=True)
        await heard.until(lambda: len(heard.found) == 1)
        probing.hasten(first, True)
        await heard.until(lambda: len(heard.found) == 3)
        probing.remove(first)
        probing.add(second, at_once=True)
        await heard.until(lambda: heard.found[-1][0] == second)
        assert {one for one, _ in heard.found} == {first, second}
        await probing.close()


async def test_one_that_is_killed_is_started_again_and_goes_on() -> None:
    heard = Heard()
    async with serving(saying(status(200))) as port:
        probing = Apart(heard)
        probing.add(here(port, interval=0.2), at_once=True)
        await heard.until(lambda: len(heard.found) > 0)
        with capture_logs() as logs:
            assert probing.pid is not None
            os.kill(probing.pid, signal.SIGKILL)
            heard.found.clear()
            await heard.until(lambda: len(heard.found) > 0 and probing.starts == 2)
        lost = [log for log in logs if log["event"] == "prober_lost"]
        assert [log["reason"] for log in lost] == ["killed by signal 9"]
        await probing.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_closing_it_leaves_no_process_behind() -> None:
    heard = Heard()
    async with serving(saying(status(200))) as port:
        probing = Apart(heard)
        probing.add(here(port), at_once=True)
        await heard.until(lambda: len(heard.found) > 0)
        pid = probing.pid
        assert pid is not None
        await probing.close()
        assert not is_running(pid)


DIES = """
import asyncio, os, sys
from gtm.health.apart import Apart
from tests.unit.health.test_prober_apart import Heard, here

async def main():
    heard = Heard()
    probing = Apart(heard)
    probing.add(here(int(sys.argv[1]), interval=0.2), at_once=True)
    await heard.until(lambda: len(heard.found) > 0)
    os.write(1, b"%d" % os.getpid())
    os._exit(7)

asyncio.run(main())
"""


async def test_it_ends_with_the_process_that_started_it_however_that_ended() -> None:
    """The prober holds the pipe that its parent's output goes to: its end is the prober's end."""
    async with serving(saying(status(200))) as port:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", DIES, str(port)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert process.stdout is not None
        async with asyncio.timeout(30):
            said = await process.stdout.read()
            assert await process.wait() == 7
        assert said.endswith(str(process.pid).encode())


async def test_a_dial_that_leads_elsewhere_is_a_plain_function_and_goes_along() -> None:
    heard = Heard()
    async with serving(saying(status(200))) as port:
        probing = Apart(heard, dial=Loopback(port))
        probing.add(target("http"), at_once=True)
        await heard.until(lambda: len(heard.found) > 0)
        found = heard.found[0][1]
        assert isinstance(found, Outcome)
        assert found.ok
        await probing.close()


@dataclass(frozen=True)
class Loopback:
    """Leads every target to one port here."""

    port: int

    def __call__(self, address: str, port: int) -> tuple[str, int]:
        return "127.0.0.1", self.port


async def test_one_that_hangs_is_killed_and_another_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard, start = Heard(), Apart._start

    async def patiently(self: Apart, theirs: socket.socket) -> asyncio.subprocess.Process:
        monkeypatch.setattr(apart, "LOOKS", 1200)  # however long it takes on a busy machine
        return await start(self, theirs)

    monkeypatch.setattr(Apart, "_start", patiently)
    monkeypatch.setattr(apart, "LOOK", 0.05)
    async with serving(saying(status(200))) as port:
        probing = Apart(heard)
        probing.add(here(port, interval=0.2), at_once=True)
        await heard.until(lambda: len(heard.found) > 0)
        with capture_logs() as logs:
            assert probing.pid is not None
            os.kill(probing.pid, signal.SIGSTOP)
            heard.found.clear()
            monkeypatch.setattr(apart, "LOOKS", 20)
            await heard.until(lambda: len(heard.found) > 0 and probing.starts == 2)
        lost = [log["reason"] for log in logs if log["event"] == "prober_lost"]
        assert lost == ["it hung: nothing was heard for 1 s"]
        await probing.close()


async def test_one_without_anything_to_find_says_that_it_lives() -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    prober = asyncio.create_task(child.main(theirs.detach()))
    writer.write(framed(commands_to_bytes([Begin(direct, 1, True)])))
    async with asyncio.timeout(30):
        assert found_from_bytes(await frame(reader) or b"") == []
        writer.close()
        await prober


async def test_probing_goes_on_after_a_time_without_file_descriptors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard, pairs, real = Heard(), count(), socket.socketpair

    def scarce() -> tuple[socket.socket, socket.socket]:
        if next(pairs) == 0:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return real()

    async with serving(saying(status(200))) as port:
        probing = Apart(heard)
        monkeypatch.setattr(socket, "socketpair", scarce)
        with capture_logs() as logs:
            probing.add(here(port), at_once=True)
            await heard.until(lambda: len(heard.found) > 0)
        lost = [log["reason"] for log in logs if log["event"] == "prober_lost"]
        assert lost == ["it can't be started: Too many open files"]
        await probing.close()
