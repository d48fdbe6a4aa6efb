"""From a request to its handler and back: what holds for every call stands here once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web
from pydantic import BaseModel

from gtm.api.call import Call, Serving, replied
from gtm.api.models import ErrorShape
from gtm.api.route import Route
from gtm.api.validated import body_of, query_of
from gtm.errors import GtmError, ServerError, UsageError

log = structlog.get_logger("gtm.api")

STARTING = "the first round of probes is not done; try again in a moment"
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
        return replied(reply) if isinstance(reply, BaseModel) else reply

    return answer


async def _body(route: Route, request: web.Request) -> BaseModel:
    assert route.body is not None  # noqa: S101  # asked for only where there is one
    if request.content_type != "application/json":
        # what a page in a browser may send anywhere unasked is never JSON
        raise UsageError(f"cannot {route.act}: send it as application/json")
    sized = request.clone(client_max_size=route.largest)
    return body_of(route.body, await sized.read(), route.act)


@web.middleware
async def errors(request: web.Request, handler: Answering) -> web.StreamResponse:
    """What gtm or aiohttp refuses becomes a sentence in JSON, never a traceback."""
    try:
        return await handler(request)
    except ServerError as error:
        return replied(ErrorShape(error=str(error)), 409)
    except GtmError as error:
        return replied(ErrorShape(error=str(error)), 400)
    except web.HTTPException as error:
        return _refusal(request, error)
    except Exception as error:
        log.exception("api_failed", path=request.path)
        text = f"cannot answer {request.path}: a fault of the server's, in its log ({error!r})"
        return replied(ErrorShape(error=text), 500)


def _refusal(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    path = request.path[:200]
    match error:
        case web.HTTPNotFound():
            why = f"cannot find {path}: the API's calls are listed at /openapi.json"
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            why = f"cannot {request.method} {path}: use {allowed}"
        case web.HTTPRequestEntityTooLarge():
            why = f"cannot take a body for {path}: it is larger than this call allows"
        case _:
            why = f"cannot answer {path}: {error.reason}"
    found = replied(ErrorShape(error=why), error.status)
    found.headers.update({key: error.headers[key] for key in ("Allow",) if key in error.headers})
    return found
