"""`gtm history`: what happened on a running server, newest first."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from gtm.cli.options import Json, Server


def _only(what: str, glob: str) -> typer.models.OptionInfo:
    """An option that narrows what is shown."""
    words = f"Only of this {what}: a name, or a glob such as {glob}."
    option: typer.models.OptionInfo = typer.Option(metavar="NAME", help=words, show_default=False)
    return option


def history(
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="How many.")] = 50,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How far back: 10m, 2h, 7d.", show_default=False),
    ] = None,
    zone: Annotated[str, _only("zone", "*.example.com")] = "",
    app: Annotated[str, _only("app", "shop-*")] = "",
    service: Annotated[str, _only("service", "orders*")] = "",
    region: Annotated[str, _only("region", "eu-*")] = "",
    endpoint: Annotated[str, _only("endpoint", "192.0.2.*")] = "",
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Show what went down and came up lately, why, and who decided.

    Examples: [bold]gtm history --region eu-west --since 2h[/], [bold]gtm history --json[/]
    """
    from gtm.api.models import HistoryShape
    from gtm.cli.client import server
    from gtm.cli.output import print_json, show

    names = {"zone": zone, "app": app, "service": service, "region": region, "endpoint": endpoint}
    query = {key: value.rstrip(".") for key, value in names.items() if value}
    query["limit"] = str(limit)
    if since is not None:
        query["since"] = str(max(0.0, time.time() - _seconds(since)))
    found = server(api, os.environ).get("/v1/history", HistoryShape, query)
    if as_json:
        print_json(found)
        return
    from gtm.cli.historyview import history_view

    show(history_view(found))


def _seconds(text: str) -> float:
    from gtm.errors import UsageError
    from gtm.zonefile.findings import Wrong
    from gtm.zonefile.values import seconds

    try:
        return seconds(text)
    except Wrong as wrong:
        raise UsageError(f"cannot look back {text!r}: write it as 10m, 2h or 7d") from wrong
