"""`gtm top`, drawn: lines of exactly the screen's width, as many as there is room for.

What matters comes first and keeps its place: the state of regions, then services with trouble,
then the busiest.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.text import Text

from gtm.cli.output import counted, span
from gtm.cli.toplooks import Looks, chosen, grave
from gtm.cli.topshape import TopEvent, TopOverride, TopRegion, TopService, TopShape, TopTrouble

BARS = "▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉"
STATES = {
    "up": ("✓ up", "green"),
    "down": ("✗ down", "bold red"),
    "unknown": ("? unknown", "yellow"),
    "drained": ("⏏ drained", "yellow"),
    "partly": ("◐ partly up", "yellow"),
}
BAD_RCODES = ("SERVFAIL", "REFUSED", "FORMERR", "NOTIMP")
PLAIN_ROWS = 20  # services, where nobody can scroll
STATE = 15  # columns of a region's state
FEWEST_ROWS = 3  # of services, however small the screen
MOST_EVENTS, MOST_OVERRIDES = 6, 3
KEYS = (
    ("q", "quit"),
    ("s", "sort"),
    ("/", "filter"),
    ("↑ ↓", "scroll"),
    ("p", "pause"),
    ("?", "help"),
)
HELP = (
    ("q", "quit"),
    ("s", "sort services: trouble first, busiest first, by name"),
    ("/", "filter by words of names, apps, regions, states; Esc ends it"),
    ("↑ ↓ PgUp PgDn", "scroll services; g goes back to the first"),
    ("p or space", "pause: the screen stands still, the server goes on"),
)


def frame(shape: TopShape, looks: Looks, width: int, height: int, trouble: str = "") -> Text:
    """The whole screen. `trouble` says why there is no newer sample."""
    head = [*_head(shape, looks, width, trouble), Text("")]
    if looks.help:
        return _lines([*head, *_help()], width, height)
    foot = [_foot(looks, width)]
    regions = [*_regions(shape, width, max(FEWEST_ROWS, height // 3)), Text("")]
    overrides = _overrides(shape.overrides, width)
    events = _events(shape, width)
    room = height - sum(map(len, (head, regions, overrides, foot)))
    rows = max(FEWEST_ROWS, room - 2 - len(events))  # a title, and a line below
    services = _services(shape, looks, width, rows)
    used = [*head, *regions, *overrides, *services]
    spare = height - len(used) - len(foot)
    events = events[: max(0, spare)]
    gap = [Text("")] * max(0, spare - len(events))
    return _lines([*used, *events, *gap, *foot], width, height)


def plain(shape: TopShape, looks: Looks, width: int) -> Text:
    """The same once, for a file or a pipe."""
    parts = [
        *_head(shape, looks, width, ""),
        Text(""),
        *_regions(shape, width, len(shape.regions) * 2 + 1),
        Text(""),
        *_overrides(shape.overrides, width),
        *_services(shape, looks, width, PLAIN_ROWS),
        *_events(shape, width),
    ]
    return _lines(parts, width, len(parts))


def _lines(lines: Sequence[Text], width: int, height: int) -> Text:
    """Cut to the screen: nothing wraps, nothing scrolls."""
    cut = [line.copy() for line in lines[:height]]
    for line in cut:
        line.truncate(width, overflow="ellipsis")
    return Text("\n", no_wrap=True, overflow="ellipsis", end="").join(cut)


def _row(*cells: tuple[Text | str, int]) -> Text:
    """Cells of fixed widths; a negative width is aligned to the right."""
    line = Text()
    for content, width in cells:
        cell = content.copy() if isinstance(content, Text) else Text(content)
        cell.truncate(abs(width), overflow="ellipsis")
        gap = abs(width) - cell.cell_len
        line.append(" " * gap if width < 0 else "").append_text(cell)
        line.append("" if width < 0 else " " * gap).append("  ")
    return line


# --- the head ---------------------------------------------------------------------------


def _head(shape: TopShape, looks: Looks, width: int, trouble: str) -> list[Text]:
    clock = time.strftime("%H:%M:%S", time.localtime(shape.at))
    right = Text("paused  ", "yellow") if looks.paused else Text()
    right.append(clock, "dim")
    title = _title(shape, width - right.cell_len - 2)
    title.truncate(max(10, width - right.cell_len - 2), overflow="ellipsis")
    gap = " " * max(1, width - title.cell_len - right.cell_len)
    lines = [title.append(gap).append_text(right)]
    lines += [_queries(shape, width), _rcodes(shape)]
    for words in (trouble, shape.reload_error and f"last load refused: {shape.reload_error}"):
        if words:
            lines.append(Text(f"! {words}", "bold red"))
    if shape.frozen is not None:
        lines.append(Text(f"! failures are not believed: {shape.frozen}", "bold yellow"))
    return lines


def _title(shape: TopShape, room: int) -> Text:
    """Who answers, and where: as many addresses as there is room for, and how many more."""
    about = f" {shape.version}, {shape.plane} plane, up {span(shape.uptime)}, epoch {shape.epoch}"
    title = Text.assemble(("gtm", "bold"), (about, "dim"))
    for shown in range(len(shape.listen), 0, -1):
        left = len(shape.listen) - shown
        where = ", ".join(shape.listen[:shown]) + (f" and {left} more" if left else "")
        whole = title.copy().append(f", {where}", "dim")
        if whole.cell_len <= room:
            return whole
    return title


def _queries(shape: TopShape, width: int) -> Text:
    left = Text.assemble((f"{shape.queries:>9,.0f}", "bold"), " queries/s  ")
    times = (("p50", shape.p50_us), ("p90", shape.p90_us), ("p99", shape.p99_us))
    right = Text("  ")
    for name, value in times:
        right.append(f"{name} ", "dim").append(_microseconds(value)).append("  ")
    room = width - left.cell_len - right.cell_len
    return left.append_text(Text(_spark(shape.course, room), "cyan")).append_text(right)


def _microseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f} µs" if value < 1000 else f"{value / 1000:.1f} ms"


def _spark(values: Sequence[float], room: int) -> str:
    """The latest values as bars, the highest of them a full one; the right end is now."""
    shown = list(values)[-max(0, min(room, 60)) :] if room > 0 else []
    most = max(shown, default=0.0)
    if not most:
        return "▁" * len(shown)
    return "".join(BARS[min(7, int(value / most * 7.99))] for value in shown)


def _rcodes(shape: TopShape) -> Text:
    text = Text(" " * 11)
    total = sum(shape.rcodes.values())
    if not total:
        return text.append("nobody asks", "dim")
    for name, rate in sorted(shape.rcodes.items(), key=lambda item: -item[1]):
        if rate / total < 0.0005:
            continue
        style = "bold red" if name in BAD_RCODES else "default"
        text.append(f"{name} ", "dim").append(f"{rate / total:.1%}", style).append("   ")
    return text


# --- regions ----------------------------------------------------------------------------


def _regions(shape: TopShape, width: int, most: int) -> list[Text]:
    """A line for each region; what is not up first if there are too many."""
    if not shape.regions:
        return [Text("no region is used by any app", "dim")]
    name = min(24, max(6, *(len(one.region) for one in shape.regions)))
    loads = any(one.load is not None for one in shape.regions)
    fixed = name + STATE + 9 + 5 + (22 if loads else 0) + 10
    bar = max(6, min(40, width - fixed))
    title = [("REGION", name), ("STATE", STATE), ("ANSWERS/S", -9), ("SHARE", -5), ("", bar)]
    lines = [Text(str(_row(*title, *([("LOAD", 20)] if loads else []))), "dim")]
    ordered = shape.regions
    if len(ordered) + 1 > most:
        ordered = sorted(ordered, key=lambda one: (one.state == "up", -one.per_second))
    for place, one in enumerate(ordered):
        if len(lines) >= most and place < len(ordered) - 1:
            up = sum(each.state == "up" for each in ordered[place:])
            rest = f"and {counted(len(ordered) - place, 'region')}, {up} of them up"
            return [*lines, Text(rest, "dim")]
        lines.append(_region(one, name, bar, loads=loads))
        if one.reason and len(lines) < most:
            reason = f"{' ' * (name + 2)}{one.reason}, for {span(shape.at - one.since)}"
            lines.append(Text(reason, "dim"))
    return lines


def _region(one: TopRegion, name: int, bar: int, *, loads: bool) -> Text:
    words, style = STATES[one.state]
    state = Text(words, style)
    if one.forced:
        state.append(" (forced)")
    elif one.state == "up" and one.ailing:
        state.append(f", {one.ailing} not up", "yellow")
    cells: list[tuple[Text | str, int]] = [
        (Text(one.region, "bold"), name),
        (state, STATE),
        (f"{one.per_second:,.0f}", -9),
        (f"{one.share:.0%}" if one.share else Text("–", "dim"), -5),
        (Text(_bar(one.share, bar), "cyan"), bar),
    ]
    return _row(*cells, *([(_load(one), 20)] if loads else []))


def _bar(share: float, width: int) -> str:
    eighths = round(share * width * 8)
    return "█" * (eighths // 8) + (EIGHTHS[eighths % 8].strip() if eighths % 8 else "")


def _load(one: TopRegion) -> Text:
    if one.load is None:
        return Text("–", "dim")
    if not one.capacity:
        return Text(f"{one.load:,.0f}")
    full = one.load / one.capacity
    style = "bold red" if full > 1 else "yellow" if full > 0.8 else "default"
    return Text.assemble((f"{full:.0%}", style), (f" of {one.capacity:,.0f}", "dim"))


# --- overrides --------------------------------------------------------------------------


def _overrides(found: Sequence[TopOverride], width: int) -> list[Text]:
    if not found:
        return []
    lines = [Text("OVERRIDES", "dim")]
    for one in found[:MOST_OVERRIDES]:
        left = "until taken back" if one.left is None else f"{span(one.left)} left"
        lines.append(Text.assemble((one.target, "bold"), f"  {one.said}, {left}"))
    if len(found) > MOST_OVERRIDES:
        lines.append(Text(f"and {len(found) - MOST_OVERRIDES} more: gtm overrides", "dim"))
    return [*lines, Text("")]


# --- services ---------------------------------------------------------------------------


def _services(shape: TopShape, looks: Looks, width: int, rows: int) -> list[Text]:
    """A title, the rows, and what is left out."""
    found = chosen(shape.busiest, looks)
    first = min(looks.first, max(0, len(found) - rows))
    name = max(20, min(48, width // 2 - 6, max((len(one.service) for one in found), default=0)))
    lines = [_services_title(shape, looks, found, name)]
    lines += [_service(one, name, width, shape.at) for one in found[first : first + rows]]
    shown = len(lines) - 1
    if not found:
        lines.append(Text(_nothing(shape, looks), "dim"))
    hidden = len(found) - first - shown
    quiet = "" if looks.filter else _quiet(shape)
    above = f"{first} above, " if first else ""
    if hidden > 0 or first:
        lines.append(Text(f"{above}{max(0, hidden):,} more below{quiet}", "dim"))
    elif quiet and found:
        lines.append(Text(quiet.lstrip(", "), "dim"))
    return [*lines, Text("")]


def _service(one: TopService, name: int, width: int, now: float) -> Text:
    rate = f"{one.per_second:,.1f}" if one.per_second else Text("–", "dim")
    standing = _standing(one, now), max(10, width - name - 15)
    return _row((_name(one), name), (rate, -9), standing)


def _services_title(shape: TopShape, looks: Looks, found: Sequence[TopService], name: int) -> Text:
    line = Text(str(_row(("SERVICE", name), ("ANSWERS/S", -9))), "dim")
    if shape.ailing:
        down = any(grave(one) for one in shape.busiest)
        words = f"{shape.ailing:,} of {shape.services:,} have trouble"
        line.append(words, "bold red" if down else "yellow")
    else:
        line.append(f"all {shape.services:,} are well", "green")
    if looks.filter or looks.typing:
        cursor = "▏" if looks.typing else ""
        line.append(f"  /{looks.filter}{cursor} ", "bold").append(f"{len(found):,} found", "dim")
    return line


def _nothing(shape: TopShape, looks: Looks) -> str:
    if looks.filter:
        return f"none with trouble or traffic has {looks.filter!r} in its names; Esc shows all"
    return f"{counted(shape.services, 'service')}, all up, and nobody asks for one"


def _quiet(shape: TopShape) -> str:
    quiet = shape.services - len(shape.busiest)
    return f", {counted(quiet, 'service')} well and quiet" if quiet > 0 else ""


def _name(one: TopService) -> Text:
    host, dot, rest = one.service.partition(".")
    return Text.assemble((host, "bold"), (dot + rest, "dim"))


def _standing(one: TopService, now: float) -> Text:
    """Its trouble, or where its clients go."""
    if one.trouble:
        text = Text()
        for each in sorted(one.trouble, key=lambda each: bool(each.endpoint)):
            text.append("  " if text else "").append_text(_trouble(each, now))
        return text
    parts = sorted(one.regions.items(), key=lambda item: -item[1])
    return Text(
        "  ".join(f"{name or 'none'} {rate / one.per_second:.0%}" for name, rate in parts), "dim"
    )


def _trouble(each: TopTrouble, now: float) -> Text:
    words, style = STATES[each.state]
    where = f" {each.endpoint} in {each.region}" if each.endpoint else f" {each.region}"
    since = f" {span(now - each.since)}" if each.since else ""
    return Text.assemble((words[0], style), where, (f"{since}: {each.reason}", "dim"))


# --- what happened, keys ----------------------------------------------------------------


def _events(shape: TopShape, width: int) -> list[Text]:
    if not shape.lately:
        return []
    lines = [Text("LATELY", "dim")]
    for event in shape.lately[:MOST_EVENTS]:
        ago = f"{span(shape.at - event.at)} ago"
        lines.append(_row((Text(ago, "dim"), -10), (_event(event), max(10, width - 14))))
    return lines


def _event(event: TopEvent) -> Text:
    styles = {"critical": "red", "warning": "yellow"}
    style = "green" if event.over else styles.get(event.severity, "default")
    return Text.assemble((event.said, style), (f": {event.reason}", "dim"))


def _foot(looks: Looks, width: int) -> Text:
    if looks.typing:
        return Text.assemble(("Enter", "bold"), " keep it   ", ("Esc", "bold"), " show all again")
    text = Text()
    for key, words in KEYS:
        shown = f"sort: {looks.sort}" if key == "s" else words
        text.append(key, "bold").append(f" {shown}   ")
    return text


def _help() -> list[Text]:
    return [_row((Text(key, "bold"), 14), (words, 62)) for key, words in HELP] + [
        Text(""),
        Text("any key goes back", "dim"),
    ]
