"""What an answer costs past the kernel's sockets (`--xdp`), beside Knot's `xdp` and beside sockets.

Server and load stand in two network namespaces with a veth pair between them; kxdpgun (Debian
package knot-dnsutils) asks at a steady rate from a core of its own. It takes root and iproute2.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import veth
from bench.cpu import usage
from bench.outcome import Bench, Outcome, Row
from bench.peers.gtm import PROGRAM
from bench.program import pinned
from bench.veth import INTERFACE, SERVER, Lab, lab
from gtm.errors import GtmError

NAME = "xdp"
ABOUT = "answers past the kernel's sockets (AF_XDP), beside Knot DNS in the same mode"
RATE = 100_000  # questions a second: what all of them answer
BATCH = 10  # questions that are sent together
NAMES = 1_000
APEX = "gtm.example.com"
START = 15.0  # seconds a server gets to answer
PAUSE = 0.2  # seconds between two looks whether it does
SETTLE = 1.0  # seconds after its first answer
GRACE = 20.0  # seconds past its time after which kxdpgun is given up
STOP = 10.0  # seconds that a server gets to end
GTM_XDP, KNOT_XDP, GTM_SOCKETS = "gtm --xdp", "Knot xdp", "gtm, sockets"

_KNOT = """
server:
    rundir: {folder}
    user: root:root
    udp-workers: 1
    background-workers: 1
    tcp-workers: 1
xdp:
    listen: "{interface}@53"
database:
    storage: {folder}
log:
  - target: stderr
    any: warning
