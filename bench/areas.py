"""Area tables of a city database of 3.7 million networks, made while the server answers."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.api import call
from bench.database import write_database
from bench.experiment import WARM_UP, Inputs, write_inputs
from bench.outcome import Bench, Outcome, Row
from bench.paced import Answers, pacing
from bench.peers.base import Setup
from bench.peers.gtm import Gtm, api
from bench.report import RESULTS
from bench.server import free_port, running
from bench.workload import WORKLOADS
from bench.world import world
from gtm.errors import GtmError

NAME = "areas"
NETWORKS = 3_700_000
ABOUT = f"another geo database, of {NETWORKS:,} networks, while answering"
RATE = 5_000  # questions a second
LONGEST = 300.0  # seconds that the change may take
PAUSE = 0.1  # seconds between two looks whether it is in use
WORKLOAD = replace(WORKLOADS["udp-low"], rate=RATE)


@dataclass(frozen=True, slots=True)
class Change:
    """What a new database took, in seconds, and what was answered meanwhile.

    `seconds` is until it was answered from; of these, `areas` for area tables and all that is
    compiled with them.
    """

    seconds: float
    areas: float
    quiet: Answers
    meanwhile: Answers


def measure(bench: Bench) -> Outcome:
    """In each round a server that has the small database gets the large one in its place."""
    with TemporaryDirectory(prefix="gtm-bench-") as folder:
        bench.tell(f"writing a database of {NETWORKS:,} networks, unless there is one")
        large = large_database()
        inputs = write_inputs(WORKLOAD, Path(folder))
        changes = list(_changes(bench, inputs, large, Path(folder)))
    ratios = [one.meanwhile.percentile(0.99) / one.quiet.percentile(0.99) for one in changes]
    rows = [
        Row("seconds: area tables", "s", [one.areas for one in changes]),
        Row("seconds: the whole load", "s", [one.seconds for one in changes]),
        Row("p99: meanwhile over quiet", "×", ratios),
        Row("p99: quiet", "µs", [one.quiet.percentile(0.99) * 1e6 for one in changes], 0),
        Row("p99: meanwhile", "µs", [one.meanwhile.percentile(0.99) * 1e6 for one in changes], 0),
    ]
    method = (
        "area tables: what the server says that compiling took; the whole load: from the file in "
        f"its place until it was answered from; at {RATE:,} questions a second; all of the server "
        "on one core"
    )
    return Outcome(NAME, ABOUT, method, rows)


def large_database() -> Path:
    """Kept beside the results: writing it takes minutes."""
    path = RESULTS / f"world-{NETWORKS}.mmdb"
    RESULTS.mkdir(exist_ok=True)
    if not path.exists():
        write_database(path, world(NETWORKS))
    return path


def _changes(bench: Bench, inputs: Inputs, large: Path, folder: Path) -> Iterator[Change]:
    for number in range(bench.rounds):
        own = folder / f"gtm-{number}"
        own.mkdir()
        database = own / "world.mmdb"
        shutil.copy(inputs.database, database)
        one = _change(bench, inputs, database, large)
        bench.tell(f"round {number + 1}: {one.seconds:.2f} s")
        yield one


def _change(bench: Bench, inputs: Inputs, database: Path, large: Path) -> Change:
    port, peer, folder = free_port(), Gtm(), database.parent
    setup = Setup(WORKLOAD, inputs.world, database, folder, port)
    start = peer.prepare(setup)
    with (
        running(peer, start, port, WORKLOAD, (bench.server_core,), folder / "log"),
        pacing(inputs.questions, port, RATE, LONGEST, (bench.load_core,)) as load,
    ):
        time.sleep(WARM_UP)
        begin = time.monotonic()
        time.sleep(bench.seconds)
        shutil.copy(large, folder / "next")
        replaced = time.monotonic()
        (folder / "next").replace(database)
        seconds = _reloaded(api(setup), WORKLOAD.networks) - replaced
        end = time.monotonic()
        answers = load.end()
    areas = _compiling(folder / "log")
    return Change(seconds, areas, answers.between(begin, replaced), answers.between(replaced, end))


def _compiling(log: Path) -> float:
    """Seconds that the server says the last load took to compile."""
    lines = log.read_text(encoding="utf-8").splitlines()
    said = [json.loads(line) for line in lines if line.startswith("{")]
    return float([each for each in said if each["event"] == "loaded"][-1]["compile_seconds"])


def _reloaded(path: Path, networks: int) -> float:
    """When a database of more networks than these was in use."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        geo = call(path, "GET", "/v1/status")["geo"]
        if any(each["networks"] > networks for each in geo):
            return time.monotonic()
        time.sleep(PAUSE)
    raise GtmError(f"cannot measure area tables: no new database in use after {LONGEST:g} s")
