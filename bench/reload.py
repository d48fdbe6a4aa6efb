"""What clients feel of a reload: latency while 100,000 services are loaded, against before it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.ask import ask
from bench.experiment import Inputs, write_inputs
from bench.outcome import Bench, Outcome, Row
from bench.paced import Answers, Pacing, pacing
from bench.peers.base import Setup
from bench.peers.gtm import Gtm, zone_file
from bench.questions import Question
from bench.server import free_port, running
from bench.workload import APEX, TTL, WORKLOADS
from gtm.errors import GtmError

NAME = "reload"
ABOUT = "latency during a full reload of 100,000 services, against a quiet server"
RATE = 5_000  # questions a second: seldom two at once
LONGEST = 300.0  # seconds that a reload may take
PAUSE = 1.0  # seconds between two looks whether it is done: each takes milliseconds of a core
AFTERWARDS = 2.0  # seconds that still count: what was answered from before is freed then
WARM_UP = 1.0  # seconds of load before it counts
WORKLOAD = replace(WORKLOADS["udp-low"], services=100_000, regions=4, rate=RATE)


@dataclass(frozen=True, slots=True)
class Round:
    """One reload: seconds it took, and what was answered before and meanwhile."""

    took: float
    quiet: Answers
    reloading: Answers

    @property
    def ratio(self) -> float:
        """p99 while reloading over the quiet one."""
        return self.reloading.percentile(0.99) / self.quiet.percentile(0.99)


def measure(bench: Bench) -> Outcome:
    """Each round changes the TTL, so that every answer of every service is rendered anew."""
    with TemporaryDirectory(prefix="gtm-bench-") as folder:
        inputs = write_inputs(WORKLOAD, Path(folder))
        own = Path(folder) / "gtm"
        own.mkdir()
        rounds = list(_rounds(bench, inputs, own))
    rows = [
        Row("p99: reloading over quiet", "×", [one.ratio for one in rounds]),
        *_latencies("quiet", [one.quiet for one in rounds]),
        *_latencies("reloading", [one.reloading for one in rounds]),
        Row("seconds: reload", "s", [one.took for one in rounds]),
    ]
    method = (
        f"{len(rounds)} reloads, each after {bench.seconds:g} s of quiet, at {RATE:,} questions a "
        "second; all of the server on one core, the control side too"
    )
    return Outcome(NAME, ABOUT, method, rows)


def _latencies(when: str, each: list[Answers]) -> list[Row]:
    shares = (("p50", 0.5), ("p99", 0.99), ("slowest", 1.0))
    return [
        Row(f"{name}: {when}", "µs", [one.percentile(share) * 1e6 for one in each], 0)
        for name, share in shares
    ]


def _rounds(bench: Bench, inputs: Inputs, folder: Path) -> Iterator[Round]:
    port, peer = free_port(), Gtm()
    setup = Setup(WORKLOAD, inputs.world, inputs.database, folder, port)
    start = peer.prepare(setup)
    with running(peer, start, port, WORKLOAD, (bench.server_core,), folder / "log") as server:
        bench.tell(f"ready after {server.ready:.1f} s")
        for number in range(bench.rounds):
            cores = (bench.load_core,)
            with pacing(inputs.questions, port, RATE, LONGEST, cores, rests=True) as load:
                one = _round(bench, setup, load, TTL + 1 + number)
            ratio = one.ratio
            bench.tell(f"reload {number + 1}: {one.took:.1f} s, p99 {ratio:.2f} × the quiet one")
            yield one


def _round(bench: Bench, setup: Setup, load: Pacing, ttl: int) -> Round:
    zone = zone_file(WORKLOAD, setup.world, ttl)
    time.sleep(WARM_UP)
    begin = time.monotonic()
    time.sleep(bench.seconds)
    saved = time.monotonic()
    (setup.folder / "zones" / f"{APEX}.yaml").write_text(zone)
    answered = _answered(setup, ttl)
    time.sleep(AFTERWARDS)
    end = time.monotonic()
    answers = load.end()
    quiet, reloading = answers.between(begin, saved), answers.between(saved, end)
    return Round(answered - saved, quiet, reloading)


def _answered(setup: Setup, ttl: int) -> float:
    """When the new TTL was first answered."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        reply = ask(Question(0), WORKLOAD, setup.port, timeout=1.0)
        if reply is not None and reply.answer and reply.answer[0].ttl == ttl:
            return time.monotonic()
        time.sleep(PAUSE)
    raise GtmError(f"cannot measure a reload: the saved file was not answered in {LONGEST:g} s")
