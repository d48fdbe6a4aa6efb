"""What is not up, first and in a few lines: a region that is lost takes thousands of services with
it, and is one line all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gtm.api.models import AppStatus, ServiceStatus, Status, VerdictShape
from gtm.cli.output import bare, counted, marked, span

MOST = 8  # lines
NAMES = 3  # services that a line names
GRAVITY = ("down", "unknown", "up")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not up by its checks alone: whose it is, where, and why."""

    name: str
    region: str
    verdict: VerdictShape
    endpoint: bool = False

    @property
    def alike(self) -> tuple[str, str, str | None, bool]:
        """Equal for what is told in one line."""
        return self.region, self.verdict.state, self.verdict.act, self.endpoint


def trouble_view(status: Status) -> RenderableType:
    """A headline, and a line for each region and state."""
    services = sum(
        len(app.services) + app.services_left_off for zone in status.zones for app in zone.apps
    )
    ordered = _grouped(status)
    if not ordered:
        return Text(f"✓ all is up: {counted(services, 'service')}, wherever they run", "green")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for group in ordered[:MOST]:
        table.add_row(*_row(group, status.now))
    more = [Text(f"and {len(ordered) - MOST} more kinds, below", "dim")][: len(ordered) > MOST]
    return Group(_headline(status, ordered, services), Padding(table, (0, 0, 0, 2)), *more)


def told_reasons(status: Status) -> list[str]:
    """The reasons that the view tells."""
    return [group[0].verdict.reason for group in _grouped(status)[:MOST]]


def _grouped(status: Status) -> list[list[Trouble]]:
    """What is told in one line each, the gravest first."""
    groups: dict[tuple[str, str, str | None, bool], list[Trouble]] = {}
    for one in troubles(status):
        groups.setdefault(one.alike, []).append(one)
    return sorted(groups.values(), key=_gravity)


def troubles(status: Status) -> Iterator[Trouble]:
    """All that is not up, or that an operator holds: blocks, services, then lone endpoints."""
    for zone in status.zones:
        for app in zone.apps:
            yield from _blocks(app)
            for service in app.services:
                yield from _of_service(app, service)


def _blocks(app: AppStatus) -> Iterator[Trouble]:
    if app.topology == "replicated":
        for one in app.regions:
            if _stands_out(one):
                yield Trouble(app.name, one.region, one)


def _of_service(app: AppStatus, service: ServiceStatus) -> Iterator[Trouble]:
    lost = {one.region for one in app.regions if _stands_out(one)}
    for region in service.regions:
        if _stands_out(region):
            # of a block the region has said it
            if app.topology != "replicated" or region.region not in lost:
                yield Trouble(bare(service.name), region.region, region)
            continue
        for one in region.endpoints:
            if one.state != "up":
                name = f"{one.endpoint} of {bare(service.name)}"
                yield Trouble(name, region.region, one, endpoint=True)


def _stands_out(verdict: VerdictShape) -> bool:
    return verdict.state != "up" or verdict.act is not None


def _gravity(group: Sequence[Trouble]) -> tuple[bool, bool, int, int]:
    first = group[0]
    drained = first.verdict.act is not None
    return first.endpoint, drained, GRAVITY.index(first.verdict.state), -len(group)


def _headline(status: Status, groups: Sequence[Sequence[Trouble]], services: int) -> Text:
    failing = any(one.verdict.act is None and not one.endpoint for each in groups for one in each)
    sign, style = ("✗", "bold red") if failing else ("!", "yellow")
    ailing = sum(
        any(_stands_out(one) or any(map(_stands_out, one.endpoints)) for one in service.regions)
        for zone in status.zones
        for app in zone.apps
        for service in app.services
    )
    if not ailing:  # a block can be down where each of its services is up
        return Text(f"{sign} not all regions are up", style)
    words = f"{sign} {ailing:,} of {counted(services, 'service')} not up everywhere"
    return Text(words, style)


def _row(group: Sequence[Trouble], now: float) -> tuple[Text, Text, Text]:
    first = group[0]
    names = ", ".join(one.name for one in group[:NAMES])
    more = f" and {len(group) - NAMES:,} more" if len(group) > NAMES else ""
    since = min((one.verdict.since for one in group if one.verdict.since), default=0.0)
    words = Text.assemble((names + more, "bold"), f": {first.verdict.reason}")
    if since:
        words.append(f", for {span(now - since)}", "dim")
    mark = marked(first.verdict.state, first.verdict.act, first.verdict.by)
    return Text(first.region), mark, words
