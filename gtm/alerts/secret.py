"""Reading what may be a secret, each time that it is needed, and keeping it out of messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from gtm.errors import GtmError
from gtm.receivers import Guarded, Where

LONGEST = 16 << 10  # octets of a file
HIDDEN = "[hidden]"


def reveal(guarded: Guarded, environment: Mapping[str, str]) -> str:
    """The value, without white space around it. Raises GtmError. Reads a file: may block."""
    if guarded.where is Where.HERE:
        return guarded.value
    if guarded.where is Where.ENVIRONMENT:
        found = environment.get(guarded.value, "").strip()
        if not found:
            raise GtmError(f"cannot send an alert: {guarded} is not set")
        return found
    try:
        with Path(guarded.value).open("rb") as file:
            data = file.read(LONGEST + 1)
        text = data.decode().strip()
    except OSError as error:
        why = error.strerror or str(error)
        raise GtmError(f"cannot send an alert: {guarded} can't be read: {why}") from error
    except UnicodeDecodeError:
        raise GtmError(f"cannot send an alert: {guarded} is not text") from None
    if not text or len(data) > LONGEST:
        what = "is empty" if not text else f"is longer than {LONGEST} octets"
        raise GtmError(f"cannot send an alert: {guarded} {what}")
    return text


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text on one line, without any of the secrets, nor the paths of URLs among them."""
    text = " ".join(text.split())
    for secret in secrets:
        parts = urlsplit(secret) if "://" in secret else None
        for hidden in (secret, *((parts.path, parts.query) if parts else ())):
            if len(hidden) > 1:
                text = text.replace(hidden, HIDDEN)
    return "".join(character if character.isprintable() else "?" for character in text)
