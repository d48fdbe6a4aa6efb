"""Keeps what the checker learnt in the state directory, again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from gtm.health.checker import Checker
from gtm.health.memoryfile import HealthStore

# Seconds between two saves: what is learnt in less is learnt anew in as much.
SAVE_EVERY = 30.0

# Times as long as a save took, the rest after it: keeping ten thousand targets costs under 2 %.
REST = 50.0

_log = structlog.get_logger(__name__)


class Remembering:
    """One checker's memory. `now` is Unix time."""

    def __init__(
        self, checker: Checker, store: HealthStore | None, now: Callable[[], float]
    ) -> None:
        """Without a store nothing is remembered."""
        self._checker = checker
        self._store = store
        self._now = now
        self._opened = False
        self.trouble: str | None = None

    async def open(self) -> None:
        """Hand what was saved to the checker. Raises StartError if the directory is unusable."""
        if self._store is None:
            return
        kept = await asyncio.to_thread(self._store.load, self._now())
        self._opened = True
        if kept.trouble is not None:
            _log.warning("health_memory", trouble=kept.trouble)
        if kept.value is not None:
            _log.info("health_recalled", targets=len(kept.value))
            self._checker.recall(kept.value)

    async def run(self) -> None:
        """Save it once in a while, for as long as this runs."""
        took = 0.0
        while self._store is not None:
            await asyncio.sleep(max(SAVE_EVERY, REST * took))
            begun = time.monotonic()
            await self.save()
            took = time.monotonic() - begun

    async def save(self) -> None:
        """Save it now. Never raises: a disk that is full costs the memory, not the checking."""
        if self._store is None or not self._opened:
            return
        try:
            await asyncio.to_thread(self._store.save, self._checker.memories())
        except (OSError, RuntimeError) as error:  # the latter: no thread can be started
            if self.trouble is None:
                _log.warning("health_memory_not_saved", error=str(error))
            self.trouble = f"not saved: {error}"
        else:
            self.trouble = None
