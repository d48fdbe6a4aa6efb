"""Why a call over gRPC failed, in an operator's words: from its status code and its details.

The library says what went wrong with a connection in prose alone, so what is known of that is
looked for there; what is not known is shown as it is, bounded.
"""

from __future__ import annotations

import re

from gtm.health.aim import Aim
from gtm.health.impairment import OPEN_FILES, Impaired

# How much of what a library or server says stands in a reason.
SHOWN = 160

_VERIFY = re.compile(r"CERTIFICATE_VERIFY_FAILED: ([^:]*)")

# What the library says before the last thing that went wrong.
_BEFORE = re.compile(r".*last error: *(?:[A-Z_]+: *)?(?:ipv[46]:\S+: )?", re.DOTALL)


def failure(code: str, details: str, aim: Aim, service: str, name: str) -> str:
    """Why a call failed, by its status code (grpc.io/docs/guides/status-codes).

    `name` is the one that the certificate was to be for. Raises Impaired for a fault of this
    machine.
    """
    said = _cut(details)
    match code:
        case "DEADLINE_EXCEEDED":
            return f"no answer from gRPC at {aim} within its deadline"
        case "UNIMPLEMENTED":
            return f"gRPC at {aim} does not speak the health protocol"
        case "NOT_FOUND":
            return f'gRPC at {aim} knows no service "{service}"'
        case "UNAVAILABLE":
            return _unavailable(details, aim, name)
        case "PERMISSION_DENIED" | "UNAUTHENTICATED":
            return f"gRPC at {aim} refuses health checks: {said or code}"
    return f"{code} from gRPC at {aim}: {said}" if said else f"{code} from gRPC at {aim}"


def _unavailable(details: str, aim: Aim, name: str) -> str:
    if "Too many open files" in details:
        raise Impaired(OPEN_FILES)
    if found := _VERIFY.search(details):
        return f"certificate of {aim} is not valid for {name}: {_cut(found[1])}"
    for sign, words in (
        ("Hostname Verification", "certificate of {0} is not valid for {1}: it is for other names"),
        ("Connection refused", "connection to {0} refused"),
        ("Connection reset", "connection to {0} reset by the other side"),
        ("Socket closed", "connection to {0} closed without an answer"),
        ("Failed parsing HTTP/2", "{0} does not speak gRPC"),
    ):
        if sign in details:
            return words.format(aim, name)
    return f"no gRPC with {aim}: {_cut(_BEFORE.sub('', details)) or 'unavailable'}"


def _cut(text: str) -> str:
    clean = "".join(each if each.isprintable() else " " for each in text)
    return clean if len(clean) <= SHOWN else f"{clean[:SHOWN]}…"
