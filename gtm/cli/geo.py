"""`gtm geo why`: where an address is, and who says so."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Geoip, Json
from gtm.errors import UsageError

if TYPE_CHECKING:
    from gtm.model import Address

geo = typer.Typer(
    help="Where clients are, as the geo databases and the zones have it.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@geo.callback()
def _geo() -> None:
    """Keeps `why` a word of its own while it is the only command."""


@geo.command("why")
def why(
    address: Annotated[
        str, typer.Argument(metavar="IP", help="An IPv4 or IPv6 address.", show_default=False)
    ],
    geoip: Geoip = None,
    zones: Annotated[
        Path | None,
        typer.Option(
            help="Zone files: their overrides, and what their regions cost from there.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show where an address is, which file and network say so, and what the others say.

    With [bold]--zones[/] also what the zones overrule, and for each set of regions the area and
    what each region costs.

    Examples: [bold]gtm geo why 81.2.69.142[/], [bold]gtm geo why 2001:db8::1 --zones zones/[/]
    """
    from gtm.cli.located import located
    from gtm.cli.locatedshape import located_shape
    from gtm.cli.offline import assumed_up, geo_of
    from gtm.cli.output import print_json, show
    from gtm.cli.progress import working
    from gtm.cli.reading import loaded, services_of
    from gtm.compile.compiler import Compiler
    from gtm.locate import locate
    from gtm.settings import settle
    from gtm.steering.readings import Readings

    client = _address(address)
    compiled = None
    with working("reading the geo databases") as work:
        served = () if zones is None else loaded(zones, work).zones
        databases = geo_of(settle({"geoip": geoip}, os.environ, None), work)
        if served:
            walk = work.walk_of("compiling", services_of(served)).walk
            readings = Readings(assumed_up)
            compiled = Compiler().compile(served, databases, readings, epoch=0, walk=walk)
        found = locate(databases, client, compiled)
    if as_json:
        print_json(located_shape(found))
    else:
        show(located(found))


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise UsageError(
            f"cannot say where {text!r} is: it is not an IP address; write one such as 81.2.69.142"
        ) from None
