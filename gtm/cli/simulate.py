"""`gtm simulate`: what would move where, before anything is done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Geoip, Json
from gtm.errors import UsageError

if TYPE_CHECKING:
    from gtm.cli.progress import Work
    from gtm.geo import Geo
    from gtm.simulate import Simulation, Traffic, Worlds


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
    from gtm.cli.progress import working
    from gtm.cli.reading import loaded, services_of
    from gtm.settings import settle
    from gtm.simulate import Scenario, worlds

    with working(f"reading {zones}") as work:
        before = loaded(zones, work).zones
        changed = None if new is None else loaded(new, work).zones
        geo = geo_of(settle({"geoip": geoip}, os.environ, None), work)
        scenario = Scenario(frozenset(down or ()), frozenset(drain or ()))
        walk = work.walk_of("compiling", services_of((*before, *(changed or ())))).walk
        both = worlds(before, changed, geo, scenario, walk)
        found = _simulated(both, geo, traffic, service, load, work)
    _print(found, scenario.down, scenario.drained, new, as_json=as_json)


def _simulated(
    both: Worlds,
    geo: Geo,
    traffic: Path | None,
    service: str | None,
    load: float | None,
    work: Work,
) -> Simulation:
    from gtm.simulate import chosen
    from gtm.simulate import simulate as simulated

    only = None if service is None else chosen(service, both)
    clients = _traffic(traffic, both, geo, work)
    work.step("counting clients")
    return simulated(both, clients, only, load, work.done)


def _traffic(path: Path | None, both: Worlds, geo: Geo, work: Work) -> Traffic:
    from gtm.simulate import read_traffic, service_of, world_traffic

    if path is None:
        if not geo.sources:
            raise UsageError(
                "cannot simulate the whole world without a geo database: give --traffic FILE"
            )
        return world_traffic(geo)
    processes = os.cpu_count() or 1
    work.step(f"reading {path.name}")
    return read_traffic(path, service_of(both), work.done, processes)


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
