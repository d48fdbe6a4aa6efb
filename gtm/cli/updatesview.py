"""How `gtm updates` looks: a line for each record."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gtm.api.models import UpdatesShape
from gtm.cli.output import bare


def updates_view(found: UpdatesShape) -> RenderableType:
    """All records, or that there are none."""
    if not found.records:
        return Text(f"no records of {bare(found.zone)} were added by updates")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("name", "ttl", "type", "value", ""):
        table.add_column(title, overflow="fold")
    for each in found.records:
        note = Text("waits: it can't stand beside what the file has", "yellow")
        for value in each.values:
            said = note if each.waiting else Text("")
            table.add_row(bare(each.name), str(each.ttl), each.type, value, said)
    return table
