"""The table of what checking costs, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench import health
from bench.health import Sample, middle, ratios
from bench.machine import Machine
from bench.report import write_result

# Heading, field, decimals, and by what it is multiplied.
COLUMNS = (
    ("p50\nµs", "p50", 0, 1),
    ("p99\nµs", "p99", 0, 1),
    ("server\n% core", "server_cpu", 1, 100),
    ("prober\n% core", "prober_cpu", 1, 100),
    ("server\nMB", "server_megabytes", 0, 1),
    ("prober\nMB", "prober_megabytes", 0, 1),
    ("probes\n/s", "rate", 0, 1),
    ("busiest\n/ mean", "evenness", 2, 1),
    ("most\nfiles", "sockets", 0, 1),
)


def health_table(found: Sequence[Sample]) -> Table:
    """One row without checks, one with them, and the ratio of their latencies."""
    p50, p99 = (_spread(ratios(found, field)) for field in ("p50", "p99"))
    result = Table(
        title=f"{health.NAME}: {health.ABOUT}",
        caption=f"medians of {len(found) // 2} turns; with checks p50 is {p50} and p99 {p99} "
        "what it is without. busiest: tenth of a second of probes",
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    result.add_column("checks", no_wrap=True)
    for heading, *_ in COLUMNS:
        result.add_column(heading, justify="right", no_wrap=True)
    for checks in (False, True):
        figures = [
            f"{middle(found, checks, field) * factor:,.{digits}f}"
            for _, field, digits, factor in COLUMNS
        ]
        result.add_row("yes" if checks else "no", *figures)
    return result


def _spread(ascending: Sequence[float]) -> str:
    return f"{median(ascending):.2f} times ({ascending[0]:.2f} to {ascending[-1]:.2f})"


def write_health(found: Sequence[Sample], machine: Machine, now: datetime) -> Path:
    """Writes all of it to the results folder; gives the path."""
    document = {
        "measured_at": now.astimezone(UTC).isoformat(),
        "machine": asdict(machine),
        "workload": health.NAME,
        "samples": [asdict(one) for one in found],
    }
    return write_result(document, health.NAME, now)
