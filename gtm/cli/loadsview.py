"""Regions' loads laid out for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from gtm.api.models import RegionLoad
from gtm.cli.output import span


def loads_view(loads: Sequence[RegionLoad]) -> Table:
    """A line for each region: load, capacity, the part in use, and what is wrong or under way."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for one in loads:
        table.add_row(
            one.region,
            "?" if one.load is None else f"{one.load:,.0f}",
            "no capacity" if one.capacity is None else f"of {one.capacity:,.0f}",
            "" if one.used is None else f"{one.used:.0%}",
            _state(one),
        )
    return table


def _state(one: RegionLoad) -> Text:
    text = Text()
    if one.spilling and one.wanted is not None and one.taken is not None:
        away = max(0.0, one.wanted - one.taken)
        part = away / one.wanted if one.wanted else 0.0
        text.append(f"spilling: {part:.0%} of its clients go elsewhere", "yellow")
    if one.feed == "never" and one.capacity is not None:
        text.append("; " if text else "").append("no load was ever reported", "bold red")
    elif one.feed == "stale" and one.age is not None:
        said = f"last reported {span(one.age)} ago: stale"
        text.append("; " if text else "").append(said, "bold red")
    return text
