"""How gtm grows: what loads and changes take, and memory, by the number of services.

Each case runs in a process of its own, so that its memory is its own: `python -m bench.scale
SERVICES REGIONS TOPOLOGY` writes one as JSON. Nothing is probed, and no query is answered.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.workload import APEX
from gtm.checks import Target
from gtm.collector import paused, settled
from gtm.compile.compiler import Compiled, Compiler
from gtm.errors import GtmError
from gtm.geo import Geo, bundled, open_databases
from gtm.model import Act, State, Topology, Verdict
from gtm.overrides.book import Book
from gtm.overrides.override import Wanted
from gtm.overrides.target import parse_target
from gtm.steering.readings import Readings
from gtm.zonefile import KnownEndpoints, Loaded, load

NAME = "scale"
ABOUT = "loads and changes, by the number of services: times and memory"
PLACES = (
    *("US-VA", "IE", "SG", "JP", "BR", "ZA", "AU", "DE", "GB", "FR"),
    *("IN", "CA", "US-CA", "US-OR", "KR", "HK", "SE", "IT", "AE", "CL"),
)
LOST = 3  # the region that fails
LONGEST = 600.0  # seconds of one case
UP = Verdict(State.UP, "answers", 1.0)
DOWN = Verdict(State.DOWN, "refuses connections", 2.0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """One row. 100,000 services have fewer regions: a zone file is bounded at 5,000,000 values."""

    services: int
    regions: int
    topology: Topology


CASES = tuple(
    Case(services, regions, topology)
    for services, regions in ((1_000, 20), (10_000, 20), (100_000, 4))
    for topology in Topology
)


@dataclass(frozen=True, slots=True)
class Scale:
    """What a case took. Seconds: the zone file read, and what follows until it can be answered.

    `cold` compiles for the first time, with area tables; `reload` is all of a load after one
    service was changed. Milliseconds until the answers are other ones: after each verdict of a
    region changed at once (`region`), one of them (`one`), an operator's drain of a region.
    """

    read: float
    cold: float
    reload: float
    region: float
    one: float
    drain: float
    megabytes: float


def measure_case(case: Case) -> Scale:
    """One case in a process of its own. Raises GtmError."""
    command = [sys.executable, "-m", "bench.scale", str(case.services), str(case.regions)]
    command.append(case.topology.value)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = str(error.stderr or error).strip().splitlines()
        raise GtmError(f"cannot measure {case}: {said[-1] if said else error}") from error
    return Scale(**json.loads(done.stdout))


# --- inside that process ------------------------------------------------------------------


def measured(case: Case, folder: Path) -> Scale:
    """One case here and now."""
    path = folder / "zone.yaml"
    geo = open_databases(bundled())
    compiler, known = Compiler(), KnownEndpoints()  # which live as long as a server
    path.write_text(zone_file(case))
    with settled():
        read, loaded = _timed(partial(load, path, known=known))
        cold, compiled = _timed(partial(_compiled, compiler, loaded, geo, None))
        del loaded
    path.write_text(zone_file(case).replace("[10.0.0.1]", "[10.255.255.1]"))
    with settled():
        reload, compiled = _timed(
            lambda: _compiled(compiler, load(path, known=known), geo, compiled)
        )
    failing = {target for target in compiled.uses if _region(target) == LOST}
    readings = Readings(lambda target: DOWN if target in failing else UP)
    with paused():  # as the controller does
        region, after = _timed(lambda: compiler.refresh(compiled, failing, readings, 2))
        del after
        one, _ = _timed(lambda: compiler.refresh(compiled, [next(iter(failing))], readings, 2))
        drain, _ = _timed(lambda: _drained(compiler, compiled))
    return Scale(read, cold, reload, region * 1e3, one * 1e3, drain * 1e3, _resident())


def zone_file(case: Case) -> str:
    """Every service has an address of its own in every region."""
    return "".join(_lines(case))


def _lines(case: Case) -> Iterator[str]:
    yield f"zone: {APEX}\nnameservers: {{ns1: [127.0.0.1]}}\nregions:\n"
    places = PLACES[: case.regions]
    yield from (f"  r{number}: {{location: {place}}}\n" for number, place in enumerate(places))
    yield "checks: {connects: {type: tcp, port: 80}}\napps:\n  all:\n"
    yield f"    topology: {case.topology.value}\n    check: connects\n    services:\n"
    for service in range(case.services):
        yield f"      api-{service:07d}:\n"
        for region in range(case.regions):
            yield f"        r{region}: [{_address(service, region)}]\n"


def _address(service: int, region: int) -> str:
    """10.0.0.0/8, 32 blocks of 2^19: one for each region."""
    number = (region << 19) + service
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _region(target: Target) -> int:
    return int(target.address.split(".")[1]) >> 3


def _compiled(compiler: Compiler, loaded: Loaded, geo: Geo, before: Compiled | None) -> Compiled:
    return compiler.compile(loaded.zones, geo, Readings(lambda target: UP), 1, before=before)


def _drained(compiler: Compiler, compiled: Compiled) -> Compiled:
    wanted = Wanted(Act.DRAIN, parse_target(f"region/r{LOST}"), "measured", "bench")
    book, _, _ = Book().adding(wanted, 3.0)
    return compiler.relaid(compiled, book.overlay, Readings(lambda target: UP), 3)


def _timed(do: Callable[[], T]) -> tuple[float, T]:
    """Seconds of CPU time that it took, and what came of it.

    All of it is one thread that never waits: on an idle core it takes as long by the clock.
    """
    start = time.process_time()
    result = do()
    return time.process_time() - start, result


def _resident() -> float:
    """Memory of this process in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(kilobytes) / 1000


def _main(services: str, regions: str, topology: str) -> None:
    with tempfile.TemporaryDirectory(prefix="gtm-scale-") as folder:
        case = Case(int(services), int(regions), Topology(topology))
        print(json.dumps(asdict(measured(case, Path(folder)))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
