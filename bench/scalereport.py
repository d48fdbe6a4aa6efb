"""The table of how gtm grows, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench import scale
from bench.machine import Machine
from bench.report import write_result
from bench.scale import Case, Scale

# Heading, field, decimals.
COLUMNS = (
    ("read\ns", "read", 2),
    ("compile\ns", "cold", 2),
    ("reload\ns", "reload", 2),
    ("region\nms", "region", 1),
    ("verdict\nms", "one", 2),
    ("drain\nms", "drain", 1),
    ("memory\nMB", "megabytes", 0),
)

Found = Sequence[tuple[Case, Scale]]


def scale_table(found: Found) -> Table:
    """One row for each case."""
    result = Table(
        title=f"{scale.NAME}: {scale.ABOUT}",
        caption="CPU time. read: the zone file; compile: from nothing; reload: both, after one "
        "service was changed; region: each verdict of a region at once; verdict: one; drain: of a "
        "region",
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    for heading in ("services", "regions"):
        result.add_column(heading, justify="right", no_wrap=True)
    result.add_column("topology", no_wrap=True)
    for heading, _, _ in COLUMNS:
        result.add_column(heading, justify="right", no_wrap=True)
    for case, one in found:
        figures = [f"{getattr(one, field):,.{digits}f}" for _, field, digits in COLUMNS]
        result.add_row(f"{case.services:,}", str(case.regions), case.topology.value, *figures)
    return result


def write_scale(found: Found, machine: Machine, now: datetime) -> Path:
    """Writes all of it to the results folder; gives the path."""
    document = {
        "measured_at": now.astimezone(UTC).isoformat(),
        "machine": asdict(machine),
        "workload": scale.NAME,
        "cases": [{**asdict(case), **asdict(one)} for case, one in found],
    }
    return write_result(document, scale.NAME, now)
