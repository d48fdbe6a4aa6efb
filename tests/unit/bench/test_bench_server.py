"""Starting a server, knowing when it answers, and ending it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench.ask import addresses, ask
from bench.peers.base import Setup, Start
from bench.questions import Question
from bench.server import free_port, running
from bench.workload import WORKLOADS
from gtm.errors import StartError

ECHO = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
while True:
    packet, client = server.recvfrom(512)
    server.sendto(packet[:2] + bytes([packet[2] | 0x80]) + packet[3:], client)
"""
PLAIN = WORKLOADS["udp"]
CORE = min(os.sched_getaffinity(0))


class Script:
    """A peer that is a Python program."""

    name = "script"
    answers = False

    def missing(self) -> str | None:
        return None

    def version(self) -> str:
        return "script 1"

    def prepare(self, setup: Setup) -> Start:
        return Start(())


def test_a_server_runs_from_its_first_answer_to_the_end_of_the_block(tmp_path: Path) -> None:
    port = free_port()
    start = Start((sys.executable, "-S", "-c", ECHO, str(port)))
    with running(Script(), start, port, PLAIN, (CORE,), tmp_path / "log") as server:
        reply = ask(Question(service=1), WORKLOADS["udp-edns"], server.port, timeout=1.0)
        assert reply is not None
        assert addresses(reply) == set()
        assert os.sched_getaffinity(server.pid) == {CORE}
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


def test_a_server_that_ends_at_once_is_an_error_that_shows_its_log(tmp_path: Path) -> None:
    start = Start((sys.executable, "-S", "-c", "raise SystemExit('no such zone')"))
    with (
        pytest.raises(StartError, match=r"(?s)cannot start script: .*status 1.*no such zone"),
        running(Script(), start, free_port(), PLAIN, (CORE,), tmp_path / "log"),
    ):
        pass


def test_a_port_that_nobody_listens_on_gives_no_reply() -> None:
    assert ask(Question(service=1), PLAIN, free_port(), timeout=1.0) is None
