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
from bench.figures import Run, Spread, of_label, ratios, spread
from bench.findings import findings, p50, p99
from bench.machine import Machine
from gtm.errors import GtmError

RESULTS = Path(__file__).with_name("results")
DISTURBED = 0.1  # share of a core used by others above which a run is called disturbed

# The figures of a run: label, unit, how to get it, decimals.
_Figure = tuple[str, str, Callable[[Run], float], int]
FIGURES: tuple[_Figure, ...] = (
    ("cost", "µs", lambda run: run.cost, 2),
    ("answers", "k/s", lambda run: run.load.per_second / 1e3, 1),
    ("lost", "%", lambda run: run.load.lost_share * 100, 2),
    ("busy", "%", lambda run: run.busy * 100, 0),
    ("mean", "µs", lambda run: run.load.latency * 1e6, 0),
    ("memory", "MB", lambda run: run.used.resident / 1e6, 1),
    ("ready", "s", lambda run: run.ready, 2),
)
# Of paced loads alone.
PACED: tuple[_Figure, ...] = (
    ("p50", "µs", lambda run: p50(run) * 1e6, 0),
    ("p99", "µs", lambda run: p99(run) * 1e6, 0),
)


def figures(plan: Plan) -> tuple[_Figure, ...]:
    """Those that make sense for what is measured."""
    paced = any(contender.workload.rate is not None for contender in plan.contenders)
    return (*FIGURES, *PACED) if paced else FIGURES


def _tabled(plan: Plan) -> tuple[_Figure, ...]:
    """What a table has room for: cost has columns of its own; lost ones are told run by run."""
    paced = any(each[0] == "p50" for each in figures(plan))
    left_out = ("cost", "lost", "mean", "answers") if paced else ("cost", "lost")
    return tuple(each for each in figures(plan) if each[0] not in left_out)


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
    if run.load.p50 is not None:
        parts += [f"{label} {get(run):,.0f} {unit}" for label, unit, get, _ in PACED]
    line = f"  {run.round} {run.label:<10} {', '.join(parts)}"
    console.print(line, highlight=False, soft_wrap=True)


def table(plan: Plan, runs: Sequence[Run]) -> Table:
    """One row for each contender: medians; for what is compared, minimum to maximum beneath."""
    disturbed = sum(run.disturbance > DISTURBED for run in runs)
    result = Table(
        title=f"{plan.name}: {plan.about}",
        caption=f"medians of {plan.rounds} runs of {plan.seconds:g} s, minimum–maximum beneath; "
        f"disturbed: {disturbed} of {len(runs)}",
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    result.add_column("", no_wrap=True)
    for heading in headings(plan, runs)[1:]:
        result.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True)
    for row in rows(plan, runs):
        result.add_row(*(cell.replace(" (", "\n").rstrip(")") for cell in row))
    return result


def headings(plan: Plan, runs: Sequence[Run]) -> list[str]:
    """Of the table, for people: a figure and its unit."""
    compared = [f"over {base}" for base in _bases(plan, runs)]
    measured = [f"{label} {unit}" for label, unit, _, _ in _tabled(plan)]
    return ["", "CPU µs/answer", *compared, *measured, "right %"]


def rows(plan: Plan, runs: Sequence[Run]) -> list[list[str]]:
    """Of the table, one for each contender: medians; for what is compared, also the range."""
    return [_row(plan, each.label, of_label(runs, each.label), runs) for each in plan.contenders]


def _bases(plan: Plan, runs: Sequence[Run]) -> list[str]:
    return [base for base in plan.bases if of_label(runs, base)]


def summary(plan: Plan, runs: Sequence[Run], label: str) -> dict[str, object]:
    """The spread of every figure and ratio of one contender, for JSON."""
    own = of_label(runs, label)
    found: dict[str, object] = {
        name: _plain(spread(get(run) for run in own)) for name, _, get, _ in figures(plan)
    }
    found["ratios"] = {base: _plain(spread(ratios(runs, label, base))) for base in plan.bases}
    return found


def write_json(
    plan: Plan, machine: Machine, versions: Mapping[str, str], runs: Sequence[Run], now: datetime
) -> Path:
    """Writes everything known of the measurement to the results folder; gives the path."""
    document = {
        **about(plan.name, plan.about, machine, versions, now),
        "disturbed": sum(run.disturbance > DISTURBED for run in runs),
        "method": f"medians of {plan.rounds} runs of {plan.seconds:g} s (minimum–maximum)",
        "findings": {name: asdict(one) for name, one in findings(plan, runs).items()},
        "headings": headings(plan, runs),
        "rows": rows(plan, runs),
        "workloads": {each.label: asdict(each.workload) for each in plan.contenders},
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "cores": {"server": plan.server_core, "load": plan.load_core},
        "summary": {each.label: summary(plan, runs, each.label) for each in plan.contenders},
        "runs": [{**asdict(run), "cost_microseconds": run.cost} for run in runs],
    }
    return write_result(document, plan.name, now)


def about(
    name: str, described: str, machine: Machine, versions: Mapping[str, str], now: datetime
) -> dict[str, object]:
    """What every result says of itself."""
    return {
        "name": name,
        "about": described,
        "measured_at": now.astimezone(UTC).isoformat(),
        "machine": asdict(machine),
        "versions": dict(versions),
    }


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


def _row(plan: Plan, label: str, own: list[Run], runs: Sequence[Run]) -> list[str]:
    compared = [in_words([run.cost for run in own])]
    compared += [in_words(ratios(runs, label, base)) for base in _bases(plan, runs)]
    medians = [_median([get(run) for run in own], digits) for _, _, get, digits in _tabled(plan)]
    right = [run.agreement * 100 for run in own if run.agreement is not None]
    return [label, *compared, *medians, _median(right, 1)]


def _median(values: Sequence[float], digits: int) -> str:
    found = spread(values)
    return "–" if found is None else f"{found.median:.{digits}f}"


def in_words(values: Sequence[float], digits: int = 2) -> str:
    """The median with its range."""
    found = spread(values)
    if found is None:
        return "–"
    least, most = f"{found.minimum:.{digits}f}", f"{found.maximum:.{digits}f}"
    return f"{found.median:.{digits}f} ({least}–{most})"


def _plain(values: Spread | None) -> dict[str, float] | None:
    return None if values is None else asdict(values)
