"""Overrides for people: the list of them, and a line for what one changed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gtm.api.models import (
    ChangeShape,
    KeptStatus,
    OverrideAdded,
    OverrideRemoved,
    OverrideShape,
    OverrideStatus,
)
from gtm.cli.output import counted, say_line, span

FEW = 3  # changes that a line names; the rest are counted

SAFE = "safe: no client that honours TTLs is left"

STYLES = {"drain": "yellow", "up": "green", "down": "red"}


def overrides_view(found: list[OverrideStatus], kept: KeptStatus, now: float) -> RenderableType:
    """All overrides, with phases and changes, and what is wrong with where they are kept."""
    parts: list[RenderableType] = list(warnings(kept, bool(found)))
    if not found:
        return Group(Text("no override is in force: the checks decide everything"), *parts)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, justify="right")
    table.add_column(style="bold", overflow="fold")
    table.add_column(overflow="fold")
    for one in found:
        text = Text(one.said, STYLES[one.act]).append(f"{_left(one, now)}\n", "dim")
        if one.phase is not None:
            text.append(f"{phase_line(one, now)}\n", "green" if one.phase == "safe" else "default")
        text.append(_changes(one.changes, one.coming), "default")
        table.add_row(str(one.number), one.target, text)
    return Group(table, *parts)


def _left(one: OverrideStatus, now: float) -> str:
    return ", until taken back" if one.expires is None else f", {span(one.expires - now)} left"


def phase_line(one: OverrideShape, now: float) -> str:
    """How far a drain has come, and what comes next: `lowering: ttl 10 s, withdrawn in 25 s`."""
    ttl = "" if one.ttl is None else f"ttl {one.ttl} s, "
    left = "" if one.next_at is None else seconds_left(one.next_at - now)
    if one.held is not None:
        return f"{one.phase}: {ttl}due, but held back by safety: {one.held}"
    return SAFE if one.phase == "safe" else f"{one.phase}: {ttl}{one.next_phase} {left}"


def seconds_left(seconds: float) -> str:
    """`in 25 s`; `now` when it is due."""
    return f"in {span(math.ceil(seconds))}" if seconds > 0 else "now"


def _changes(now: list[ChangeShape], coming: list[ChangeShape]) -> str:
    """What is changed, or what will be, once it is."""
    return changed(coming, "once withdrawn") if coming and not now else changed(now, "now")


def warnings(kept: KeptStatus, needed: bool) -> Iterator[Text]:
    """What an operator has to know of where overrides are kept."""
    if kept.damage is not None:
        yield Text(f"when the server started, {kept.damage}", "bold red")
    if kept.unsaved is not None:
        yield Text(f"the latest change could not be saved: {kept.unsaved}", "bold red")
    if kept.path is None and needed:
        yield Text("overrides are lost when the server stops: serve with --state DIR to keep them")


def changed(changes: list[ChangeShape], when: str) -> str:
    """`changes now: shop in eu-west up → drained`."""
    if not changes:
        return f"changes nothing {when}"
    said = [_change(one) for one in _steering_first(changes)]
    more = f" and {counted(len(said) - FEW, 'other verdict')}" if len(said) > FEW else ""
    return f"changes {when}: {', '.join(said[:FEW])}{more}"


def _steering_first(changes: list[ChangeShape]) -> list[ChangeShape]:
    return sorted(changes, key=lambda one: one.endpoint != "")


def _change(one: ChangeShape) -> str:
    who = one.service or one.app
    if one.endpoint:
        who = f"{one.endpoint} of {who}"
    return f"{who} in {one.region} {one.before} → {one.after}"


# --- after an act -----------------------------------------------------------------------


def added_line(found: OverrideAdded) -> str:
    """What is in force now, and what that changed."""
    one = found.override
    line = f"{one.target} is {one.said}; {_changes(found.changes, found.coming)}"
    if one.phase not in (None, "safe") and one.phase_since is not None:
        line += f"; {phase_line(one, one.created)}"
    if found.replaced is not None:
        line += f"; replaces: {found.replaced.said}"
    if found.forced_past:
        line += f"; forced, although {found.forced_past[0]}"
    return line


def removed_line(found: OverrideRemoved) -> str:
    """What is not in force any more, and what that changed."""
    gone = found.override
    return f"{gone.target} is no longer {gone.said}; {changed(found.changes, 'now')}"


def say(line: str, kept: KeptStatus) -> None:
    """The line on standard output, warnings on standard error."""
    say_line(line)
    for warning in warnings(kept, needed=True):
        say_line(f"warning: {warning.plain}", stderr=True)
