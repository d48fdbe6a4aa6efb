"""What is told of a publication once it is served: piece by piece, so that nobody waits for it.

One word of an operator, or one region that fails, may be ten thousand events and lines of the log.
Each is little; all of them at once would hold up verdicts and the API for a second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

import structlog

log = structlog.get_logger("gtm")

AT_ONCE = 100  # steps in one turn of the loop: some milliseconds


class Aftermath:
    """Takes steps in the order they were added. Lives on the control loop.

    What is short is done by the time it was added, unless something longer is under way.
    """

    def __init__(self) -> None:
        """Nothing is left to do."""
        self._left: deque[Iterator[object]] = deque()
        self._next: asyncio.Handle | None = None

    def add(self, steps: Iterator[object]) -> None:
        """Whatever `steps` does between what it yields is one step."""
        self._left.append(steps)
        if self._next is None:
            self._go_on()

    def finish(self) -> None:
        """Does all that is left, now."""
        while self._left:
            self._step()

    def _go_on(self) -> None:
        self._next = None
        for _ in range(AT_ONCE):
            if not self._left:
                return
            self._step()
        if self._left:
            self._next = asyncio.get_running_loop().call_soon(self._go_on)

    def _step(self) -> None:
        try:
            next(self._left[0])
        except StopIteration:
            self._left.popleft()
        except Exception:  # a fault of ours must not keep what comes after it from being told
            log.exception("telling_failed")
            self._left.popleft()
