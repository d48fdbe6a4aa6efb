"""`gtm status`: what a running server serves, and what it believes of every region."""

from __future__ import annotations

import os

from gtm.cli.options import Json, Server


def status(api: Server = None, as_json: Json = False) -> None:
    """Show what a running server serves and which regions are up.

    Examples: [bold]gtm status[/], [bold]gtm status --api unix:/run/gtm/gtm.sock --json[/]
    """
    from gtm.api.models import Status
    from gtm.cli.client import server
    from gtm.cli.output import print_json, show

    found = server(api, os.environ).get("/v1/status", Status)
    if as_json:
        print_json(found)
        return
    from gtm.cli.statusview import status_view

    show(status_view(found))
