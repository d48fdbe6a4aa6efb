"""Long answers, made and sent piece by piece: the control loop goes on in between.

Whoever makes one has the loop for some milliseconds, and only one has it at a time. What a client
does not read is not made yet, so it holds no memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import structlog
from aiohttp import web

from gtm.api.bounds import TAKEN_WITHIN
from gtm.api.call import Call, compressed

log = structlog.get_logger("gtm.api")

SLICE = 0.004  # seconds that one answer has the control loop for
CHUNK = 64 << 10  # characters that are sent at once; what is no longer is sent with its length


async def streamed(
    call: Call[Any, Any], pieces: Iterable[str], content_type: str
) -> web.StreamResponse:
    """All pieces, as one body. Raises ConnectionResetError where the client takes none of it."""
    request, left = call.request, iter(pieces)
    chunk = await _chunk(call, left)
    if len(chunk) < CHUNK:
        return web.Response(body=chunk.encode(), headers={"Content-Type": content_type})
    response = web.StreamResponse(headers={"Content-Type": content_type})
    compressed(request, response)
    await response.prepare(request)
    try:
        while chunk and request.method != "HEAD":
            async with asyncio.timeout(TAKEN_WITHIN):
                await response.write(chunk.encode())
            chunk = await _chunk(call, left)
    except TimeoutError:
        _cut(request)
        raise ConnectionResetError(f"took nothing for {TAKEN_WITHIN:g} s") from None
    except ConnectionError:
        raise
    except Exception:
        log.exception("api_failed", path=request.path)
        _cut(request)  # half an answer is sent: cut off, it can't be taken for a whole one
        raise ConnectionResetError("the answer ended in the middle") from None
    await response.write_eof()
    return response


async def _chunk(call: Call[Any, Any], pieces: Iterator[str]) -> str:
    """The next pieces, at most a chunk of them; "" at the end."""
    held: list[str] = []
    size = 0
    while size < CHUNK:
        async with call.serving.turns:
            more, ended = slice_of(pieces, CHUNK - size)
        held += more
        size += sum(map(len, more))
        if ended:
            break
        await asyncio.sleep(0)  # the rest of the loop has its turn
        if call.request.transport is None:
            raise ConnectionResetError("the client is gone")
    return "".join(held)


def slice_of(
    pieces: Iterator[str], room: int, clock: Callable[[], float] = time.perf_counter
) -> tuple[list[str], bool]:
    """What can be made in a slice of time; and whether it was the last."""
    held: list[str] = []
    until = clock() + SLICE
    for piece in pieces:
        held.append(piece)
        room -= len(piece)
        if room <= 0 or clock() > until:
            return held, False
    return held, True


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
