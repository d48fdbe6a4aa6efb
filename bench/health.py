"""What checking costs: the latency of answers with and without it, CPU, memory, and evenness.

The server is on one core with its prober, what is probed and dnsperf are on the other. Runs with
and without checks take turns, each on a server of its own.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import cpu
from bench.ask import LOOPBACK
from bench.backend import SLOT
from bench.peers.base import Start
from bench.peers.gtm import PROGRAM, Gtm
from bench.server import free_port, running
from bench.workload import APEX, service_key
from gtm.errors import GtmError

NAME = "health"
ABOUT = "10,000 endpoints probed every 5 s: what that does to answers"
ENDPOINTS = 10_000
REGIONS = ("US-VA", "IE", "SG", "JP", "BR", "ZA", "AU", "DE", "GB", "FR")
INTERVAL = 5.0  # seconds
RATE = 1000  # questions a second: far from busy, so that latency is that of one answer
WARM = 12.0  # seconds until rounds are as they will be
GRACE = 20  # seconds past its time after which dnsperf is given up
LATENCY = re.compile(r"^> NOERROR \S+ \S+ ([0-9.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """One run. Latencies in microseconds, shares of a core, megabytes.

    `evenness` is the busiest tenth of a second of probes as a multiple of the mean, `rate` probes
    a second; None without checks.
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
    rate: float | None = None
    evenness: float | None = None


def samples(runs: int, seconds: float, core: int, other: int) -> Iterator[Sample]:
    """So many runs with checks and without, in turn."""
    for _ in range(runs):
        for checks in (False, True):
            yield sample(checks, seconds, core, other)


def middle(found: Sequence[Sample], checks: bool, field: str) -> float:
    """The median of one figure over the runs."""
    return median(getattr(one, field) or 0.0 for one in found if one.checks is checks)


def sample(checks: bool, seconds: float, core: int, other: int) -> Sample:
    """One run, on a server that is started for it."""
    with tempfile.TemporaryDirectory(prefix="gtm-bench-") as name:
        folder, port, probed = Path(name), free_port(), free_port()
        (folder / "zones").mkdir()
        (folder / "zones" / "zone.yaml").write_text(zone_text(probed if checks else None))
        questions = folder / "questions"
        questions.write_text("".join(f"{service_key(n)}.{APEX} A\n" for n in range(1000)))
        start = Start(_command(folder, port))
        with (
            _backend(probed, folder, other) as slots,
            running(Gtm(), start, port, core, folder / "log") as server,
        ):
            time.sleep(WARM)
            begun, before = time.monotonic(), _used(server.pid)
            latencies = _ask(questions, port, seconds, other)
            took, after = time.monotonic() - begun, _used(server.pid)
            sockets = _open_files(server.pid)
        counts = slots()
    quiet = counts[-int(INTERVAL / SLOT) * 2 : -1]  # whole rounds at the end
    mean = sum(quiet) / len(quiet) if quiet else 0.0
    return Sample(
        checks,
        len(latencies),
        _at(latencies, 0.5),
        _at(latencies, 0.99),
        (after[0].seconds - before[0].seconds) / took,
        (after[1].seconds - before[1].seconds) / took,
        after[0].resident / 1e6,
        after[1].resident / 1e6,
        sockets,
        mean / SLOT if checks else None,
        max(quiet) / mean if mean else None,
    )


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


def _command(folder: Path, port: int) -> tuple[str, ...]:
    return (
        *(str(PROGRAM), "serve", str(folder / "zones")),
        *("--listen", f"{LOOPBACK}:{port}", "--geoip", "none"),
        *("--state", str(folder / "state"), "--api", f"unix:{folder / 'api.sock'}"),
    )


@contextmanager
def _backend(port: int, folder: Path, core: int) -> Iterator[Callable[[], list[int]]]:
    """What is probed; gives what tells its counts once it has ended."""
    file = folder / "slots.json"
    process = subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-m", "bench.backend", str(port), str(file)]
    )

    def counts() -> list[int]:
        found: list[int] = json.loads(file.read_text())
        return found

    try:
        yield counts
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(GRACE)


def _ask(questions: Path, port: int, seconds: float, core: int) -> list[float]:
    """The latency of every answer in microseconds, ascending."""
    command = ["taskset", "-c", str(core), "dnsperf", "-s", LOOPBACK, "-p", str(port), "-v"]
    command += ["-d", str(questions), "-l", f"{seconds:g}", "-Q", str(RATE), "-c", "1", "-T", "1"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + GRACE, check=False
    )
    found = sorted(float(one) * 1e6 for one in LATENCY.findall(done.stdout))
    if not found:
        raise GtmError(f"cannot measure: no answer came; dnsperf says {done.stderr[-200:]!r}")
    return found


def _at(ascending: Sequence[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))]


def _used(pid: int) -> tuple[cpu.Usage, cpu.Usage]:
    """What the server's process and all below it, which is the prober, have used."""
    whole = cpu.usage(pid)
    below = [cpu.usage(child) for child in cpu.family(pid)[1:]]
    prober = below[0] if below else cpu.Usage(0.0, 0.0, 0.0, 0)
    own = whole.since(prober)
    return cpu.Usage(own.seconds, own.user, own.system, whole.resident - prober.resident), prober


def _open_files(pid: int) -> int:
    members = cpu.family(pid)
    return len(list((cpu.PROC / str(members[-1]) / "fd").iterdir()))
