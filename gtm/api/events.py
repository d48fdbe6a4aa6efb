"""The API's `/v1/events`: what happens, as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

import gtm
from gtm.api.access.callers import Via, caller_of
from gtm.api.call import Call, Serving, replied
from gtm.api.models import ErrorShape, EventsQuery
from gtm.errors import ServerError
from gtm.live.feed import Reader, written

HEARTBEAT = 15.0  # seconds of silence after which a comment is sent
LOOK = 1.0  # seconds between looks whether a reader that is told nothing is still there
PATIENCE = 20.0  # seconds that a connection may take nothing, before it is cut off
RETRY = b"retry: 2000\n\n"  # milliseconds after which who was cut off comes again
AGAIN = "30"  # seconds, for who found no room
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy in front (nginx) is not to hold events back
}


async def events(call: Call[EventsQuery, None]) -> web.StreamResponse:
    """Streams until the reader goes, is cut off, may listen no more, or the server stops."""
    request, feed = call.request, call.serving.live.feed
    response = web.StreamResponse(headers=HEADERS)
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    kinds = frozenset(filter(None, call.query.kinds.split(","))) or None
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # a handler runs in one
    caller = caller_of(request)
    who = caller.said if caller.via is Via.TOKEN else ""
    last = _last_seen(request)
    try:
        reader, gap = feed.join(kinds, last, task.cancel, who)
    except ServerError as error:
        full = replied(ErrorShape(error=str(error)), 503)
        full.headers["Retry-After"] = AGAIN
        return full
    try:
        await response.prepare(request)
        await _send(response, RETRY + _hello(call.serving, gap))
        await _stream(call, response, reader)
    except TimeoutError:
        feed.give_up(reader)
        _abort(request)
    except asyncio.CancelledError:
        if not reader.cut:
            raise
        task.uncancel()
        _abort(request)
    except ConnectionError:
        pass  # the reader is gone
    finally:
        feed.leave(reader)
    return response


async def _stream(
    call: Call[EventsQuery, None], response: web.StreamResponse, reader: Reader
) -> None:
    request, serving, quiet = call.request, call.serving, 0.0
    caller = caller_of(request)
    while not (reader.ended and not reader.waiting):
        found = await reader.next(LOOK)
        if not serving.access.lets(caller, serving.now()):
            return  # its token was revoked or has expired: it is told so when it comes again
        quiet = quiet + LOOK if found is None else 0.0
        if found:
            await _send(response, found)
        elif quiet >= HEARTBEAT:
            await _send(response, b": still here\n\n")
            quiet = 0.0
        elif request.transport is None or request.transport.is_closing():
            return  # the reader is gone


async def _send(response: web.StreamResponse, octets: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        await response.write(octets)


def _abort(request: web.Request) -> None:
    """Closes the connection at once: what waits for one that does not read is not kept."""
    if request.transport is not None:
        request.transport.abort()


def _hello(serving: Serving, gap: bool) -> bytes:
    """What begins every stream, without a number: it is no event of the server's.

    `gap` tells that events were missed which can't be sent again: everything is to be read anew.
    """
    compiled = serving.controller.compiled
    data: dict[str, object] = {
        "version": gtm.__version__,
        "plane": serving.controller.plane.name,
        "epoch": compiled.snapshot.epoch,
        "now": serving.now(),
        "zones": [zone.name.rstrip(".") for zone in compiled.zones],
    }
    hello = written(serving.live.feed.number, "hello", data)
    return hello + (written(None, "gap", {"event": "gap"}) if gap else b"")


def _last_seen(request: web.Request) -> int | None:
    """The number that a reader saw last; what is none is one that was never given."""
    text = request.headers.get("Last-Event-ID")
    if text is None:
        return None
    with suppress(ValueError):
        return int(text) if len(text) <= 20 else -1
    return -1
