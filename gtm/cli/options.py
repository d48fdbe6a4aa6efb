"""Options that several commands have, with one wording."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

Server = Annotated[
    str | None,
    typer.Option(
        "--api",
        metavar="unix:PATH|[https://]ADDR:PORT",
        help="Where the running server is asked. [dim]Default: GTM_API, or the socket that "
        "gtm serve makes.[/]",
        show_default=False,
    ),
]

OverrideTarget = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="region/eu-west, app/shop/eu-west, service/search/ap-south or endpoint/192.0.2.10; "
        "parts can be globs, as in service/*/ap-south.",
        show_default=False,
    ),
]

Lasting = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="TIME",
        help="How long: 30s, 5m, 2h, 1d. [dim]Default: until it is taken back.[/]",
        show_default=False,
    ),
]

Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="Why, for others.", show_default=False),
]

Force = Annotated[
    bool, typer.Option("--force", help="Do it even where the zone's safety would refuse it.")
]

By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="NAME",
        help="Who says so. [dim]Default: your login name.[/]",
        show_default=False,
    ),
]

Geoip = Annotated[
    list[str] | None,
    typer.Option(
        "--geoip",
        metavar="FILE|none",
        help="A geo database (.mmdb); can be given again, the first that knows a place wins. "
        "[dim]Default: the ones that come with gtm.[/]",
        show_default=False,
    ),
]
