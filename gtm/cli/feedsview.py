"""Feeds for people: the line of status, and the table of measured latency."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gtm.api.models import FeedsStatus, Latency, LatencyRow
from gtm.cli.output import bare, counted, span

FEW = 3  # reporters that the line of status names


def feeds_line(feeds: FeedsStatus, now: float) -> Text:
    """Who told what, and below it what came of it."""
    text = Text(
        f"{counted(feeds.reports, 'report')} ({feeds.reports_refused:,} refused), "
        f"{counted(feeds.samples, 'latency sample')} of {counted(feeds.pairs, 'pair')}"
    )
    if feeds.reporters:
        named = ", ".join(
            f"{one.reporter} {span(now - one.last)} ago" for one in feeds.reporters[:FEW]
        )
        more = f" and {feeds.heard - FEW} more" if feeds.heard > FEW else ""
        text.append(f", by {named}{more}")
    for held in feeds.held:
        text.append(f"\n{held.endpoint} is held out: {held.reason}", "red")
    for stays in feeds.not_followed:
        text.append(f"\n{stays.endpoint} stays in against reports: {stays.reason}", "yellow")
    return text


def latency_view(found: Latency) -> RenderableType:
    """Every pair of area and region."""
    if not found.rows:
        return Text("no latency was posted: round trips are the zone files', or estimates")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("zone", "area", "region"):
        table.add_column(name, overflow="fold")
    for name in ("used", "median", "samples", "reporters", "latest"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", overflow="fold", style="yellow")
    for row in found.rows:
        table.add_row(
            bare(row.zone),
            row.area,
            row.region,
            _used(row),
            "–" if row.ms is None else f"{row.ms:.1f} ms",
            str(row.samples),
            str(row.reporters),
            f"{span(found.now - row.latest)} ago",
            row.lacking or "",
        )
    return table


def _used(row: LatencyRow) -> str:
    if row.file_ms is not None:
        return f"{row.file_ms:.1f} ms (file)"
    return "–" if row.used_ms is None else f"{row.used_ms:.1f} ms"
