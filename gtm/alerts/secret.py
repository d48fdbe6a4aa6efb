"""Reading what may be a secret, each time that it is needed, and keeping it out of messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from gtm.guarded import reveal as guarded_value
from gtm.receivers import Guarded

HIDDEN = "[hidden]"


def reveal(guarded: Guarded, environment: Mapping[str, str]) -> str:
    """The value, without white space around it. Raises GtmError. Reads a file: may block."""
    return guarded_value(guarded, environment, "send an alert")


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text on one line, without any of the secrets, nor the paths of URLs among them."""
    text = " ".join(text.split())
    for secret in secrets:
        parts = urlsplit(secret) if "://" in secret else None
        for hidden in (secret, *((parts.path, parts.query) if parts else ())):
            if len(hidden) > 1:
                text = text.replace(hidden, HIDDEN)
    return "".join(character if character.isprintable() else "?" for character in text)
