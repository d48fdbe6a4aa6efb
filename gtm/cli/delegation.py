"""`gtm delegation`: what to put into the parent zone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Json
from gtm.errors import UsageError

if TYPE_CHECKING:
    from gtm.delegation import Delegation
    from gtm.model import Zone


def delegation(
    zone: Annotated[
        str, typer.Argument(metavar="ZONE", help="The zone, by its apex.", show_default=False)
    ],
    zones: Annotated[
        Path | None,
        typer.Option(help="The zone files. [dim]Default: zones[/]", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the records that the parent zone needs, to be copied into it, and how to check them.

    NS records, and addresses of the name servers that lie inside the zone (glue).

    Example: [bold]gtm delegation gtm.example.com[/]
    """
    from gtm.delegation import delegation as delegated
    from gtm.settings import settle
    from gtm.zonefile import load

    found = delegated(_zone(zone, load(settle({"zones": zones}, os.environ, None).zones).zones))
    if as_json:
        _print_json(found)
    else:
        _print(found)


def _zone(name: str, zones: tuple[Zone, ...]) -> Zone:
    from gtm.cli.output import bare
    from gtm.zonefile.findings import listed, nearest

    known = {bare(zone.name): zone for zone in zones}
    wanted = bare(name.lower())
    if wanted in known:
        return known[wanted]
    like = nearest(wanted, known)
    remedy = f"did you mean {like}?" if like else f"the zones are {listed(known)}"
    raise UsageError(f"cannot print the delegation of {name!r}: no such zone; {remedy}")


def _print(found: Delegation) -> None:
    """Comments and records alone on standard output: a piece of a master file."""
    from gtm.cli.output import bare, screen

    lines = [f"; for the parent of {bare(found.zone)}: {bare(found.parent)}, or the zone above it"]
    lines += [*found.lines, "; no DS record: the zone is not signed", ";", "; to check it:"]
    lines += [f";   {command}" for command in found.checks]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    for warning in found.warnings:
        screen(stderr=True).print(f"warning: {warning}", soft_wrap=True)


def _print_json(found: Delegation) -> None:
    from gtm.cli.delegationshape import DelegationShape
    from gtm.cli.output import print_json

    print_json(DelegationShape.model_validate(found))
