"""An event loop whose time passes at once: it jumps to the next timer instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: the time that would be waited is added to `now`."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is left that could ever happen"
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at second 1000."""

    def __init__(self) -> None:
        self.selector = _Jump()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def run(scene: Callable[[Callable[[], float]], Coroutine[Any, Any, T]]) -> T:
    """Play a scene in virtual time; it is given the clock."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        return runner.run(scene(loop.time))
