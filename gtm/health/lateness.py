"""Tells a target that is slow from a checker that is: whether this loop got to run in time.

A machine that is too busy lets time run out on probes whose answers lie ready in a socket. Judged
as the targets' own failures that would take all of them down at once.
"""

from __future__ import annotations

import asyncio
from collections import deque

from gtm.health.measure import Clock

TICK = 0.1  # seconds between two looks
NOTICED = 0.02  # seconds: being later than that counts
KEPT = 600  # of the latest times that it was late: those of a minute at the worst

# The share of its timeout for which a probe may have been held up and still be believed to fail.
SHARE = 0.25


class Lateness:
    """Looks at the clock again and again. Lives in one event loop."""

    def __init__(self, clock: Clock) -> None:
        """`clock` is monotonic seconds."""
        self._clock = clock
        self._late: deque[tuple[float, float]] = deque(maxlen=KEPT)  # when it ended, how long
        self._timer: asyncio.TimerHandle | None = None

    def follow(self) -> None:
        """Begin to look."""
        if self._timer is None:
            self._plan()

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def spoilt(self, begun: float, timeout: float) -> bool:
        """Whether a probe begun then was held up for so long that its failure says nothing."""
        held_up = 0.0
        for ended, length in reversed(self._late):
            if ended < begun:
                break
            held_up += length
        return held_up > SHARE * timeout

    def _plan(self) -> None:
        due = self._clock() + TICK
        self._timer = asyncio.get_running_loop().call_later(TICK, self._look, due)

    def _look(self, due: float) -> None:
        now = self._clock()
        if now - due > NOTICED:
            self._late.append((now, now - due))
        self._plan()
