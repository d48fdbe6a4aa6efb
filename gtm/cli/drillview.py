"""A drill for people: what is foreseen, how it goes, and the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gtm.cli.drillshape import DrillForeseen, DrillPlan, DrillShape
from gtm.cli.output import bare, counted

NOBODY = "(no region)"
BARS = " ▁▂▃▄▅▆▇█"
WIDE = 36  # columns of a region's course over time
FEW = 5  # clients named one by one
DASH = "–"


# --- before -----------------------------------------------------------------------------


def plan_view(plan: DrillPlan) -> RenderableType:
    """What would be done, and what it would change."""
    parts: list[RenderableType] = [
        Text.assemble(
            "drill of ",
            (plan.region, "bold"),
            f": force down {plan.target} for {plan.duration:g} s, then take it back",
        ),
        _indented(f"{_sampled(plan.services, plan.sampled)}; DNS is asked at {plan.server}", "dim"),
        *(_indented(said) for said in plan.changes),
        *(_indented(f"forced, although {said}", "yellow") for said in plan.forced_past),
    ]
    if plan.foreseen:
        title = Text("foreseen, all else as it is now (gtm simulate)", "bold")
        parts += [Text(""), title, Padding(_foreseen(plan.foreseen), (0, 0, 0, 2))]
        parts += [_indented(f"assumed: {said}", "dim") for said in plan.assumed]
    if plan.unforeseen is not None:
        said = f"what would move is not foreseen: {plan.unforeseen}"
        parts += [Text(""), Text(said, "yellow")]
    return Group(*parts, Text(""))


def _indented(words: str, style: str = "default") -> Padding:
    return Padding(Text(words, style), (0, 0, 0, 2))


def _sampled(services: int, sampled: Sequence[str]) -> str:
    names = ", ".join(bare(name) for name in sampled[:3])
    more = f" and {len(sampled) - 3} more" if len(sampled) > 3 else ""
    return f"{counted(services, 'service')} there; sampled: {names}{more}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=True, justify="right" if number else "left")
    return table


def _foreseen(found: Sequence[DrillForeseen]) -> Table:
    loads = any(one.capacity is not None for one in found)
    table = _table(
        "region", "clients now", "then", *(["load then", "of capacity"] if loads else [])
    )
    for one in found:
        cells = [one.region or NOBODY, _part(one.before), _part(one.after)]
        if loads and one.capacity and one.load_after is not None:
            full = one.load_after / one.capacity
            words = Text(f"{full:.0%}", "bold red" if one.exceeded else "default")
            table.add_row(*cells, f"{one.load_after:,.0f}", words)
        else:
            table.add_row(*cells)
    return table


# --- the report -------------------------------------------------------------------------


def report_view(shape: DrillShape) -> RenderableType:
    """The whole report."""
    return Group(
        _verdict(shape),
        _indented(_asked(shape), "dim"),
        Text(""),
        Padding(_course(shape), (0, 0, 0, 2)),
        Text(""),
        Padding(_shares(shape), (0, 0, 0, 2)),
        Text(""),
        *(Padding(line, (0, 0, 0, 2)) for line in _findings(shape)),
        *_loads(shape),
    )


def _verdict(shape: DrillShape) -> Text:
    word, style = ("✓ passed", "bold green") if shape.passed else ("✗ failed", "bold red")
    if shape.cut_short is not None:
        word, style = "✗ cut short", "bold yellow"
    text = Text.assemble("drill of ", (shape.region, "bold"), ": ", (word, style))
    if shape.cut_short is not None:
        text.append(f" ({shape.cut_short})")
    for fault in shape.faults:
        text.append(f"\n  {'✗' if fault.grave else '!'} ", "bold red" if fault.grave else "yellow")
        text.append(fault.said)
    return text


def _asked(shape: DrillShape) -> str:
    queries = f"{shape.asked:,} queries to {shape.server} as {len(shape.clients)} clients"
    return f"{queries}; {_sampled(shape.services, shape.sampled)}"


def _course(shape: DrillShape) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, justify="right", style="bold")
    table.add_column(overflow="fold")
    for _, when, words in sorted(_moments(shape), key=lambda moment: moment[0]):
        table.add_row(when, words)
    return table


def _moments(shape: DrillShape) -> Iterator[tuple[float, str, Text]]:
    """What happened: when, that in words, and what."""
    marks, region = shape.marks, shape.region
    yield 0.0, "0 s", Text(f'forced down by {shape.author} ("{shape.reason}")')
    yield marks.held, _seconds(marks.held), Text("the server says that it holds")
    end = marks.ended if marks.undone is None else marks.undone
    if marks.gone is None:
        yield end, DASH, Text("answers name it to the end", "red")
    else:
        yield marks.gone, _seconds(marks.gone), Text(f"no answer names {region} from here on")
        late = marks.gone + shape.ttl
        words = f"resolvers may go on naming it until {_seconds(late)} (ttl {shape.ttl})"
        yield marks.gone, "", Text(words, "dim")
    if marks.undone is None:
        return
    yield end, _seconds(end), Text("taken back")
    if marks.half_back is not None:
        yield end + marks.half_back, f"+{_seconds(marks.half_back)}", Text("half of it is back")
    if marks.back is not None:
        yield end + marks.back, f"+{_seconds(marks.back)}", Text("all of it is back")
    else:
        yield marks.ended, DASH, Text("not all came back while this looked on", "yellow")


def _shares(shape: DrillShape) -> Table:
    table = _table("answers", "before", "down", "after", "took over")
    table.add_column("over time", no_wrap=True)
    for one in shape.shares:
        drilled = one.region == shape.region
        table.add_row(
            Text(one.region or NOBODY, "bold" if drilled else "default"),
            _part(one.before),
            _part(one.during),
            _part(one.after),
            "" if drilled else _part(one.took_over),
            Text(_bars(shape.timeline.shares.get(one.region, [])), "dim"),
        )
    return table


def _bars(values: Sequence[float]) -> str:
    """A course in so many columns, each the mean of its part."""
    if not values:
        return ""
    columns = min(WIDE, len(values))
    drawn = []
    for column in range(columns):
        first = column * len(values) // columns
        part = values[first : max(first + 1, (column + 1) * len(values) // columns)]
        mean = sum(part) / len(part)
        level = 0 if mean < 0.005 else max(1, round(mean * (len(BARS) - 1)))
        drawn.append(BARS[level])
    return "".join(drawn)


def _findings(shape: DrillShape) -> list[Text]:
    leaving = sum(one.leaves for one in shape.clients)
    staying = len(shape.clients) - leaving
    lines = [Text(f"{leaving} clients had to move")]
    if staying and not shape.unneeded:
        lines[0].append(f", {staying} of other regions stayed where they were", "green")
    for one in shape.unneeded[:FEW]:
        words = f"{one.network} ({one.place}) moved too: {_names(one.home)} → {_names(one.to)}"
        lines.append(Text(f"{words}, {bare(one.service)}, at {_seconds(one.at)}", "red"))
    if len(shape.unneeded) > FEW:
        lines.append(Text(f"and {len(shape.unneeded) - FEW} more, in --json"))
    if drawn := sum(one.drawn for one in shape.clients):
        words = f"{drawn} are dealt out by lot each TTL: where they go says nothing"
        lines.append(Text(words, "dim"))
    speed = f"median {shape.median_ms:.1f} ms, slowest {shape.slowest_ms:.0f} ms"
    if shape.failures:
        said = ", ".join(f"{count:,} {kind}" for kind, count in shape.failures.items())
        lines.append(Text(f"without an address: {said}; {speed}", "red"))
    else:
        lines.append(Text.assemble(("every answer had an address", "green"), f"; {speed}"))
    return lines


def _names(regions: Sequence[str]) -> str:
    return " and ".join(regions) or NOBODY


def _loads(shape: DrillShape) -> list[RenderableType]:
    if not shape.loads:
        return []
    table = _table("load", "capacity", "before", "down", "after")
    for one in shape.loads:
        capacity = one.capacity
        cells = [_load(value, capacity) for value in (one.before, one.during, one.after)]
        table.add_row(one.region, DASH if capacity is None else f"{capacity:,.0f}", *cells)
    return [Text(""), Padding(table, (0, 0, 0, 2))]


def _load(value: float | None, capacity: float | None) -> Text:
    if value is None:
        return Text(DASH)
    if not capacity:
        return Text(f"{value:,.0f}")
    style = "bold red" if value > capacity else "default"
    return Text(f"{value:,.0f} ({value / capacity:.0%})", style)


def _part(value: float) -> str:
    if not value:
        return DASH
    return f"{value:.0%}" if value >= 0.005 else "<1%"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"
