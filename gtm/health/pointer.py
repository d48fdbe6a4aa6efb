"""JSON pointers (RFC 6901): a path into a JSON document."""

from __future__ import annotations

import re

# RFC 6901 section 4: no leading zeros, so that each element has one name.
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")

_BAD_ESCAPE = re.compile(r"~(?![01])")


class Missing(Exception):  # noqa: N818  # an answer to a question, not a fault
    """There is nothing where a pointer leads."""


def parse(pointer: str) -> tuple[str, ...]:
    """The steps of a pointer: "" has none, `/a~1b/0` has `a/b` and `0`.

    Raises ValueError with what is wrong, where it is no pointer.
    """
    if pointer and not pointer.startswith("/"):
        raise ValueError("a JSON pointer starts with / (or is empty: the whole body)")
    if _BAD_ESCAPE.search(pointer):
        raise ValueError("a ~ in a JSON pointer is written ~0, and a / inside a name ~1")
    # ~1 first, so that ~01 becomes ~1 (section 4)
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def resolve(document: object, steps: tuple[str, ...]) -> object:
    """What the steps lead to. Raises Missing where that is not there."""
    for step in steps:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and _INDEX.fullmatch(step) and int(step) < len(document):
            document = document[int(step)]
        else:
            raise Missing
    return document
