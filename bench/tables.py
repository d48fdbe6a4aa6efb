"""What the native plane's tables take: memory, and the time to make them, by number of names.

Each case runs in a process of its own: `python -m bench.tables HOSTS FOLDER` writes one as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.experiment import write_inputs
from bench.outcome import Bench, Outcome, Row
from bench.peers.gtm import HOSTS, hosts, zone_file
from bench.workload import APEX, WORKLOADS
from bench.world import world
from gtm.collector import settled
from gtm.compile.compiler import Compiler
from gtm.errors import GtmError
from gtm.geo import open_databases
from gtm.model import State, Verdict
from gtm.steering.readings import Readings
from gtm.zonefile import load

NAME = "tables"
ABOUT = "the native plane's tables: 1,000 services and 370,000 networks, and so many names"
COUNTS = (1_000, 1_000_000)
LONGEST = 600.0  # seconds of one case
UP = Verdict(State.UP, "answers", 1.0)


@dataclass(frozen=True, slots=True)
class Made:
    """Seconds of the steps from zone file to tables, and what the tables take in megabytes."""

    read: float
    compile: float
    hand: float
    megabytes: float


def measure(bench: Bench) -> Outcome:
    """Once for each number of names: tables have the same size every time."""
    rows: list[Row] = []
    with TemporaryDirectory(prefix="gtm-bench-") as folder:
        inputs = write_inputs(WORKLOADS["udp"], Path(folder))
        for count in COUNTS:
            made = _in_process(count, inputs.database)
            bench.tell(f"{count:,} names: {made.megabytes:.1f} MB")
            rows += [
                Row(f"tables: {count:,} names", "MB", [made.megabytes], 1),
                Row(f"zone and master file read: {count:,} names", "s", [made.read]),
                Row(f"compiled: {count:,} names", "s", [made.compile]),
                Row(f"handed to the plane: {count:,} names", "s", [made.hand]),
            ]
    return Outcome(NAME, ABOUT, "one process each; wall time", rows)


def _in_process(count: int, database: Path) -> Made:
    command = [sys.executable, "-m", "bench.tables", str(count), str(database)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = str(error.stderr or error).strip().splitlines()
        why = said[-1] if said else error
        raise GtmError(f"cannot measure tables of {count:,} names: {why}") from error
    return Made(**json.loads(done.stdout))


# --- inside that process ------------------------------------------------------------------


def made(count: int, database: Path, folder: Path) -> Made:
    """One case here and now."""
    from gtm._native import Tables

    workload = replace(WORKLOADS["udp"], hosts=count)
    path = folder / f"{APEX}.yaml"
    path.write_text(zone_file(workload, world(1)))
    (folder / HOSTS).write_text(hosts(workload))
    geo = open_databases([database])
    with settled():
        begin = time.monotonic()
        loaded = load(path)
        read = time.monotonic()
        compiled = Compiler().compile(loaded.zones, geo, Readings(lambda target: UP), 1)
        done = time.monotonic()
        tables = Tables.of(compiled.snapshot)
        handed = time.monotonic()
    return Made(read - begin, done - read, handed - done, tables.memory / 1e6)


def _main(count: str, database: str) -> None:
    with TemporaryDirectory(prefix="gtm-tables-") as folder:
        print(json.dumps(asdict(made(int(count), Path(database), Path(folder)))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
