"""`gtm latency`: what gateways and clients measured, by area and region."""

from __future__ import annotations

import os

from gtm.cli.options import Json, Server


def latency(api: Server = None, as_json: Json = False) -> None:
    """Show the latency that was posted to a running server, and what steering goes by.

    Examples: [bold]gtm latency[/], [bold]gtm latency --json[/]
    """
    from gtm.api.models import Latency
    from gtm.cli.client import server
    from gtm.cli.output import print_json, show

    found = server(api, os.environ).get("/v1/latency", Latency)
    if as_json:
        print_json(found)
        return
    from gtm.cli.feedsview import latency_view

    show(latency_view(found))
