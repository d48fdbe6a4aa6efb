"""Reading what may be a secret, each time that it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gtm.errors import GtmError
from gtm.receivers import Guarded, Where

LONGEST = 16 << 10  # octets of a file


def reveal(guarded: Guarded, environment: Mapping[str, str], purpose: str) -> str:
    """The value, without white space around it. Raises GtmError. Reads a file: may block.

    `purpose` is what it is needed for, as in "cannot send an alert: ...".
    """
    if guarded.where is Where.HERE:
        return guarded.value
    if guarded.where is Where.ENVIRONMENT:
        found = environment.get(guarded.value, "").strip()
        if not found:
            raise GtmError(f"cannot {purpose}: {guarded} is not set")
        return found
    try:
        with Path(guarded.value).open("rb") as file:
            data = file.read(LONGEST + 1)
        text = data.decode().strip()
    except OSError as error:
        why = error.strerror or str(error)
        raise GtmError(f"cannot {purpose}: {guarded} can't be read: {why}") from error
    except UnicodeDecodeError:
        raise GtmError(f"cannot {purpose}: {guarded} is not text") from None
    if not text or len(data) > LONGEST:
        what = "is empty" if not text else f"is longer than {LONGEST} octets"
        raise GtmError(f"cannot {purpose}: {guarded} {what}")
    return text
