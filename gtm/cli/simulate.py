"""`gtm simulate`: what would move where, before anything is done."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Geoip, Json, Server
from gtm.errors import UsageError

if TYPE_CHECKING:
    from gtm.api.models import SimulationShape
    from gtm.cli.progress import Work
    from gtm.geo import Geo
    from gtm.simulate import Simulation, Traffic, Worlds

ZONES_HERE = Path("zones")


def simulate(
    zones: Annotated[
        Path | None,
        typer.Argument(
            metavar="[ZONES]",
            help="Simulate these zone files instead of asking a server: a directory, or one.",
            show_default=False,
        ),
    ] = None,
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
            help="Who asks, of files: a CSV of client_network,queries[,service], or a query log "
            "of JSON lines. [dim]Default: every network of the geo database, by its addresses.[/]",
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
            "capacity. [dim]Default: what regions report to the server.[/]",
        ),
    ] = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Show who would move where, before it is done, and which region would be too full.

    Regions go [bold]--down[/] or are [bold]--drain[/]ed. The running server is asked: what is
    answered now, overrides and all, the clients that it has lately answered, the load that its
    regions report. With [bold]ZONES[/] files are read instead, every endpoint is taken to be up,
    and other files may take their place ([bold]--zones[/]).

    Examples: [bold]gtm simulate --down us-east[/],
    [bold]gtm simulate zones/ --zones new/ --traffic clients.csv[/]
    """
    gone = Gone(tuple(down or ()), tuple(drain or ()))
    of_files = {"--zones": new, "--traffic": traffic, "--geoip": geoip}
    named = [flag for flag, value in of_files.items() if value]
    if zones is None and named:
        raise UsageError(
            f"cannot use {named[0]} without files: name them, as in gtm simulate zones/"
        )
    if zones is not None and api is not None:
        raise UsageError("cannot ask a server and files at once: leave out --api, or the files")
    if zones is None:
        found, asked = _asked(api, gone, service, load)
    if zones is not None or found is None:
        asked = f"zone files in {zones or ZONES_HERE} alone: no server was asked"
        found = _of_files(zones or ZONES_HERE, geoip, gone, new, traffic, service, load)
    _print(found, gone.words(new), asked, as_json=as_json)


@dataclass(frozen=True, slots=True)
class Gone:
    """The regions that go."""

    down: tuple[str, ...]
    drained: tuple[str, ...]

    def words(self, new: Path | None) -> list[str]:
        """What was done."""
        changes = [f"{name} is down" for name in sorted(self.down)]
        changes += [f"{name} is drained" for name in sorted(self.drained)]
        return changes + ([] if new is None else [f"the zones are those of {new}"])


def _asked(
    api: str | None, gone: Gone, service: str | None, load: float | None
) -> tuple[SimulationShape | None, str]:
    """From the server, and which; None when none runs, none was named, and zones/ is here."""
    from gtm.api.models import SimulationShape
    from gtm.cli.client import server
    from gtm.cli.progress import working

    there = server(api, os.environ)
    named = api is not None or "GTM_API" in os.environ
    if not named and ZONES_HERE.exists() and not there.answers():
        print(f"no server runs at {there.at}: simulated from {ZONES_HERE}/", file=sys.stderr)
        return None, ""
    if not gone.down and not gone.drained:
        raise UsageError("cannot simulate nothing: name a region to take --down or to --drain")
    body = {"down": gone.down, "drain": gone.drained, "service": service, "load": load}
    with working("asking the server"):
        found = there.ask("/v1/simulate", SimulationShape, body)
    return found, f"the server at {there.at}, epoch {found.epoch}: overrides and verdicts as now"


def _of_files(
    zones: Path,
    geoip: list[str] | None,
    gone: Gone,
    new: Path | None,
    traffic: Path | None,
    service: str | None,
    load: float | None,
) -> SimulationShape:
    from gtm.api.models import SimulationShape
    from gtm.cli.offline import geo_of
    from gtm.cli.progress import working
    from gtm.cli.reading import loaded, services_of
    from gtm.settings import settle
    from gtm.simulate import Scenario, worlds

    with working(f"reading {zones}") as work:
        before = loaded(zones, work).zones
        changed = None if new is None else loaded(new, work).zones
        geo = geo_of(settle({"geoip": geoip}, os.environ, None), work)
        scenario = Scenario(frozenset(gone.down), frozenset(gone.drained))
        walk = work.walk_of("compiling", services_of((*before, *(changed or ())))).walk
        both = worlds(before, changed, geo, scenario, walk)
        found = _simulated(both, geo, traffic, service, load, work)
    return SimulationShape.model_validate(found)


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


def _print(found: SimulationShape, changes: list[str], asked: str, *, as_json: bool) -> None:
    from gtm.cli.output import print_json, show
    from gtm.cli.simulated import simulated

    if as_json:
        print_json(found)
        return
    show(simulated(found, changes, asked))
