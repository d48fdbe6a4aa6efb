"""Going through what takes long, with somebody looking on: who shows how far work has come gives a
Walk, which everybody else leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

Thing = TypeVar("Thing")


class Walk(Protocol):
    """Yields things in their order, and takes note of each."""

    def __call__(self, things: Sequence[Thing], /) -> Iterable[Thing]:
        """The things."""
        ...  # pragma: no cover


def unseen(things: Sequence[Thing], /) -> Iterable[Thing]:
    """The things, with nobody looking on."""
    return things
