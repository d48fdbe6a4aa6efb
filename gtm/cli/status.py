"""`gtm status`: what a running server serves, and what it believes of every region."""

from __future__ import annotations

import os

from gtm.cli.options import Json, Server

FEW = 200  # services: so many are asked for whole, of more only those with trouble


def status(api: Server = None, as_json: Json = False) -> None:
    """Show what a running server serves and which regions are up.

    What is not up comes first. [bold]--json[/] has everything, also at 10,000 services, where
    people are shown those with trouble; [bold]gtm top[/] shows it live.

    Examples: [bold]gtm status[/], [bold]gtm status --api unix:/run/gtm/gtm.sock --json[/]
    """
    from gtm.api.models import HistoryShape, Status
    from gtm.cli.client import server
    from gtm.cli.output import print_json, show

    there = server(api, os.environ)
    if as_json:
        print_json(there.get("/v1/status", Status))
        return
    from gtm.cli.lately import READ, lately
    from gtm.cli.statusview import status_view

    found = there.get("/v1/status", Status, {"services": "ailing"})
    left = [app.services_left_off for zone in found.zones for app in zone.apps]
    if sum(left) <= FEW:
        found = there.get("/v1/status", Status)
    happened = there.get("/v1/history", HistoryShape, {"limit": str(READ)})
    show(status_view(found, lately(happened.events, found.started)))
