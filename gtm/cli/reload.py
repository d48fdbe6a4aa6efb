"""`gtm reload`: load zones and databases again now, and say how that went."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from gtm.cli.options import Json, Server

if TYPE_CHECKING:
    from gtm.api.models import ReloadStatus


def reload(api: Server = None, as_json: Json = False) -> None:
    """Make a running server load its zones and databases again.

    What does not load changes nothing: the server goes on with what it has, the mistakes are
    printed, and the exit code is 1.

    Example: [bold]gtm reload[/]
    """
    from gtm.api.models import ReloadStatus
    from gtm.cli.client import server
    from gtm.cli.output import print_json

    outcome = server(api, os.environ).post("/v1/reload", ReloadStatus, also=(422,))
    if as_json:
        print_json(outcome)
    elif outcome.error is None:
        typer.echo("reloaded: what is on disk now is served")
    else:
        _say_refused(outcome)
    if outcome.error is not None:
        raise typer.Exit(1)


def _say_refused(outcome: ReloadStatus) -> None:
    from gtm.cli.output import complain
    from gtm.errors import GtmError, Mistake, ZoneFileError

    mistakes = tuple(Mistake(**mistake.model_dump()) for mistake in outcome.mistakes)
    complain(ZoneFileError(mistakes) if mistakes else GtmError(outcome.error))
    print("nothing was changed: the server goes on with what it had", file=sys.stderr)
