"""The command line: which workloads, which peers, how long."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from rich.console import Console

from bench import areas, health, page, reload, scale, stuck, tables, xdp
from bench.comparisons import Comparison, comparisons
from bench.experiment import Plan, measure
from bench.figures import Run
from bench.healthreport import health_table, write_health
from bench.machine import Machine, this_machine, two_cores
from bench.outcome import Bench, Outcome, print_outcome, write_outcome
from bench.peers import PEERS
from bench.peers.base import Peer, missing_program, output
from bench.peers.gtm import Gtm
from bench.report import print_machine, print_run, table, write_json
from bench.scalereport import scale_table, write_scale
from gtm.errors import GtmError, StartError, UsageError

Chosen = TypeVar("Chosen")

COMPARISONS = comparisons()
# Measurements that are not of cost per query, by name.
SPECIAL: dict[str, tuple[str, Callable[[Bench], Outcome]]] = {
    module.NAME: (module.ABOUT, module.measure) for module in (tables, reload, stuck, areas, xdp)
}
ALL = "all"  # every workload that has a place on the page

LONGEST = 60.0  # seconds of one run: a measurement is never left running
MOST_RUNS = 50
NARROWEST = 80  # columns that a table needs, whatever the terminal says


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and reports; gives the exit status."""
    console = Console()
    console.width = max(console.width, NARROWEST)
    try:
        _measure_all(_parser().parse_args(arguments), console)
    except GtmError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def choose_peers(names: str) -> list[Peer]:
    """The peers of a comma-separated list; UsageError for one that is not known."""
    return [_chosen(name, PEERS, "peer") for name in names.split(",")]


def choose_comparisons(names: Sequence[str]) -> list[Comparison]:
    """The workloads of these names; UsageError for one that is not known."""
    return [_chosen(name, COMPARISONS, "workload") for name in names]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure what a query costs gtm and its peers, in CPU time of the server.",
        epilog=_described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workload", default="udp,udp-ecs", help="one or more, with commas")
    parser.add_argument("--peers", default=",".join(PEERS), help="which, in the order they run")
    parser.add_argument("--runs", type=int, default=5, help="runs of each peer (default 5)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a run (default 5)")
    parser.add_argument("--server-core", type=int, help="core of the server (default: the first)")
    parser.add_argument(
        "--page",
        action="store_true",
        help=f"write {page.PATH.name} anew at the end, from the latest result of each workload",
    )
    parser.add_argument("--load-core", type=int, help="core of the load (default: the second)")
    return parser


def _described() -> str:
    lines = [f"  {row.name:<11} {row.about}" for row in COMPARISONS.values()]
    lines += [f"  {name:<11} {about}" for name, (about, _) in SPECIAL.items()]
    lines.append(f"  {scale.NAME:<11} {scale.ABOUT}; no peers, no load")
    lines.append(f"  {health.NAME:<11} {health.ABOUT}; no peers")
    lines.append(f"  {ALL:<11} {', '.join(page.ORDER)}")
    return "\n".join(["workloads:", *lines, "", f"peers: {', '.join(PEERS)}"])


def _measure_all(options: argparse.Namespace, console: Console) -> None:
    names = [name.strip() for name in options.workload.split(",") if name.strip()]
    if names == [ALL]:
        names = list(page.ORDER)
        if why := xdp.why_not():
            names.remove(xdp.NAME)
            console.print(f"{xdp.NAME} is left out: {why}", highlight=False)
    special = [name for name in names if name in SPECIAL]
    queries = [name for name in names if name not in (scale.NAME, health.NAME, *SPECIAL)]
    peers = choose_peers(options.peers)
    rows = choose_comparisons(queries)
    _check_bounds(options)
    machine = this_machine()
    if rows or special:
        _measure_queries(options, peers, rows, special, machine, console)
    if scale.NAME in names:
        _measure_scale(machine, console)
    if health.NAME in names:
        _measure_health(options, machine, console)
    if options.page:
        console.print(f"written to {page.write_page()}", highlight=False)


