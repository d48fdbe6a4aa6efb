"""`gtm drill`: take a region down on purpose, measure what happens, and take it back."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import By, Force, Json, Server
from gtm.errors import GtmError, ServerError, UsageError

if TYPE_CHECKING:
    from gtm.api.models import OverrideAdded, Status
    from gtm.cli.client import Client
    from gtm.cli.drillrun import Course, Order
    from gtm.cli.drillscene import Scope
    from gtm.cli.drillshape import DrillForeseen, DrillPlan, DrillShape

LONGEST = 3600.0  # seconds: what lasts longer is a drain


def drill(
    region: Annotated[
        str, typer.Option(metavar="NAME", help="The region to take down.", show_default=False)
    ],
    duration: Annotated[
        str, typer.Option(metavar="TIME", help="How long it stays down: 30s, 5m.")
    ] = "60s",
    zone: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="In this zone alone.", show_default=False),
    ] = None,
    app: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of this app alone.", show_default=False)
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would happen and whether safety allows it."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it begins.")] = False,
    svg: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw what happened here.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the report here too.", show_default=False),
    ] = None,
    client: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            help="Ask as this client; can be given again. [dim]Default: clients from all over "
            "the world[/]",
            show_default=False,
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="ADDR:PORT",
            help="Where DNS is asked. [dim]Default: where the server says that it answers[/]",
            show_default=False,
        ),
    ] = None,
    unsafe: Force = False,
    by: By = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Take a region down on purpose, measure what happens, and take it back.

    Real queries as clients from all over the world show how long answers go on naming the region,
    where its clients go, that nobody else moves, and that nobody is left without an answer. Ctrl-C
    takes it back at once. It ends by itself even if this command is killed.

    Ends with 0 if all went well, 1 if not.

    Examples: [bold]gtm drill --region eu-west --dry-run[/],
    [bold]gtm drill --region eu-west --duration 30s --svg drill.svg[/]
    """
    from gtm.api.models import Status
    from gtm.cli.client import server as server_of
    from gtm.cli.drillrun import Order
    from gtm.cli.drillscene import Scope, clients, dns_place, scene
    from gtm.cli.ordering import author
    from gtm.cli.output import print_json
    from gtm.cli.progress import working

    seconds, who = _seconds(duration), author(by)
    _require_writable(svg, report)
    there, scope = server_of(api, os.environ), Scope(region, zone, app)
    with working("asking the server what is up"):
        status = there.get("/v1/status", Status)
        place = dns_place(status, there.at, server)
        order = Order(scene(status, scope), seconds, f"drill by {who}", who, unsafe)
        _require_free(status, scope)
        judged = _rehearsed(there, order, status)
    plan = _plan(there, order, place, judged)
    if dry_run and as_json:
        print_json(plan)
        return
    if not as_json or not yes:
        _show_plan(plan, to_stderr=as_json)
    if dry_run:
        return
    _confirm(region, yes=yes)
    with working("choosing clients"):
        networks = clients(status, client or [])
    shape = _perform(there, order, place, networks, plan.foreseen, svg, report)
    _print(shape, as_json=as_json)
    if not shape.passed:
        raise typer.Exit(1)


def _seconds(text: str) -> float:
    from gtm.zonefile.findings import Wrong
    from gtm.zonefile.values import seconds

    try:
        found = seconds(text)
    except Wrong:
        found = 0.0
    if not 1 <= found <= LONGEST:
        raise UsageError(
            f"cannot drill for {text!r}: write 1s to 1h, as in --duration 30s; "
            "what is to last longer is a drain: gtm drain"
        )
    return found


def _require_writable(*paths: Path | None) -> None:
    """Before anything is done: a report that can't be written is found out too late afterwards."""
    for path in paths:
        if path is None:
            continue
        if not path.parent.is_dir():
            raise UsageError(f"cannot write {path}: there is no folder {path.parent}")
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise UsageError(f"cannot write {path}: it is a folder, or this user may not write it")


