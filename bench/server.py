"""Runs a peer's server on one core, from its start to its first answer to its end."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.ask import LOOPBACK, ask
from bench.peers.base import Peer, Start, search_path
from bench.program import pinned
from bench.questions import Question
from bench.workload import Workload
from gtm.errors import StartError

READY_LIMIT = 240.0  # seconds a server may take to its first answer
STOP_LIMIT = 5.0  # seconds it has to end after SIGTERM
ASK_TIMEOUT = 0.2  # seconds to wait for one answer while it starts
ASK_PAUSE = 0.02  # seconds between two attempts
# Below what Linux hands out to clients by itself, so that no client takes it in between.
PORTS = range(20_000, 30_000)
PORTS_TRIED = 100
LOG_SHOWN = 2000  # characters of the log's end in an error


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers: its first process, and seconds from start to first answer."""

    pid: int
    port: int
    ready: float


@contextmanager
def running(
    peer: Peer, start: Start, port: int, workload: Workload, cores: Sequence[int], log: Path
) -> Iterator[Server]:
    """The server on its cores while the block runs; StartError if it never answers."""
    command = [*pinned(cores), *start.command]
    environment = {**os.environ, "PATH": search_path(), **start.environment}
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        _wait_until_ready(peer, workload, process, port, began, log)
        yield Server(process.pid, port, time.monotonic() - began)
    finally:
        _stop(process)


def free_port() -> int:
    """A port of loopback that nothing has bound, for UDP and TCP."""
    for port in random.sample(PORTS, PORTS_TRIED):
        if all(_is_free(port, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            return port
    raise StartError(f"cannot find a free port: {PORTS_TRIED} of {PORTS} are taken")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _wait_until_ready(
    peer: Peer,
    workload: Workload,
    process: subprocess.Popen[bytes],
    port: int,
    began: float,
    log: Path,
) -> None:
    while time.monotonic() - began < READY_LIMIT:
        if process.poll() is not None:
            why = f"it ended with status {process.returncode}"
            break
        if _answers(peer, workload, port):
            return
        time.sleep(ASK_PAUSE)
    else:
        why = f"no answer within {READY_LIMIT:g} s"
    tail = log.read_text(errors="replace")[-LOG_SHOWN:].strip()
    raise StartError(f"cannot start {peer.name}: {why}; its log ends with:\n{tail}")


def _answers(peer: Peer, workload: Workload, port: int) -> bool:
    """Whether it answers a question of the workload; an echo only has to send it back."""
    reply = ask(Question(service=0), workload, port, ASK_TIMEOUT)
    return reply is not None and (bool(reply.answer) or not peer.answers)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the server, and kills what is left of its session: workers may outlive it."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
