"""`gtm drain`: take a region, an app, a service or an endpoint out of the answers."""

from __future__ import annotations

from gtm.cli.options import By, Force, Json, Lasting, OverrideTarget, Reason, Server


def drain(
    target: OverrideTarget,
    reason: Reason,
    lasting: Lasting = None,
    force: Force = False,
    by: By = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Take a region, an app, a service or an endpoint out of the answers, whatever its checks say.

    It counts as down and is shown as drained, with who did it and why, until the time is over or
    [bold]gtm undrain[/]. It is refused where it would leave an app with too few regions.

    Examples: [bold]gtm drain region/eu-west --for 2h --reason "kernel update"[/],
    [bold]gtm drain 'service/*/ap-south' --reason "provider incident"[/]
    """
    from gtm.cli.ordering import order

    order("drain", target, reason, lasting, by, api, force=force, as_json=as_json)
