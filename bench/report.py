"""The result as a table for people and as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.experiment import Plan
from bench.figures import Run, Spread, of_peer, ratios, spread
from bench.machine import Machine
from gtm.errors import GtmError

BASES = ("gdnsd", "echo")
RESULTS = Path(__file__).with_name("results")
DISTURBED = 0.1  # share of a core used by others above which a run is called disturbed

# The figures of a run: label, unit, how to get it, decimals.
_Figure = tuple[str, str, Callable[[Run], float], int]
FIGURES: tuple[_Figure, ...] = (
    ("cost", "µs", lambda run: run.cost, 2),
    ("answers", "k/s", lambda run: run.load.per_second / 1e3, 1),
    ("lost", "%", lambda run: run.load.lost_share * 100, 2),
    ("busy", "%", lambda run: run.busy * 100, 0),
    ("latency", "µs", lambda run: run.load.latency * 1e6, 0),
    ("memory", "MB", lambda run: run.used.resident / 1e6, 1),
    ("ready", "s", lambda run: run.ready, 2),
)
# What a table has room for: cost has its own columns, and the start is told run by run.
TABLED = FIGURES[1:-1]


def print_machine(console: Console, machine: Machine, versions: Mapping[str, str]) -> None:
    """What was measured, on what."""
    cores = f"{len(machine.cores)} cores"
    console.print(f"{machine.processor}, {cores}, {machine.memory / 1e9:.1f} GB", highlight=False)
    console.print(f"{machine.kernel}, {machine.system}; load average {machine.load}")
    for version in versions.values():
        console.print(f"  {version}", highlight=False)


def print_run(console: Console, run: Run) -> None:
    """One line as soon as a run is done."""
    parts = [f"{label} {get(run):,.{digits}f} {unit}" for label, unit, get, digits in FIGURES]
    if run.agreement is not None:
        parts.append(f"right {run.agreement:.1%}")
    parts += [f"{count} {code}" for code, count in run.failures.items()]
    if run.disturbance > DISTURBED:
        parts.append(f"others used {run.disturbance:.0%} of a core")
    line = f"  {run.round} {run.peer:<8} {', '.join(parts)}"
    console.print(line, highlight=False, soft_wrap=True)


def table(plan: Plan, runs: Sequence[Run]) -> Table:
    """One row for each peer: medians; for what is compared, minimum to maximum beneath."""
    bases = [base for base in BASES if of_peer(runs, base)]
    disturbed = sum(run.disturbance > DISTURBED for run in runs)
    result = Table(
        title=f"{plan.workload.name}: {plan.workload.about}",
        caption=f"medians of {plan.rounds} runs of {plan.seconds:g} s, minimum–maximum beneath; "
        f"disturbed: {disturbed} of {len(runs)}",
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    result.add_column("peer", no_wrap=True)
    result.add_column("CPU cost\nµs/answer", justify="right", no_wrap=True)
    for base in bases:
        result.add_column(f"cost over\n{base}", justify="right", no_wrap=True)
    for label, unit, _, _ in TABLED:
        result.add_column(f"{label}\n{unit}", justify="right", no_wrap=True)
    result.add_column("right\n%", justify="right", no_wrap=True)
    for peer in plan.peers:
        result.add_row(*_row(peer.name, of_peer(runs, peer.name), runs, bases))
    return result


def summary(runs: Sequence[Run], peer: str) -> dict[str, object]:
    """The spread of every figure and ratio of one peer, for JSON."""
    own = of_peer(runs, peer)
    figures: dict[str, object] = {
        label: _plain(spread(get(run) for run in own)) for label, _, get, _ in FIGURES
    }
    figures["ratios"] = {base: _plain(spread(ratios(runs, peer, base))) for base in BASES}
    return figures


def write_json(
    plan: Plan, machine: Machine, versions: Mapping[str, str], runs: Sequence[Run], now: datetime
) -> Path:
    """Writes everything known of the measurement to the results folder; gives the path."""
    document = {
        "measured_at": now.astimezone(UTC).isoformat(),
        "machine": asdict(machine),
        "versions": dict(versions),
        "workload": asdict(plan.workload),
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "cores": {"server": plan.server_core, "load": plan.load_core},
        "summary": {peer.name: summary(runs, peer.name) for peer in plan.peers},
        "runs": [{**asdict(run), "cost_microseconds": run.cost} for run in runs],
    }
    return write_result(document, plan.workload.name, now)


def write_result(document: Mapping[str, object], name: str, now: datetime) -> Path:
    """Writes a file named for the time and what was measured; gives its path. Raises GtmError."""
    path = RESULTS / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{name}.json"
    text = json.dumps(document, indent=2, default=lambda value: value.value) + "\n"
    try:
        RESULTS.mkdir(exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise GtmError(f"cannot write {path}: {error.strerror}") from error
    return path


def _row(name: str, own: list[Run], runs: Sequence[Run], bases: list[str]) -> list[str]:
    compared = [_range([run.cost for run in own])]
    compared += [_range(ratios(runs, name, base)) for base in bases]
    medians = [_median([get(run) for run in own], digits) for _, _, get, digits in TABLED]
    right = [run.agreement * 100 for run in own if run.agreement is not None]
    return [name, *compared, *medians, _median(right, 1)]


def _median(values: Sequence[float], digits: int) -> str:
    found = spread(values)
    return "–" if found is None else f"{found.median:.{digits}f}"


def _range(values: Sequence[float]) -> str:
    found = spread(values)
    if found is None:
        return "–"
    return f"{found.median:.2f}\n{found.minimum:.2f}–{found.maximum:.2f}"


def _plain(values: Spread | None) -> dict[str, float] | None:
    return None if values is None else asdict(values)
