"""`gtm undrain`: take an override back."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from gtm.cli.options import By, Json, Server


def undrain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="As it was written, or the number that gtm overrides shows.",
            show_default=False,
        ),
    ],
    by: By = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Take a drain, or a forced state, back: the checks decide again.

    Examples: [bold]gtm undrain region/eu-west[/], [bold]gtm undrain 3[/]
    """
    from gtm.api.models import OverrideRemoved
    from gtm.cli.client import server
    from gtm.cli.ordering import author
    from gtm.cli.output import print_json
    from gtm.cli.overridesview import removed_line, say

    query = {"number" if target.isdecimal() else "target": target, "by": author(by)}
    found = server(api, os.environ).act("DELETE", "/v1/overrides", OverrideRemoved, query)
    if as_json:
        print_json(found)
        return
    say(removed_line(found), found.kept)
