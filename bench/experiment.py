"""The course of a measurement: peers in turn, round after round, each run from a fresh start.

A fresh process each time, as the layout of memory alone moves figures by some percent; a median
over processes is worth more than one over moments of a single process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.agreement import agreement
from bench.cpu import machine_seconds, usage
from bench.database import write_database
from bench.dnsperf import run_load
from bench.figures import Run
from bench.peers.base import Peer, Setup
from bench.questions import write_questions
from bench.server import Server, free_port, running
from bench.workload import Workload
from bench.world import World, world

WARM_UP = 1.0  # seconds of load before it counts: caches, branch predictors, lazy set-up


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure and where; `seconds` is the length of one run's counted load."""

    workload: Workload
    peers: Sequence[Peer]
    rounds: int
    seconds: float
    server_core: int
    load_core: int


@dataclass(frozen=True, slots=True)
class _Inputs:
    world: World
    database: Path
    questions: Path


def measure(plan: Plan) -> Iterator[Run]:
    """The runs, one by one as they are done: all peers in round 1, all in round 2 and so on."""
    with tempfile.TemporaryDirectory(prefix="gtm-bench-") as folder:
        inputs = _write_inputs(plan.workload, Path(folder))
        for number in range(1, plan.rounds + 1):
            for peer in plan.peers:
                place = Path(folder) / f"{peer.name}-{number}"
                place.mkdir()
                yield _one_run(plan, peer, number, inputs, place)


def _write_inputs(workload: Workload, folder: Path) -> _Inputs:
    geography = world(workload.networks)
    inputs = _Inputs(geography, folder / "world.mmdb", folder / "questions")
    write_database(inputs.database, geography)
    write_questions(inputs.questions, workload, geography)
    return inputs


def _one_run(plan: Plan, peer: Peer, number: int, inputs: _Inputs, folder: Path) -> Run:
    port = free_port()
    start = peer.prepare(Setup(plan.workload, inputs.world, inputs.database, folder, port))
    with running(peer, start, port, plan.server_core, folder / "log") as server:
        right = agreement(plan.workload, inputs.world, port) if peer.answers else None
        run_load(plan.workload, inputs.questions, port, WARM_UP, plan.load_core)
        return _measured(plan, peer, number, inputs, server, right)


def _measured(
    plan: Plan, peer: Peer, number: int, inputs: _Inputs, server: Server, right: float | None
) -> Run:
    machine_before, before = machine_seconds(), usage(server.pid)
    load, load_seconds = run_load(
        plan.workload, inputs.questions, server.port, plan.seconds, plan.load_core
    )
    used = usage(server.pid).since(before)
    others = machine_seconds() - machine_before - used.seconds - load_seconds
    return Run(peer.name, number, load, used, server.ready, right, max(0.0, others))
