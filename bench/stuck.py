"""What answers cost clients when the control loop is stuck: the same, or the plane hangs on it."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.api import call
from bench.dnsperf import run_load
from bench.experiment import WARM_UP, Inputs, write_inputs
from bench.outcome import Bench, Outcome, Row
from bench.peers.base import Setup
from bench.peers.gtm import Gtm, api
from bench.server import Server, free_port, running
from bench.workload import WORKLOADS
from gtm.errors import GtmError

NAME = "stuck"
HELD = 30  # seconds
ABOUT = f"answers while the control loop is stuck for {HELD} s, against before and after"
WORKLOAD = WORKLOADS["udp"]
MARGIN = 3.0  # seconds of holding that no load falls into: to begin, to look whether it held
MOST = 2  # rounds: each takes a minute
LOOK = 0.5  # seconds in which a loop that is not stuck would answer


def measure(bench: Bench) -> Outcome:
    """In each round the load runs before, while and after the loop is stuck, for as long each."""
    seconds = min(HELD - WARM_UP - MARGIN, max(bench.seconds, 1.0) * 4)
    with TemporaryDirectory(prefix="gtm-bench-") as folder:
        inputs = write_inputs(WORKLOAD, Path(folder))
        own = Path(folder) / "gtm"
        own.mkdir()
        free, stuck = _rates(bench, inputs, own, seconds)
    rows = [
        Row(
            "time per answer: stuck over free",
            "×",
            [one / other for one, other in zip(free, stuck, strict=True)],
            3,
        ),
        Row("answers: free", "k/s", [rate / 1e3 for rate in free], 1),
        Row("answers: stuck", "k/s", [rate / 1e3 for rate in stuck], 1),
    ]
    method = (
        f"{len(free)} times {seconds:g} s of saturating load over UDP before, while and after the "
        "main thread sleeps, holding Python's lock"
    )
    return Outcome(NAME, ABOUT, method, rows)


def _rates(
    bench: Bench, inputs: Inputs, folder: Path, seconds: float
) -> tuple[list[float], list[float]]:
    """Answers a second, without (the mean of before and after) and with the loop stuck."""
    port, peer = free_port(), Gtm()
    setup = Setup(WORKLOAD, inputs.world, inputs.database, folder, port)
    start = peer.prepare(setup)
    holding = (sys.executable, "-m", "bench.peers.holding", str(HELD), *start.command[1:])
    start = replace(start, command=holding)
    free, stuck = [], []

    def rate() -> float:
        load, _ = run_load(WORKLOAD, inputs.questions, port, seconds, (bench.load_core,))
        return load.per_second

    with running(peer, start, port, WORKLOAD, (bench.server_core,), folder / "log") as server:
        run_load(WORKLOAD, inputs.questions, port, WARM_UP, (bench.load_core,))
        for number in range(min(bench.rounds, MOST)):
            before = rate()
            until = _hold(server, api(setup))
            stuck.append(rate())
            _check_held(api(setup), until)
            time.sleep(max(0.0, until - time.monotonic()) + LOOK)
            free.append((before + rate()) / 2)
            told = f"free {free[-1] / 1e3:.1f} k/s, stuck {stuck[-1] / 1e3:.1f} k/s"
            bench.tell(f"round {number + 1}: {told}")
    return free, stuck


def _hold(server: Server, path: Path) -> float:
    """Has the loop get stuck; gives when that ends."""
    call(path, "GET", "/v1/status")
    os.kill(server.pid, signal.SIGUSR1)
    return time.monotonic() + HELD


def _check_held(path: Path, until: float) -> None:
    """GtmError if the control side answered while it was to be stuck."""
    if time.monotonic() + LOOK >= until:
        raise GtmError("cannot measure a stuck control loop: the load ran longer than it was stuck")
    try:
        call(path, "GET", "/v1/status", timeout=LOOK)
    except GtmError:
        return
    raise GtmError("cannot measure a stuck control loop: it answers all the same")
