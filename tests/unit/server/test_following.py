"""What a server does beside answering goes on, or it is said that it does not."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gtm import watcher
from gtm.following import begin, cancel
from gtm.watcher import changes

TROUBLES = [
    OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
    RuntimeError("can't start new thread"),
    ExceptionGroup("unhandled errors in a TaskGroup", [RuntimeError("can't start new thread")]),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=repr)
async def test_files_are_still_looked_at_when_the_system_can_not_tell_of_changes(
    trouble: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none_left(*_: object, **__: object) -> AsyncIterator[None]:
        raise trouble
        yield

    monkeypatch.setattr(watcher, "awatch", none_left)
    monkeypatch.setattr(watcher, "LOOK_EVERY", 0.0)
    looks = 0
    async for _ in changes([tmp_path]):
        looks += 1
        if looks == 3:
            break
    assert looks == 3


async def test_a_part_that_ended_is_said_at_once_and_does_not_spoil_the_end() -> None:
    async def failing() -> None:
        raise MemoryError

    async def lasting() -> None:
        await asyncio.Event().wait()

    with capture_logs() as logs:
        ended, well = begin(failing()), begin(lasting())
        await asyncio.wait({ended})
        await asyncio.sleep(0)
        assert [(log["event"], log["log_level"], log["error"]) for log in logs] == [
            ("part_ended", "critical", "MemoryError()")
        ]
        assert logs[0]["part"].endswith("failing")
        await cancel(ended)
        await cancel(well)
    assert len(logs) == 1
    assert well.cancelled()
