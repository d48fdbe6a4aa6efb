"""The course of a measurement: contenders in turn, round after round, each from a fresh start.

A fresh process each time, as the layout of memory alone moves figures by some percent; a median
over processes is worth more than one over moments of a single process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.agreement import agreement
from bench.cpu import machine_seconds, usage
from bench.database import write_database
from bench.dnsperf import LoadReport, run_load
from bench.figures import Run
from bench.paced import run_paced
from bench.peers.base import Peer, Setup
from bench.questions import write_questions
from bench.server import free_port, running
from bench.workload import Steering, Workload
from bench.world import World, world

WARM_UP = 1.0  # seconds of load before it counts: caches, branch predictors, lazy set-up


@dataclass(frozen=True, slots=True)
class Contender:
    """A peer and what it is told and asked; its figures go under the label."""

    label: str
    peer: Peer
    workload: Workload


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure and where: one row of what is compared.

    `bases` are the labels that others are compared to, `seconds` the length of one run's counted
    load.
    """

    name: str
    about: str
    contenders: Sequence[Contender]
    bases: Sequence[str]
    rounds: int
    seconds: float
    server_core: int
    load_core: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """What all runs of a workload share, in files."""

    world: World
    database: Path
    questions: Path


def measure(plan: Plan) -> Iterator[Run]:
    """The runs, one by one as they are done: all in round 1, all in round 2 and so on."""
    with tempfile.TemporaryDirectory(prefix="gtm-bench-") as folder:
        inputs = {
            workload: write_inputs(workload, Path(folder))
            for workload in dict.fromkeys(each.workload for each in plan.contenders)
        }
        for number in range(1, plan.rounds + 1):
            for contender in plan.contenders:
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    own = inputs[contender.workload]
                    yield _one_run(plan, contender, number, own, Path(place))


def write_inputs(workload: Workload, folder: Path) -> Inputs:
    """Writes the database and the questions, each once for all that have the same."""
    geography = world(workload.networks, workload.regions)
    kind = f"{hash(replace(workload, steering=Steering.NEAREST, workers=1)):x}"
    inputs = Inputs(
        geography, folder / f"world-{workload.networks}.mmdb", folder / f"questions-{kind}"
    )
    if not inputs.database.exists():
        write_database(inputs.database, geography)
    if not inputs.questions.exists():
        write_questions(inputs.questions, workload, geography)
    return inputs


def _one_run(plan: Plan, contender: Contender, number: int, inputs: Inputs, folder: Path) -> Run:
    peer, workload, port = contender.peer, contender.workload, free_port()
    start = peer.prepare(Setup(workload, inputs.world, inputs.database, folder, port))
    server_cores, load_cores = _cores(plan, workload)
    with running(peer, start, port, workload, server_cores, folder / "log") as server:
        if start.settle is not None:
            start.settle()
        right = agreement(workload, inputs.world, port) if peer.answers else None
        _load(workload, inputs.questions, port, WARM_UP, load_cores)
        machine_before, before = machine_seconds(), usage(server.pid)
        load, load_seconds = _load(workload, inputs.questions, port, plan.seconds, load_cores)
        used = usage(server.pid).since(before)
        others = machine_seconds() - machine_before - used.seconds - load_seconds
        return Run(contender.label, number, load, used, server.ready, right, max(0.0, others))


def _cores(plan: Plan, workload: Workload) -> tuple[Sequence[int], Sequence[int]]:
    """The server's and the load's: one each, or both for both where workers have one each."""
    if workload.shares_cores:
        both = (plan.server_core, plan.load_core)
        return both, both
    return (plan.server_core,), (plan.load_core,)


def _load(
    workload: Workload, questions: Path, port: int, seconds: float, cores: Sequence[int]
) -> tuple[LoadReport, float]:
    if workload.rate is not None:
        return run_paced(questions, port, workload.rate, seconds, cores)
    return run_load(workload, questions, port, seconds, cores)
