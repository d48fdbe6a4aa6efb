"""A word on what takes long: on standard error, on a terminal alone, gone when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def spinning(words: str) -> Iterator[None]:
    """Shows that work goes on."""
    from gtm.cli.output import on_terminal, plain_console

    if not on_terminal(stderr=True):
        yield
        return
    with plain_console(stderr=True).status(words, spinner="dots"):
        yield