zone:
  - domain: {apex}
    storage: {folder}
    file: zone
    zonefile-sync: -1
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Microseconds of CPU for each answer, and the share of questions that got one."""

    cost: float
    answered: float


def measure(bench: Bench) -> Outcome:
    """In each round all of them in turn, each from a fresh start, on the same pair."""
    if why := why_not():
        raise GtmError(f"cannot measure {NAME}: {why}")
    found: dict[str, list[Run]] = {name: [] for name in CONTENDERS}
    with TemporaryDirectory(prefix="gtm-bench-") as name, lab() as pair:
        folder = Path(name)
        questions = folder / "questions"
        questions.write_text("".join(f"n{number}.{APEX} A\n" for number in range(NAMES)))
        for number in range(bench.rounds):
            for contender, command in CONTENDERS.items():
                own = folder / f"{number}-{contender.split()[0]}-{len(found[contender])}"
                own.mkdir(exist_ok=True)
                with _served(pair, command(own), bench.server_core, own / "log") as pid:
                    run = _run(pair, pid, questions, bench)
                found[contender].append(run)
                bench.tell(f"{number + 1} {contender}: {run.cost:.2f} µs, {run.answered:.0%} got")
                _detach(pair)
    return _outcome(found, bench)


def why_not() -> str | None:
    """What it lacks here; None if nothing."""
    if why := veth.why_not():
        return why
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    for program, package in (("kxdpgun", "knot-dnsutils"), ("knotd", "knot"), ("dig", "dnsutils")):
        if shutil.which(program, path=path) is None:
            return f"{program} is not installed: apt-get install {package}"
    return None


def _outcome(found: dict[str, list[Run]], bench: Bench) -> Outcome:
    ratios = [
        one.cost / other.cost for one, other in zip(found[GTM_XDP], found[KNOT_XDP], strict=True)
    ]
    rows = [Row("cost: gtm --xdp over Knot xdp", "×", ratios)]
    for name, runs in found.items():
        rows.append(Row(f"cost: {name}", "µs/answer", [run.cost for run in runs]))
        rows.append(Row(f"answered: {name}", "%", [100 * run.answered for run in runs], 0))
    method = (
        f"{bench.rounds} runs each of {bench.seconds:g} s at {RATE:,} questions a second over a "
        f"veth pair, {NAMES:,} static names; CPU of all threads of the server; {_version()}"
    )
    return Outcome(NAME, ABOUT, method, rows)


def _version() -> str:
    """Which Knot."""
    done = subprocess.run(["knotd", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


# --- servers ----------------------------------------------------------------------------


def _gtm(folder: Path, *more: str) -> Sequence[str]:
    zones = folder / "zones"
    zones.mkdir()
    records = "".join(
        f"  n{number}: {{type: A, values: [{_address(number)}]}}\n" for number in range(NAMES)
    )
    (zones / "zone.yaml").write_text(
        f"zone: {APEX}\nnameservers: {{ns1: [{SERVER[0]}]}}\n"
        f"soa: {{contact: hostmaster@example.com}}\nrecords:\n{records}"
    )
    command = [str(PROGRAM), "serve", str(zones), "--listen", f"{SERVER[0]}:53", "--workers", "1"]
    command += ["--rate-limit", "0"]  # the load comes from outside loopback, as a flood would
    return [*command, "--geoip", "none", "--api", f"unix:{folder / 'api.sock'}", *more]


def _gtm_xdp(folder: Path) -> Sequence[str]:
    return _gtm(folder, "--xdp", INTERFACE)


def _knot(folder: Path) -> Sequence[str]:
    records = "".join(f"n{number} A {_address(number)}\n" for number in range(NAMES))
    (folder / "zone").write_text(
        f"$ORIGIN {APEX}.\n$TTL 3600\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\n"
        f"ns1 A {SERVER[0]}\n{records}"
    )
    text = _KNOT.format(folder=folder, interface=INTERFACE, apex=APEX)
    (folder / "knot.conf").write_text(text)
    return ["knotd", "-c", str(folder / "knot.conf")]


CONTENDERS: dict[str, Callable[[Path], Sequence[str]]] = {
    GTM_XDP: _gtm_xdp,
    KNOT_XDP: _knot,
    GTM_SOCKETS: _gtm,
}


@contextmanager
def _served(pair: Lab, command: Sequence[str], core: int, log: Path) -> Iterator[int]:
    """The process id of a server that answers in the server's namespace."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_inside(pair.server), *pinned((core,)), *command],
            stdout=output,
            stderr=output,
            env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"},
        )
    try:
        _wait(pair, process, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(pair: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until a question from the client's namespace is answered. Raises GtmError."""
    ask = [*_inside(pair.client), "dig", f"@{SERVER[0]}", f"n1.{APEX}", "A", "+short", "+time=1"]
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        done = subprocess.run([*ask, "+tries=1"], capture_output=True, text=True, check=False)
        if done.stdout.strip() == _address(1):
            time.sleep(SETTLE)
            return
        time.sleep(PAUSE)
    raise GtmError(f"cannot start a server: its log ends with:\n{log.read_text()[-1000:]}")


def _detach(pair: Lab) -> None:
    """Takes off the interface the program that Knot leaves there when it ends."""
    command = ["ip", "-n", pair.server, "link", "set", INTERFACE, "xdp", "off"]
    subprocess.run(command, check=False, capture_output=True)


# --- load -------------------------------------------------------------------------------


def _run(pair: Lab, pid: int, questions: Path, bench: Bench) -> Run:
    command = ["kxdpgun", "-t", f"{max(1, round(bench.seconds))}", "-Q", str(RATE)]
    command += ["-b", str(BATCH), "-F", f"{bench.load_core}s1", "-i", str(questions), "-p", "53"]
    before = usage(pid)
    done = subprocess.run(
        [*_inside(pair.client), *pinned((bench.load_core,)), *command, SERVER[0]],
        capture_output=True,
        text=True,
        timeout=bench.seconds + GRACE,
        check=False,
    )
    used = usage(pid).since(before)
    asked, answered = parse(done.stdout + done.stderr)
    return Run(used.seconds / answered * 1e6, answered / asked)


def parse(text: str) -> tuple[int, int]:
    """Questions and answers, as kxdpgun counts them at its end. Raises GtmError."""
    counts = []
    for label in ("total queries", "total replies"):
        found = re.search(rf"^{label}:\s+(\d+)", text, re.MULTILINE)
        if found is None or int(found[1]) == 0:
            raise GtmError(f"cannot read kxdpgun's report: no {label} in {text[-300:]!r}")
        counts.append(int(found[1]))
    return counts[0], counts[1]


def _inside(namespace: str) -> list[str]:
    return ["ip", "netns", "exec", namespace]


def _address(number: int) -> str:
    return f"127.{number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"
