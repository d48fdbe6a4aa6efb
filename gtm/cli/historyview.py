"""History for people: a line for each thing that happened, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gtm.api.models import EventShape, HistoryShape
from gtm.cli.output import span

STYLES = {"info": "default", "warning": "yellow", "critical": "red"}


def history_view(found: HistoryShape) -> RenderableType:
    """All of it, and what is wrong with where it is kept."""
    parts: list[RenderableType] = []
    if found.damage is not None:
        parts.append(Text(f"when the server started, {found.damage}", "bold red"))
    if found.unsaved is not None:
        parts.append(Text(f"history can't be saved: {found.unsaved}", "bold red"))
    if found.events:
        parts.append(events_table(found.events, found.now))
    else:
        parts.append(Text("nothing like that happened"))
    return Group(*parts)


def events_table(events: Sequence[EventShape], now: float, told: Sequence[str] = ()) -> Table:
    """When, what, why and who decided; reasons that were `told` above are not told again."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    for event in events:
        style = "green" if event.over else STYLES.get(event.severity, "default")
        again = any(event.reason in reason for reason in told)
        text = Text.assemble((event.said, style), "" if again else f": {event.reason}")
        if event.by:
            text.append(f" ({event.by})", "dim")
        table.add_row(f"{span(now - event.at)} ago", text)
    return table
