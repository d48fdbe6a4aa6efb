"""The load: one bounded run of dnsperf against a server on loopback, and what it reported."""

from __future__ import annotations

import re
import resource
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.ask import LOOPBACK
from bench.program import pinned
from bench.workload import Subnets, Transport, Workload
from gtm.errors import GtmError

TIMEOUT = 2  # seconds until a question counts as lost
GRACE = 15  # seconds past its time after which dnsperf is given up
BUFFER = 1024  # kB of socket buffer, so that the load does not lose answers itself


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What the load saw. Times in seconds; `latency` is the mean over all answers.

    The percentiles are of paced loads alone: dnsperf does not tell them.
    """

    sent: int
    answered: int
    seconds: float
    latency: float
    latency_deviation: float
    codes: Mapping[str, int] = field(default_factory=dict)
    p50: float | None = None
    p99: float | None = None

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def lost_share(self) -> float:
        """Questions that no answer came to, as a share of all."""
        return 1 - self.answered / self.sent if self.sent else 0.0


def run_load(
    workload: Workload, questions: Path, port: int, seconds: float, cores: Sequence[int]
) -> tuple[LoadReport, float]:
    """Asks for `seconds`; gives the report and the CPU seconds that dnsperf itself used."""
    command = [*pinned(cores), *load_command(workload, questions, port, seconds)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=seconds + GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GtmError(f"cannot load port {port}: dnsperf ran on past {error.timeout} s") from error
    if done.returncode:
        raise GtmError(f"cannot load port {port}: {done.stderr.strip() or 'dnsperf failed'}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return parse_report(done.stdout), used


def load_command(workload: Workload, questions: Path, port: int, seconds: float) -> list[str]:
    """The dnsperf command line for the workload."""
    command = ["dnsperf", "-f", "inet", "-s", LOOPBACK, "-p", str(port), "-d", str(questions)]
    command += ["-l", f"{seconds:g}", "-t", str(TIMEOUT), "-b", str(BUFFER), "-T", "1"]
    command += ["-q", str(workload.outstanding), "-c", str(workload.connections)]
    command += ["-Q", str(workload.ceiling)] if workload.ceiling is not None else []
    command += ["-m", workload.transport.value] if workload.transport is Transport.TCP else []
    if workload.subnets is not Subnets.NONE:
        return [*command, "-B"]
    command += ["-D"] if workload.dnssec_ok else []
    return [*command, "-e"] if workload.edns else command


def parse_report(text: str) -> LoadReport:
    """Reads the statistics that dnsperf prints at its end; GtmError if they are not there."""
    return LoadReport(
        sent=int(_number(text, r"Queries sent:")),
        answered=int(_number(text, r"Queries completed:")),
        seconds=_number(text, r"Run time \(s\):"),
        latency=_number(text, r"Average Latency \(s\):"),
        latency_deviation=_number(text, r"Latency StdDev \(s\):"),
        codes=_codes(text),
    )


def _number(text: str, label: str) -> float:
    found = re.search(rf"^\s*{label}\s+([0-9.]+)", text, re.MULTILINE)
    if found is None:
        raise GtmError(f"cannot read dnsperf's report: no line matches {label!r}")
    return float(found[1])


def _codes(text: str) -> dict[str, int]:
    found = re.search(r"^\s*Response codes:\s+(.*)$", text, re.MULTILINE)
    pairs = re.findall(r"([A-Z0-9]+) (\d+) \(", found[1]) if found else []
    return {code: int(count) for code, count in pairs}
