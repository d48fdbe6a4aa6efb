"""`gtm delegation`: what to put into the parent zone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Json

if TYPE_CHECKING:
    from gtm.delegation import Delegation


def delegation(
    zone: Annotated[
        str, typer.Argument(metavar="ZONE", help="The zone, by its apex.", show_default=False)
    ],
    zones: Annotated[
        Path | None,
        typer.Option(help="The zone files. [dim]Default: zones[/]", show_default=False),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The server's folder of keys. [dim]Default: GTM_KEYS, or keys in GTM_STATE[/]",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the records that the parent zone needs, to be copied into it, and how to check them.

    NS records, addresses of the name servers that lie inside the zone (glue), and the DS of a
    signed zone once it is safe there.

    Example: [bold]gtm delegation gtm.example.com[/]
    """
    from gtm.cli.progress import working
    from gtm.cli.reading import loaded
    from gtm.cli.zonenamed import zone_named
    from gtm.delegation import delegation as delegated
    from gtm.delegation import secure_entry
    from gtm.dnssec.keyring import Keyring
    from gtm.settings import settle

    settings = settle({"zones": zones, "keys": keys}, os.environ, None)
    with working(f"reading {settings.zones}") as work:
        served = loaded(settings.zones, work).zones
    named = zone_named(zone, served, "print the delegation")
    found = delegated(named, secure_entry(named, Keyring(settings.keys_folder())))
    if as_json:
        _print_json(found)
    else:
        _print(found)


def _print(found: Delegation) -> None:
    """Comments and records alone on standard output: a piece of a master file."""
    from gtm.cli.output import bare, say_line

    lines = [f"; for the parent of {bare(found.zone)}: {bare(found.parent)}, or the zone above it"]
    lines += [*found.lines, *([f"; {found.no_ds}"] if found.no_ds else []), ";", "; to check it:"]
    lines += [f";   {command}" for command in found.checks]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    for warning in found.warnings:
        say_line(f"warning: {warning}", stderr=True)


def _print_json(found: Delegation) -> None:
    from gtm.cli.delegationshape import DelegationShape
    from gtm.cli.output import print_json

    print_json(DelegationShape.model_validate(found))
