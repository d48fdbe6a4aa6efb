"""Options that several commands have, with one wording."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

Server = Annotated[
    str | None,
    typer.Option(
        "--api",
        metavar="unix:PATH|ADDR:PORT",
        help="Where the running server is asked. [dim]Default: GTM_API, or the socket that "
        "gtm serve makes.[/]",
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
