"""`gtm explain`: why a client gets the answer it gets."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Geoip, Json, Server
from gtm.errors import UsageError

if TYPE_CHECKING:
    from gtm.api.models import ExplanationShape
    from gtm.model import Address

ZONES_HERE = Path("zones")
FROM_FILES = "zone files alone: no server was asked, every endpoint is taken to be up"


def explain(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The name that is asked for.", show_default=False)
    ],
    client: Annotated[
        str,
        typer.Option(metavar="IP", help="Who asks: an IPv4 or IPv6 address.", show_default=False),
    ],
    rrtype: Annotated[str, typer.Argument(metavar="[TYPE]", help="The record type.")] = "A",
    zones: Annotated[
        Path | None,
        typer.Option(help="Ask these zone files instead of a server.", show_default=False),
    ] = None,
    geoip: Geoip = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Explain why a client gets the answer it gets, step by step.

    Where the client is, what each region costs it, what is up, and what was dropped.

    The running server is asked. With [bold]--zones[/] or [bold]--geoip[/] files are read instead,
    and every endpoint is taken to be up.

    Examples: [bold]gtm explain orders.gtm.example.com --client 81.2.69.142[/],
    [bold]gtm explain www.gtm.example.com AAAA --client 2001:db8::1 --zones zones/[/]
    """
    address = _address(client)
    source = FROM_FILES
    if api is not None and (zones is not None or geoip):
        raise UsageError("cannot ask a server and files at once: leave out --api, or the others")
    if zones is not None or geoip:
        explanation = _offline(zones, geoip, name, rrtype, address)
    else:
        explanation, source = _asked(api, name, rrtype, address)
    _print(explanation, source, as_json=as_json)


def _address(client: str) -> Address:
    try:
        return ip_address(client)
    except ValueError:
        raise UsageError(
            f"cannot explain for client {client!r}: it is not an IP address; "
            "write one such as 81.2.69.142"
        ) from None


def _offline(
    zones: Path | None, geoip: list[str] | None, name: str, rrtype: str, client: Address
) -> ExplanationShape:
    from gtm.cli.offline import explanation_from_files
    from gtm.cli.progress import working

    with working("reading zones") as work:
        return explanation_from_files(zones, geoip, name, rrtype, client, work)


def _asked(
    api: str | None, name: str, rrtype: str, client: Address
) -> tuple[ExplanationShape, str]:
    """From the server; from zones/ here when no server runs and none was named. Also which."""
    from gtm.api.models import ExplanationShape
    from gtm.cli.client import server

    there = server(api, os.environ)
    named = api is not None or "GTM_API" in os.environ
    if not named and ZONES_HERE.exists() and not there.answers():
        print(f"no server runs at {there.at}: explained from {ZONES_HERE}/", file=sys.stderr)
        return _offline(ZONES_HERE, None, name, rrtype, client), FROM_FILES
    query = {"name": name, "type": rrtype, "client": str(client)}
    found = there.get("/v1/explain", ExplanationShape, query)
    return found, f"the server at {there.at}, epoch {found.epoch}"


def _print(explanation: ExplanationShape, source: str, *, as_json: bool) -> None:
    from gtm.cli.output import print_json, show

    if as_json:
        print_json(explanation)
        return
    from gtm.cli.explained import explained

    show(explained(explanation, source))
