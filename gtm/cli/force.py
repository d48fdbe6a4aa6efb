"""`gtm force up|down`: say what is up or down, against the checks."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from gtm.cli.options import By, Force, Json, Lasting, OverrideTarget, Reason, Server


class Direction(Enum):
    """What something is forced to be."""

    UP = "up"
    DOWN = "down"


def force(
    direction: Annotated[Direction, typer.Argument(metavar="up|down", show_default=False)],
    target: OverrideTarget,
    reason: Reason,
    lasting: Lasting = None,
    unsafe: Force = False,
    by: By = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Hold something to be up, or down, whatever its checks say.

    For checks that are wrong, until the time is over or [bold]gtm undrain[/]. What an operator took
    out by a narrower target stays out.

    Examples: [bold]gtm force up service/search/ap-south --for 30m --reason "check is broken"[/],
    [bold]gtm force down endpoint/192.0.2.10 --for 1h --reason "serves old data"[/]
    """
    from gtm.cli.ordering import order

    order(direction.value, target, reason, lasting, by, api, force=unsafe, as_json=as_json)
