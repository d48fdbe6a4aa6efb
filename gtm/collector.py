"""Python's cycle collector, kept from holding answers up while zones are loaded.

A collection looks at every object that is not frozen, and no thread runs meanwhile. A large zone
is millions of objects, made in seconds: looking at them again and again would take longer than
making them, and looking at them once would hold all answers up for half a second.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def settled() -> Iterator[None]:
    """No collection inside; afterwards everything there is counts as lasting.

    What is no longer used goes all the same when nothing refers to it: snapshots hold no cycles.
    """
    was_enabled = gc.isenabled()
    gc.collect()  # the little that came since the last time, lest it be kept for ever
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


@contextmanager
def paused() -> Iterator[None]:
    """No collection inside.

    Beside so much that is frozen, what thousands of changes make would be looked at as a whole
    again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def let_go(parts: list[object]) -> None:
    """Frees what nothing else refers to, one part after the other: other threads run in between.

    What holds millions of objects and is freed at once stops all threads until it is done.
    """
    while parts:
        parts.pop()
