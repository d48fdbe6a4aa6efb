"""Where an address is, laid out for people: the answer first, then who says what."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gtm.cli.output import bare
from gtm.geo.said import Said
from gtm.locate import Located, Ranking
from gtm.model import GeoOverride, Location
from gtm.steering.cost import Cost

NAMES = 3  # services named of those with the same regions


def located(found: Located) -> RenderableType:
    """All of it."""
    parts: list[RenderableType] = [_answer(found), Text(""), _databases(found)]
    if found.overruled:
        parts += [Text(""), _overrides(found)]
    for ranking in found.rankings:
        parts += [Text(""), *_ranking(ranking)]
    return Group(*parts)


def _answer(found: Located) -> Text:
    text = Text.assemble((str(found.address), "bold"), " is ")
    if found.winner is None or found.winner.location is None:
        text += Text("at a place that no database knows", "yellow")
    else:
        text.append(_place(found.winner.location), "bold cyan")
        text += Text(f", by {found.winner.network} in {found.winner.source.path}")
    if found.system is not None:
        text += Text.assemble("\nannounced by ", (str(found.system.system), "bold cyan"))
        text += Text(f", by {found.system.network} in {found.system.source.path}")
    return text


def _place(location: Location) -> str:
    where = location.code() or "at an unnamed place"
    return f"{where} ({location.latitude:.2f}, {location.longitude:.2f})"


def _databases(found: Located) -> RenderableType:
    """The databases in order; the first that knows the place, and the AS, is believed."""
    if not found.said:
        return Text("no geo database is used")
    table = _table("", "database", "type", "network", "says")
    for said in found.said:
        table.add_row(
            Text("→", "bold green") if said in (found.winner, found.system) else "",
            said.source.path.name,
            said.source.database_type,
            str(said.network),
            _says(said),
        )
    return table


def _overrides(found: Located) -> Table:
    table = _table("", "zone that overrules", "clients", "says")
    for each in found.overruled:
        table.add_row(
            Text("→", "bold green") if each.wins else "",
            bare(each.zone),
            str(each.override.clients),
            _overrides_to(each.override),
        )
    return table


def _says(said: Said) -> Text:
    known = [] if said.location is None else [_place(said.location)]
    known += [] if said.system is None else [str(said.system)]
    return Text(", ".join(known)) if known else Text("nothing", "dim")


def _overrides_to(override: GeoOverride) -> str:
    known = [] if override.location is None else [_place(override.location)]
    known += [f"regions {', '.join(override.regions)}"] if override.regions else []
    return "; ".join(known)


def _ranking(ranking: Ranking) -> list[RenderableType]:
    names = ", ".join(bare(name) for name in ranking.services[:NAMES])
    more = len(ranking.services) - NAMES
    title = Text.assemble((names + (f" and {more} more" if more > 0 else ""), "bold"))
    title.append(f" ({ranking.policy})")
    area = f"area {ranking.area} of {ranking.areas} (from 0), for all of {ranking.network}"
    rows: list[RenderableType] = [title, Padding(Text(area), (0, 0, 0, 2))]
    if not ranking.costs:
        order = ", ".join(ranking.regions)
        return [*rows, Padding(Text(f"place not known: the zone's order, {order}"), (0, 0, 0, 2))]
    return [*rows, Padding(_costs(ranking.costs), (0, 0, 0, 2))]


def _costs(costs: tuple[Cost, ...]) -> Table:
    table = _table("region", "cost", "round trip", "bias")
    for cost in costs:
        trip = f"{cost.rtt:.1f} ms for {cost.distance:,.0f} km"
        if cost.measured is not None:
            trip = f"{cost.rtt:.1f} ms measured for {cost.measured}"
        bias = f"{cost.region.bias:+d}" if cost.region.bias else "0"
        table.add_row(cost.region.name, f"{cost.cost:.1f} ms", trip, bias)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table