def _require_free(status: Status, scope: Scope) -> None:
    """A drill must not take the place of an operator's own word."""
    for one in status.overrides:
        if one.target == scope.target:
            raise UsageError(
                f"cannot drill {scope.region}: {one.target} is {one.said} already, and a drill "
                f"would replace that; take it back first: gtm undrain {one.number}"
            )


def _rehearsed(there: Client, order: Order, status: Status) -> OverrideAdded:
    """What the server would do; what it refuses may be had for one app alone."""
    from gtm.api.models import OverrideAdded
    from gtm.cli.drillscene import drillable

    try:
        return there.act("POST", "/v1/overrides", OverrideAdded, None, order.body(rehearsal=True))
    except ServerError as error:
        apps = drillable(status, order.scene.scope) if "--force" in str(error) else []
        if not apps:  # or it was not safety that refused
            raise
        raise ServerError(f"{error}, or drill one app: {' or '.join(apps)}") from error


def _plan(there: Client, order: Order, place: tuple[str, int], judged: OverrideAdded) -> DrillPlan:
    from gtm.cli.drillforeseen import foreseen
    from gtm.cli.drillshape import DrillPlan
    from gtm.cli.overridesview import changed
    from gtm.cli.progress import working

    found: list[DrillForeseen] = []
    assumed: list[str] = []
    why: str | None = None
    with working("simulating what would move"):
        try:
            found, assumed = foreseen(there, order.scene.scope)
        except GtmError as error:
            why = str(error)
    return DrillPlan(
        region=order.scene.scope.region,
        target=order.scene.scope.target,
        duration=order.duration,
        services=order.scene.services,
        sampled=[one.service for one in order.scene.sampled],
        server=_named(place),
        changes=[changed(judged.changes, "then")],
        forced_past=judged.forced_past,
        foreseen=found,
        assumed=assumed,
        unforeseen=why,
    )


def _named(place: tuple[str, int]) -> str:
    address, port = place
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _show_plan(plan: DrillPlan, *, to_stderr: bool) -> None:
    from gtm.cli.drillview import plan_view
    from gtm.cli.output import screen, show

    if to_stderr:
        screen(stderr=True).print(plan_view(plan))
    else:
        show(plan_view(plan))


def _confirm(region: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"cannot ask whether to drill {region}: add --yes where nobody can answer")
    if not typer.confirm(f"take {region} down now?", err=True):
        raise typer.Exit(1)


def _perform(
    there: Client,
    order: Order,
    place: tuple[str, int],
    networks: dict[str, str],
    before: list[DrillForeseen],
    svg: Path | None,
    report: Path | None,
) -> DrillShape:
    from gtm.cli.drillprogress import progress
    from gtm.cli.drillreport import Asked
    from gtm.cli.drillreport import report as reported
    from gtm.cli.drillrun import Drill
    from gtm.cli.output import screen
    from gtm.drill.svg import svg as drawn

    asked = Asked(there.at, _named(place), time.time())
    with progress(order, screen(stderr=True)) as watch:
        course: Course = asyncio.run(Drill(there, order, watch).run(place, networks))
    shape, drawing = reported(order, course, asked, before)
    if svg is not None:
        _write(svg, drawn(drawing))
    if report is not None:
        _write(report, _as_text(shape))
    return shape


def _as_text(shape: DrillShape) -> str:
    """The report as a terminal of 100 columns has it, without colours."""
    from gtm.cli.drillview import report_view
    from gtm.cli.output import as_text

    return as_text(report_view(shape))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        # the drill is over and its report still to be printed: said, not raised
        print(f"cannot write {path}: {error.strerror or error}", file=sys.stderr)


def _print(shape: DrillShape, *, as_json: bool) -> None:
    from gtm.cli.drillview import report_view
    from gtm.cli.output import print_json, show

    if as_json:
        print_json(shape)
    else:
        show(report_view(shape))
