"""From a request to its handler and back: what holds for every call stands here once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web
from pydantic import BaseModel

from gtm.api.bounds import BODY_WITHIN, HEAVY_RETRY, TAKEN_WITHIN, Busy
from gtm.api.call import Call, Serving, compressed, replied
from gtm.api.connection import Connection
from gtm.api.models import ErrorShape
from gtm.api.route import LARGE_BODY, Route
from gtm.api.validated import body_of, query_of
from gtm.errors import GtmError, ServerError, UsageError

log = structlog.get_logger("gtm.api")

STARTING = "the first round of probes is not done; try again in a moment"
BUSY = "others asked before, and wait; try again in a moment"
RETRY_STARTING = "1"  # seconds

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
TABLE: Final = web.AppKey("routes", dict[tuple[str, str], Route])


def route_of(request: web.Request) -> Route | None:
    """The row of the table that a request goes to; None if there is none (404 or 405)."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    return request.app[TABLE].get((method, resource.canonical))


def answering(route: Route, serving: Serving) -> Answering:
    """A route on a server, as aiohttp wants it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if route.ready and not serving.controller.ready:
            shape = ErrorShape(error=f"cannot {route.act}: {STARTING}")
            starting = replied(shape, 503)
            starting.headers["Retry-After"] = RETRY_STARTING
            return starting
        if route.gate is not None and (refusal := route.gate(serving, request)) is not None:
            return refusal
        query = None if route.query is None else query_of(route.query, request.query, route.act)
        body = None if route.body is None else await _body(route, request)
        reply = await route.handler(Call(serving, request, query, body))
        found = replied(reply) if isinstance(reply, BaseModel) else reply
        if isinstance(found, web.Response) and not found.prepared:
            compressed(request, found)
        return found

    return answer


async def _body(route: Route, request: web.Request) -> BaseModel:
    assert route.body is not None  # noqa: S101  # asked for only where there is one
    if request.content_type != "application/json":
        # what a page in a browser may send anywhere unasked is never JSON
        raise UsageError(f"cannot {route.act}: send it as application/json")
    sized = request.clone(client_max_size=route.largest)
    try:
        async with asyncio.timeout(BODY_WITHIN):
            body = await sized.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(reason=f"the body took more than {BODY_WITHIN:g} s") from None
    return body_of(route.body, body, route.act)


@web.middleware
async def errors(request: web.Request, handler: Answering) -> web.StreamResponse:
    """What gtm or aiohttp refuses becomes a sentence in JSON, never a traceback."""
    if isinstance(request.protocol, Connection):
        request.protocol.heard()
    try:
        return await _sent(request, await _found(request, handler))
    except ConnectionError:  # the client is gone: nobody is to be told, and nothing is wrong
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


async def _sent(request: web.Request, reply: web.StreamResponse) -> web.StreamResponse:
    """Sends an answer that is whole; a client that does not read it is cut off."""
    if not isinstance(reply, web.Response) or reply.prepared:
        return reply  # sent by its handler, which has its own patience
    try:
        async with asyncio.timeout(TAKEN_WITHIN):
            await reply.prepare(request)
            await reply.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return reply


async def _found(request: web.Request, handler: Answering) -> web.StreamResponse:
    try:
        return await handler(request)
    except ServerError as error:
        return replied(ErrorShape(error=str(error)), 409)
    except GtmError as error:
        return replied(ErrorShape(error=str(error)), 400)
    except Busy:
        busy = replied(ErrorShape(error=f"cannot answer {request.path} now: {BUSY}"), 503)
        busy.headers["Retry-After"] = str(HEAVY_RETRY)
        return busy
    except web.HTTPException as error:
        return _refusal(request, error)
    except ConnectionError:
        raise
    except Exception as error:
        log.exception("api_failed", path=request.path)
        text = f"cannot answer {request.path}: a fault of the server's, in its log ({error!r})"
        return replied(ErrorShape(error=text), 500)


def _largest(request: web.Request) -> int:
    route = route_of(request)
    return LARGE_BODY if route is None else route.largest


def _refusal(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    path = request.path[:200]
    match error:
        case web.HTTPNotFound():
            why = f"cannot find {path}: the API's calls are listed at /openapi.json"
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            why = f"cannot {request.method} {path}: use {allowed}"
        case web.HTTPRequestEntityTooLarge():
            why = f"cannot take a body for {path}: it is larger than {_largest(request)} octets"
        case _:
            why = f"cannot answer {path}: {error.reason}"
    found = replied(ErrorShape(error=why), error.status)
    found.headers.update({key: error.headers[key] for key in ("Allow",) if key in error.headers})
    return found
