"""`gtm drain`: take a region, an app, a service or an endpoint out of the answers."""

from __future__ import annotations

from typing import Annotated

import typer

from gtm.cli.options import By, Force, Json, Lasting, OverrideTarget, Reason, Server


def drain(
    target: OverrideTarget,
    reason: Reason,
    lasting: Lasting = None,
    planned: Annotated[
        bool,
        typer.Option(
            "--planned", help="Lower the TTL first, and withdraw once the old one has run out."
        ),
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when no client that honours TTLs is left.")
    ] = False,
    force: Force = False,
    by: By = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Take a region, an app, a service or an endpoint out of the answers, whatever its checks say.

    It counts as down and is shown as drained, with who did it and why, until the time is over or
    [bold]gtm undrain[/]. It is refused where it would leave an app with too few regions.

    Clients follow as their answers run out; [bold]gtm overrides[/] says when that is [bold]safe[/].
    With [bold]--planned[/] few are left to follow when it is withdrawn, and [bold]--for[/] counts
    from then.

    Examples: [bold]gtm drain region/eu-west --for 2h --reason "kernel update"[/],
    [bold]gtm drain region/eu-west --planned --wait --reason "kernel update"[/],
    [bold]gtm drain 'service/*/ap-south' --reason "provider incident"[/]
    """
    from gtm.cli.ordering import order

    order(
        "drain",
        target,
        reason,
        lasting,
        by,
        api,
        force=force,
        as_json=as_json,
        planned=planned,
        wait=wait,
    )
