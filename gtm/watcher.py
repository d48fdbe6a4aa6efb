"""Says when files may have changed: at once where the system tells, else within seconds.

A ConfigMap is updated by swapping a symlink beside the files, which shows in the folder; a link
higher up does not, so the files are looked at every few seconds all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import structlog
from watchfiles import awatch

log = structlog.get_logger("gtm")

LOOK_EVERY = 2.0  # seconds between looks when the system tells of nothing
SETTLE = 0.1  # seconds without further changes until a change is told: an editor writes in steps


async def changes(files: Iterable[Path]) -> AsyncIterator[None]:
    """Yields when something in the folders of the files, or the folders named, may have changed."""
    folders = {path if path.is_dir() else path.parent for path in files}
    while True:
        try:
            async for _ in awatch(
                *folders,
                watch_filter=None,
                debounce=round(SETTLE * 4000),
                step=round(SETTLE * 1000),
                rust_timeout=round(LOOK_EVERY * 1000),
                yield_on_timeout=True,
                recursive=False,
                ignore_permission_denied=True,
            ):
                yield
        except Exception as error:
            # a folder that is gone, or no watch, file or thread left (a RuntimeError in a group):
            # looking goes on without being told
            log.debug("watch_unavailable", error=str(error))
        await asyncio.sleep(LOOK_EVERY)
        yield
