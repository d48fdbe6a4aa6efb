"""How long each answer takes, as dnsperf sees it at a rate that is far from busy."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from bench.ask import LOOPBACK
from gtm.errors import GtmError

LATENCY = re.compile(r"^> NOERROR \S+ \S+ ([0-9.]+)", re.MULTILINE)
GRACE = 20  # seconds past its time after which dnsperf is given up


def latencies(questions: Path, port: int, seconds: float, rate: int, core: int) -> list[float]:
    """Microseconds, ascending. Raises GtmError if no answer came.

    dnsperf goes before all else on its core where that is allowed (to root), so that it measures
    the server and not its own wait for a processor.
    """
    first = ["chrt", "--fifo", "1"] if os.geteuid() == 0 else []
    command = [*first, "taskset", "-c", str(core), "dnsperf", "-s", LOOPBACK, "-p", str(port), "-v"]
    command += ["-d", str(questions), "-l", f"{seconds:g}", "-Q", str(rate), "-c", "1", "-T", "1"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + GRACE, check=False
    )
    found = sorted(float(one) * 1e6 for one in LATENCY.findall(done.stdout))
    if not found:
        raise GtmError(f"cannot measure: no answer came; dnsperf says {done.stderr[-200:]!r}")
    return found