def _measure_scale(machine: Machine, console: Console) -> None:
    print_machine(console, machine, {})
    console.print(f"{scale.NAME}: {scale.ABOUT}")
    found = []
    for case in scale.CASES:
        console.print(f"  {case.services:,} services, {case.topology.value} …", highlight=False)
        found.append((case, scale.measure_case(case)))
    console.print(scale_table(found))
    path = write_scale(found, machine, datetime.now(UTC))
    console.print(f"written to {path}", highlight=False)


def _measure_health(options: argparse.Namespace, machine: Machine, console: Console) -> None:
    _check_installed([Gtm()])
    first, second = two_cores(machine)
    print_machine(console, machine, {"load": _load_version()})
    console.print(f"{health.NAME}: {health.ABOUT}")
    found = health.samples(options.runs, options.seconds, first, second)
    for one in found:
        words = "with" if one.checks else "without"
        console.print(f"  {words} checks: p50 {one.p50:.0f} µs, p99 {one.p99:.0f} µs")
    console.print(health_table(found))
    path = write_health(found, machine, datetime.now(UTC))
    console.print(f"written to {path}", highlight=False)


def _measure_queries(
    options: argparse.Namespace,
    peers: Sequence[Peer],
    rows: Sequence[Comparison],
    special: Sequence[str],
    machine: Machine,
    console: Console,
) -> None:
    _check_installed(peers)
    first, second = two_cores(machine)
    server_core = first if options.server_core is None else options.server_core
    load_core = second if options.load_core is None else options.load_core
    versions = {peer.name: peer.version() for peer in peers} | {"load": _load_version()}
    print_machine(console, machine, versions)
    for row in rows:
        plan = Plan(
            row.name,
            row.about,
            row.contenders(peers),
            row.bases,
            options.runs,
            options.seconds,
            server_core,
            load_core,
        )
        runs = _run(plan, console)
        console.print(table(plan, runs))
        path = write_json(plan, machine, versions, runs, datetime.now(UTC))
        console.print(f"written to {path}", highlight=False)
    bench = Bench(options.runs, options.seconds, server_core, load_core, partial(_tell, console))
    for name in special:
        about, measured = SPECIAL[name]
        console.print(f"{name}: {about}")
        outcome = measured(bench)
        print_outcome(console, outcome)
        path = write_outcome(outcome, machine, versions, datetime.now(UTC))
        console.print(f"written to {path}", highlight=False)


def _tell(console: Console, line: str) -> None:
    console.print(f"  {line}", highlight=False, soft_wrap=True)


def _run(plan: Plan, console: Console) -> list[Run]:
    console.print(f"{plan.name}: {plan.about}")
    runs = []
    for run in measure(plan):
        print_run(console, run)
        runs.append(run)
    return runs


def _check_bounds(options: argparse.Namespace) -> None:
    if not 1 <= options.runs <= MOST_RUNS:
        raise UsageError(f"cannot measure {options.runs} runs: from 1 to {MOST_RUNS} make sense")
    if not 0 < options.seconds <= LONGEST:
        raise UsageError(f"cannot run for {options.seconds:g} s: at most {LONGEST:g} s are allowed")


def _check_installed(peers: Sequence[Peer]) -> None:
    wanted = [peer.missing() for peer in peers]
    wanted += [missing_program("dnsperf", "dnsperf"), missing_program("taskset", "util-linux")]
    lacking = [sentence for sentence in wanted if sentence]
    if lacking:
        raise StartError("cannot measure: " + "; ".join(lacking))


def _load_version() -> str:
    lines = [line for line in output("dnsperf", "-h").splitlines() if line.startswith("Version")]
    return f"dnsperf {lines[0].split()[-1]}" if lines else "dnsperf (version unknown)"


def _chosen(name: str, known: Mapping[str, Chosen], kind: str) -> Chosen:
    try:
        return known[name.strip()]
    except KeyError:
        choices = ", ".join(known)
        raise UsageError(f"cannot find {kind} {name.strip()!r}: there are {choices}") from None
