"""`gtm simulate`: what would move where, before anything is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Geoip, Json
from gtm.errors import UsageError

if TYPE_CHECKING:
    from gtm.geo import Geo
    from gtm.simulate import Simulation, Traffic, Worlds

Advance = Callable[[float, float], None]  # how much is done, of how much
Step = Callable[[str], Advance]


def simulate(
    zones: Annotated[
        Path,
        typer.Argument(
            metavar="ZONES", help="A directory of zone files, or one.", show_default=False
        ),
    ],
    geoip: Geoip = None,
    down: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION", help="Every check in this region fails; can be given again."
        ),
    ] = None,
    drain: Annotated[
        list[str] | None,
        typer.Option(metavar="REGION", help="This region is drained; can be given again."),
    ] = None,
    new: Annotated[
        Path | None,
        typer.Option("--zones", metavar="NEW", help="These zone files take the place of ZONES."),
    ] = None,
    traffic: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Who asks: a CSV of client_network,queries[,service], or a query log of JSON "
            "lines. [dim]Default: every network of the geo database, by its addresses.[/]",
            show_default=False,
        ),
    ] = None,
    service: Annotated[
        str | None, typer.Option(metavar="NAME", help="Look at this service alone.")
    ] = None,
    load: Annotated[
        float | None,
        typer.Option(
            metavar="TOTAL",
            min=0,
            help="The load that the whole traffic stands for, in the unit of the regions' "
            "capacity.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show who would move where, before it is done, and which region would be too full.

    Regions go [bold]--down[/] or are [bold]--drain[/]ed, or other zone files are used. It is
    compiled as the server does it; every endpoint is taken to be up before.

    Examples: [bold]gtm simulate zones/ --down us-east[/],
    [bold]gtm simulate zones/ --zones new/ --traffic clients.csv[/]
    """
    from gtm.cli.offline import geo_of
    from gtm.settings import settle
    from gtm.simulate import Scenario, worlds
    from gtm.zonefile import load as load_zones

    with _progress() as step:
        loaded = load_zones(zones).zones
        changed = None if new is None else load_zones(new).zones
        geo = geo_of(settle({"geoip": geoip}, os.environ, None))
        scenario = Scenario(frozenset(down or ()), frozenset(drain or ()))
        step("compiling")(0, 0)
        both = worlds(loaded, changed, geo, scenario)
        found = _simulated(both, geo, traffic, service, load, step)
    _print(found, scenario.down, scenario.drained, new, as_json=as_json)


def _simulated(
    both: Worlds,
    geo: Geo,
    traffic: Path | None,
    service: str | None,
    load: float | None,
    step: Step,
) -> Simulation:
    from gtm.simulate import chosen
    from gtm.simulate import simulate as simulated

    only = None if service is None else chosen(service, both)
    clients = _traffic(traffic, both, geo, step)
    return simulated(both, clients, only, load, step("counting"))


def _traffic(path: Path | None, both: Worlds, geo: Geo, step: Step) -> Traffic:
    from gtm.simulate import read_traffic, service_of, world_traffic

    if path is None:
        if not geo.sources:
            raise UsageError(
                "cannot simulate the whole world without a geo database: give --traffic FILE"
            )
        return world_traffic(geo)
    processes = os.cpu_count() or 1
    return read_traffic(path, service_of(both), step(f"reading {path.name}"), processes)


@contextmanager
def _progress() -> Iterator[Step]:
    """A bar on standard error, on a terminal alone; it goes when the work is done."""
    from gtm.cli.output import on_terminal, plain_console

    if not on_terminal(stderr=True):
        yield lambda words: lambda done, total: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, console=plain_console(stderr=True), transient=True) as progress:
        task = progress.add_task("loading", total=None)

        def step(words: str) -> Advance:
            progress.reset(task, description=words, total=None)

            def advance(done: float, total: float) -> None:
                progress.update(task, completed=done, total=total or None)

            return advance

        yield step


def _print(
    found: Simulation,
    down: frozenset[str],
    drained: frozenset[str],
    new: Path | None,
    *,
    as_json: bool,
) -> None:
    from gtm.api.models import SimulationShape
    from gtm.cli.output import print_json, show
    from gtm.cli.simulated import simulated

    changes = [f"{name} is down" for name in sorted(down)]
    changes += [f"{name} is drained" for name in sorted(drained)]
    changes += [] if new is None else [f"the zones are those of {new}"]
    if as_json:
        shape = SimulationShape.model_validate(found)
        print_json(shape)
        return
    show(simulated(found, changes))
