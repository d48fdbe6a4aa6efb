"""Asking a running server for an override: what drain and force have in common."""

from __future__ import annotations

import getpass
import os

from gtm.api.models import OverrideAdded
from gtm.cli.client import server
from gtm.cli.output import print_json
from gtm.cli.overridesview import SAFE, added_line, say
from gtm.cli.waiting import wait_until_safe
from gtm.errors import UsageError
from gtm.overrides import parse_target
from gtm.zonefile.findings import Wrong
from gtm.zonefile.values import seconds


def order(
    act: str,
    target: str,
    reason: str,
    lasting: str | None,
    by: str | None,
    api: str | None,
    *,
    force: bool,
    as_json: bool,
    planned: bool = False,
    wait: bool = False,
) -> None:
    """Puts an override in force and says what it changed; `wait` until it is safe.

    Raises GtmError.
    """
    body = {
        "act": act,
        "target": str(parse_target(target)),
        "reason": reason,
        "author": author(by),
        "seconds": duration(lasting),
        "force": force,
        "planned": planned,
    }
    there = server(api, os.environ)
    found = there.act("POST", "/v1/overrides", OverrideAdded, body=body)
    if not as_json:
        say(added_line(found), found.kept)
    if wait:
        found = found.model_copy(update={"override": wait_until_safe(there, found.override)})
    if as_json:
        print_json(found)
    elif wait:
        print(f"{found.override.target} is {SAFE}")


def author(by: str | None) -> str:
    """Who acts: as told, or by the login name. Raises UsageError where there is none."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise UsageError("cannot tell who you are: add --by NAME") from error


def duration(text: str | None) -> float | None:
    """Seconds; None is without an end. Raises UsageError."""
    if text is None:
        return None
    try:
        length = seconds(text)
    except Wrong:
        length = 0.0
    if length <= 0:
        raise UsageError(f"cannot use --for {text}: it is not a duration; write 30s, 5m, 2h or 1d")
    return length
