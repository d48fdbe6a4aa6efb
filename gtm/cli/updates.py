"""`gtm updates`: the records that others added over DNS, and taking them out again."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from gtm.cli.options import By, Json, Server

ZoneName = Annotated[str, typer.Argument(metavar="ZONE", help="A zone.", show_default=False)]


def updates(
    zone: ZoneName,
    remove: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Take this name's out.", show_default=False),
    ] = None,
    rrtype: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="Only this type.", show_default=False)
    ] = "",
    by: By = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Show the records that dynamic updates (RFC 2136) have added to a zone, or take some out.

    Examples: [bold]gtm updates gtm.example.com[/],
    [bold]gtm updates gtm.example.com --remove _acme-challenge.www[/]
    """
    from gtm.api.models import UpdatesRemoved, UpdatesShape
    from gtm.cli.client import server
    from gtm.cli.ordering import author
    from gtm.cli.output import print_json, show

    if remove is None:
        found = server(api, os.environ).get("/v1/updates", UpdatesShape, {"zone": zone})
        if as_json:
            print_json(found)
            return
        from gtm.cli.updatesview import updates_view

        show(updates_view(found))
        return
    query = {"zone": zone, "name": remove, "type": rrtype, "by": author(by)}
    gone = server(api, os.environ).act("DELETE", "/v1/updates", UpdatesRemoved, query)
    if as_json:
        print_json(gone)
        return
    records = "record" if gone.removed == 1 else "records"
    typer.echo(f"{gone.removed} {records} of {gone.name.rstrip('.')} removed")
