"""A word on what takes long: on standard error, on a terminal alone, gone when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def spinning(words: str) -> Iterator[None]:
    """Shows that work goes on."""
    from gtm.cli.output import plain_console

    console = plain_console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(words, spinner="dots"):
        yield
