"""The demo's view, drawn anew several times a second to fill the terminal."""

from __future__ import annotations

import time

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from gtm.cli.backends import Condition
from gtm.cli.output import mark, span
from gtm.cli.recent import Event
from gtm.cli.stage import CLIENTS, Stage, command
from gtm.model import State

MOST_KEYS = 9  # regions beyond have no digit; their processes have signals all the same
_LEVELS = {"warning": "yellow", "error": "red", "critical": "red"}


def view(stage: Stage, console: Console) -> RenderableType:
    """As many of the last events as there is room for, between what is fixed."""
    top = Group(_title(stage), Text(""), _regions(stage), Text(""), _clients(stage), Text(""))
    foot = _foot(stage)
    options = console.options.update(width=console.width)
    used = sum(len(console.render_lines(part, options)) for part in (top, foot))
    room = max(0, console.height - used)
    events = [_event(event) for event in list(stage.recent.events)[-room:]] if room else []
    gap = [Text("")] * (room - len(events))
    return Group(top, *events, *gap, foot)


def _title(stage: Stage) -> Text:
    listen = " and ".join(str(at) for at in stage.listen)
    text = Text.assemble(
        ("gtm demo", "bold"),
        ": the real server; processes on this machine stand for the regions.\n",
        "DNS on ",
        (listen, "bold"),
        f"{stage.taken()}. Ask it as a client elsewhere:",
    )
    for line in stage.dig_lines():
        text.append(f"\n  {line}", "cyan")
    return text


def _regions(stage: Stage) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("key", "region", "backend", "verdict", "for", "the key does"):
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    reasons = []
    for number, backend in enumerate(stage.backends, 1):
        verdict = stage.verdict(backend.region)
        since = span(stage.now() - verdict.since) if verdict.since else ""
        table.add_row(
            Text(str(number) if number <= MOST_KEYS else "", "bold"),
            Text(backend.region, "bold"),
            _backend(backend.condition, backend.port),
            mark(verdict.state.value),
            since,
            command(backend) or Text("starts it again", "dim"),
        )
        if verdict.state is not State.UP:
            reasons.append(_reason(backend.region, verdict.reason))
    return Group(table, *reasons)


def _backend(condition: Condition, port: int) -> Text:
    words = {
        Condition.RUNNING: (f"runs at 127.0.0.1:{port}", ""),
        Condition.STOPPED: (f"stopped at 127.0.0.1:{port}", "yellow"),
        Condition.ENDED: ("was killed", "red"),
    }
    return Text(*words[condition])


def _reason(region: str, reason: str) -> Text:
    text = Text.assemble((region, "bold"), f" {reason}", no_wrap=True, overflow="ellipsis")
    text.stylize("red", len(region))
    return text


def _clients(stage: Stage) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("client in", "network", "gets now"):
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    for client in CLIENTS:
        table.add_row(client.where, client.network, Text(stage.region_of(client), "bold"))
    return table


def _event(event: Event) -> Text:
    at = time.strftime("%H:%M:%S", time.localtime(event.at))
    text = Text.assemble((at, "dim"), " ", event.words, no_wrap=True, overflow="ellipsis")
    text.stylize(_LEVELS.get(event.level, "dim"), len(at))
    return text


def _foot(stage: Stage) -> Text:
    last = min(len(stage.backends), MOST_KEYS)
    dashboard = stage.dashboard()
    keys = f"1-{last}" if last > 1 else "1"
    return Text.assemble(
        (keys, "bold"),
        " stop a region or bring it back   ",
        ("q", "bold"),
        " quit\n",
        (stage.status_line(), "cyan"),
        *((("   in a browser: ", ""), (dashboard, "cyan")) if dashboard else ()),
        no_wrap=True,
        overflow="ellipsis",
    )
