"""The demo without a terminal: stop a region's backend and its clients move, and they return."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import pytest

PATIENCE = 20.0  # seconds: about three are usual, more on a machine that is busy
NAME = "orders.gtm.example.com"
EU_WEST, EU_CLIENT = {"198.51.100.10"}, "198.51.100.64"
US_EAST = {"192.0.2.10", "192.0.2.11"}
RUN = "from gtm.cli.main import main; main()"


@dataclass(frozen=True)
class Demo:
    """A demo that is on: its process, its DNS port and API, and its backends' processes."""

    process: subprocess.Popen[str]
    port: int
    api: str
    pids: dict[str, int]

    def answer(self, client: str) -> set[str]:
        query = dns.message.make_query(NAME, "A", use_edns=0, options=[dns.edns.ECSOption(client)])
        reply = dns.query.udp(query, "127.0.0.1", port=self.port, timeout=2)
        return {record.to_text() for rrset in reply.answer for record in rrset}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    api = f"unix:{tmp_path}/gtm.sock"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "demo", "--listen", "127.0.0.1:0", "--api", api],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        text = ""
        while "--api" not in text:
            line = process.stdout.readline()
            assert line, f"the demo ended: {text}"
            text += line
        port = re.search(r"-p (\d+)", text)
        assert api in text
        assert port
        pids = {region: int(pid) for region, pid in re.findall(r"(\S+): kill -STOP (\d+)", text)}
        yield Demo(process, int(port[1]), api, pids)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()


def eventually(fact: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_clients_move_when_a_region_stops_and_return_when_it_goes_on(demo: Demo) -> None:
    assert set(demo.pids) == {"us-east", "eu-west", "ap-south"}
    assert demo.answer(EU_CLIENT) == EU_WEST
    os.kill(demo.pids["eu-west"], signal.SIGSTOP)
    assert eventually(lambda: demo.answer(EU_CLIENT) == US_EAST)
    os.kill(demo.pids["eu-west"], signal.SIGCONT)
    assert eventually(lambda: demo.answer(EU_CLIENT) == EU_WEST)


def test_status_shows_a_region_that_was_killed(demo: Demo) -> None:
    os.kill(demo.pids["ap-south"], signal.SIGKILL)

    def status() -> str:
        command = [sys.executable, "-c", RUN, "status", "--api", demo.api]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert eventually(lambda: "ap-south: 0 of 2 endpoints up" in status())


def test_nothing_is_left_when_it_is_told_to_stop(demo: Demo) -> None:
    os.kill(demo.pids["eu-west"], signal.SIGSTOP)
    demo.process.terminate()
    assert demo.process.wait(PATIENCE) == 0
    for pid in demo.pids.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
