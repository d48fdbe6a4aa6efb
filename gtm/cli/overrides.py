"""`gtm overrides`: which operators' words are in force on a running server."""

from __future__ import annotations

import os

from gtm.cli.options import Json, Server


def overrides(api: Server = None, as_json: Json = False) -> None:
    """Show what is drained or forced: by whom, why, until when, and what it changes now.

    Examples: [bold]gtm overrides[/], [bold]gtm overrides --json[/]
    """
    from gtm.api.models import Overrides
    from gtm.cli.client import server
    from gtm.cli.output import print_json, show

    found = server(api, os.environ).get("/v1/overrides", Overrides)
    if as_json:
        print_json(found)
        return
    from gtm.cli.overridesview import overrides_view

    show(overrides_view(found.overrides, found.kept, found.now))
