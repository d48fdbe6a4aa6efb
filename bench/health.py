"""What checking costs: the latency of answers with and without it, CPU, memory, and evenness.

Two servers stand on one core, one of them with its prober; what is probed and the load are on the
other core. They are asked in short turns: while the one without checks is asked, the other is
stopped, so that both meet the same machine and a ratio is that of two turns side by side.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench import cpu
from bench.ask import LOOPBACK
from bench.paced import pacing
from bench.peers.base import Start
from bench.peers.gtm import PROGRAM, Gtm
from bench.probed import Arrivals, arrivals, open_files
from bench.questions import Question, framed
from bench.server import Server, free_port, running
from bench.workload import APEX, WORKLOADS, service_key

NAME = "health"
ABOUT = "10,000 endpoints probed every 5 s: what that does to answers"
WORKLOAD = WORKLOADS["udp-low"]  # but for its zone
ENDPOINTS = 10_000
REGIONS = ("US-VA", "IE", "SG", "JP", "BR", "ZA", "AU", "DE", "GB", "FR")
INTERVAL = 5.0  # seconds
RATE = 1000  # questions a second: far from busy, so that latency is that of one answer
FIRST = 12.0  # seconds from the start until rounds are as they will be
AGAIN = 8.0  # seconds for the same after a stop: what fell due meanwhile, and a whole round
PAUSE = 1.0  # seconds before a turn without checks
GRACE = 20  # seconds that a process may take to end


@dataclass(frozen=True, slots=True)
class Sample:
    """One turn. Latencies in microseconds, shares of a core, megabytes.

    `evenness` is the busiest tenth of a second of probes as a multiple of the mean, `rate` probes
    a second; 0 without checks. `sockets` is the most files that the prober had open.
    """

    checks: bool
    answers: int
    p50: float
    p99: float
    server_cpu: float
    prober_cpu: float
    server_megabytes: float
    prober_megabytes: float
    sockets: int
    rate: float = 0.0
    evenness: float = 0.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """A sample that does not know its arrivals yet, and when it began and ended (monotonic)."""

    sample: Sample
    begun: float
    ended: float


def samples(turns: int, seconds: float, core: int, other: int) -> list[Sample]:
    """So many turns without checks and with them, one after the other."""
    with tempfile.TemporaryDirectory(prefix="gtm-bench-") as name:
        folder, probed = Path(name), free_port()
        questions = folder / "questions"
        questions.write_bytes(b"".join(framed(Question(n), WORKLOAD) for n in range(1000)))
        with _backend(probed, folder / "arrivals.json", other), ExitStack() as servers:
            plain = servers.enter_context(_served(folder / "without", None, core))
            checking = servers.enter_context(_served(folder / "with", probed, core))
            time.sleep(FIRST)
            found: list[_Turn] = []
            for _ in range(turns):
                with _stopped(checking):
                    time.sleep(PAUSE)
                    found.append(_turn(plain, False, questions, seconds, other))
                time.sleep(AGAIN)
                found.append(_turn(checking, True, questions, seconds, other))
        return [_with_arrivals(turn, arrivals(folder / "arrivals.json")) for turn in found]


def middle(found: Sequence[Sample], checks: bool, field: str) -> float:
    """The median of one figure over the turns of one kind."""
    values: list[float] = [getattr(one, field) for one in found if one.checks is checks]
    return median(values)


def ratios(found: Sequence[Sample], field: str) -> list[float]:
    """One figure with checks as a multiple of the one just before without them; ascending."""
    without = (getattr(one, field) for one in found if not one.checks)
    having = (getattr(one, field) for one in found if one.checks)
    return sorted(one / other for one, other in zip(having, without, strict=True))


def zone_text(probed: int | None) -> str:
    """A zone of addresses of loopback, ten to a service; `probed` is their port."""
    lines = [f"zone: {APEX}", "nameservers: {ns1: [127.0.0.1]}"]
    lines += ["soa: {contact: hostmaster@example.com}", "regions:"]
    lines += [f"  {place.lower()}: {{location: {place}}}" for place in REGIONS]
    if probed is not None:
        what = f"type: http, port: {probed}, interval: {INTERVAL:g}s, timeout: 2s"
        lines += ["checks:", f"  api: {{{what}}}"]
    lines += ["apps:", "  bench:", "    topology: spread"]
    lines += ["    check: api"] if probed is not None else []
    lines.append("    services:")
    for service in range(ENDPOINTS // len(REGIONS)):
        places = (
            f"{place.lower()}: [{_address(service * len(REGIONS) + number)}]"
            for number, place in enumerate(REGIONS)
        )
        lines.append(f"      {service_key(service)}: {{{', '.join(places)}}}")
    return "\n".join([*lines, ""])


def _address(number: int) -> str:
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


def _turn(server: Server, checks: bool, questions: Path, seconds: float, core: int) -> _Turn:
    begun, before = time.monotonic(), _used(server.pid)
    with (
        open_files(cpu.family(server.pid)[-1]) as most,
        pacing(questions, server.port, RATE, seconds, (core,), rests=True) as load,
    ):
        answers = load.wait()
    ended, after = time.monotonic(), _used(server.pid)
    own, prober = (then.since(first) for first, then in zip(before, after, strict=True))
    sample = Sample(
        checks,
        len(answers.took),
        answers.percentile(0.5) * 1e6,
        answers.percentile(0.99) * 1e6,
        own.seconds / (ended - begun),
        prober.seconds / (ended - begun),
        own.resident / 1e6,
        prober.resident / 1e6,
        most() if checks else 0,
    )
    return _Turn(sample, begun, ended)


def _with_arrivals(turn: _Turn, every: Arrivals) -> Sample:
    if not turn.sample.checks:
        return turn.sample
    rate, evenness = every.between(turn.begun, turn.ended)
    return replace(turn.sample, rate=rate, evenness=evenness)


@contextmanager
def _served(folder: Path, probed: int | None, core: int) -> Iterator[Server]:
    """A server of such a zone, on the core."""
    (folder / "zones").mkdir(parents=True)
    (folder / "zones" / "zone.yaml").write_text(zone_text(probed))
    port = free_port()
    command = (
        *(str(PROGRAM), "serve", str(folder / "zones")),
        *("--listen", f"{LOOPBACK}:{port}", "--geoip", "none"),
        *("--state", str(folder / "state"), "--api", f"unix:{folder / 'api.sock'}"),
    )
    with running(Gtm(), Start(command), port, WORKLOAD, (core,), folder / "log") as server:
        yield server


@contextmanager
def _stopped(server: Server) -> Iterator[None]:
    """The server and its prober do nothing meanwhile."""
    members = cpu.family(server.pid)
    for pid in members:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in members:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def _backend(port: int, file: Path, core: int) -> Iterator[None]:
    """What is probed; it writes the file when it ends."""
    process = subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-m", "bench.backend", str(port), str(file)]
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(GRACE)


def _used(pid: int) -> tuple[cpu.Usage, cpu.Usage]:
    """What the server's process and all below it, which is the prober, have used."""
    whole = cpu.usage(pid)
    below = [cpu.usage(child) for child in cpu.family(pid)[1:]]
    prober = below[0] if below else cpu.Usage(0.0, 0.0, 0.0, 0)
    own = whole.since(prober)
    return cpu.Usage(own.seconds, own.user, own.system, whole.resident - prober.resident), prober
