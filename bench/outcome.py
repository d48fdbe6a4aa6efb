"""What a measurement of another kind than cost per query found, and how it is told and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.figures import spread
from bench.machine import Machine
from bench.report import about, in_words, write_result


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how often to measure; `tell` is given a line as soon as something is known."""

    rounds: int
    seconds: float
    server_core: int
    load_core: int
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure over the rounds."""

    name: str
    unit: str
    values: Sequence[float]
    digits: int = 2

    @property
    def cells(self) -> list[str]:
        """The row of a table."""
        return [self.name, in_words(self.values, self.digits), self.unit]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of it. The names of rows are those of findings."""

    name: str
    about: str
    method: str
    rows: Sequence[Row]
    details: Mapping[str, object] = field(default_factory=dict)


def print_outcome(console: Console, outcome: Outcome) -> None:
    """A table of its rows."""
    table = Table(
        *("", "median (range)", "unit"),
        title=f"{outcome.name}: {outcome.about}",
        caption=outcome.method,
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    for row in outcome.rows:
        table.add_row(*row.cells)
    console.print(table)


def write_outcome(
    outcome: Outcome, machine: Machine, versions: Mapping[str, str], now: datetime
) -> Path:
    """Writes it to the results folder; gives the path."""
    found = {row.name: spread(row.values) for row in outcome.rows}
    document = {
        **about(outcome.name, outcome.about, machine, versions, now),
        "method": outcome.method,
        "findings": {name: asdict(one) for name, one in found.items() if one is not None},
        "headings": ["", "median (range)", "unit"],
        "rows": [row.cells for row in outcome.rows],
        "values": {row.name: list(row.values) for row in outcome.rows},
        "details": dict(outcome.details),
    }
    return write_result(document, outcome.name, now)
