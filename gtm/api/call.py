"""One call of the API: what its handler is given, and what it gives back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel

from gtm.api.access.acting import Access
from gtm.api.bounds import Lane, Room
from gtm.api.told import Told
from gtm.control.controller import Controller
from gtm.history import History
from gtm.live.live import Live
from gtm.planes.certificate import Keeper
from gtm.querylog import Writer as Recorder

Q = TypeVar("Q")  # the query: a model, or None where the call has none
B = TypeVar("B")  # the body, likewise

WORTH_IT = 8 << 10  # octets from which on an answer is compressed
APART = 64 << 10  # octets from which on that is done in a worker thread

Reply = BaseModel | web.StreamResponse  # a model alone is 200 and JSON


@dataclass(frozen=True, slots=True)
class Serving:
    """What handlers answer from. `now` is Unix time, `started` when the server did.

    `turns` is held by whoever makes a long answer, for some milliseconds at a time; `lane` by
    what-if questions. `listen` says where DNS is answered, `keeper` has the certificate, if any,
    `recorder` the query log; `access` says who may call, and notes what they change; `live` is
    what is watched, `room` counts connections.
    """

    controller: Controller
    listen: Sequence[str]
    now: Callable[[], float]
    started: float
    history: History
    alerts: Told
    keeper: Keeper | None
    recorder: Recorder | None
    access: Access
    live: Live
    turns: asyncio.Lock = field(default_factory=asyncio.Lock)
    lane: Lane = field(default_factory=Lane)
    room: Room = field(default_factory=Room)


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """A request whose query and body were found to be right."""

    serving: Serving
    request: web.Request
    query: Q
    body: B


def replied(shape: BaseModel, status: int = 200) -> web.Response:
    """JSON with another status than 200."""
    return web.Response(
        text=shape.model_dump_json(),
        content_type="application/json",
        status=status,
        zlib_executor_size=APART,
    )


async def replied_beside(shape: BaseModel) -> web.Response:
    """JSON that may be long: it is written in a worker thread."""
    text = await asyncio.to_thread(shape.model_dump_json)
    return web.Response(text=text, content_type="application/json", zlib_executor_size=APART)


def compressed(request: web.Request, response: web.StreamResponse) -> None:
    """Has an answer sent compressed, if it is long, is not yet, and the client takes that."""
    small = isinstance(response, web.Response) and (response.content_length or 0) < WORTH_IT
    if small or "Content-Encoding" in response.headers:
        return
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
