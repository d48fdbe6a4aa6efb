"""One row of the table of routes: everything that is known of a call but what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from gtm.api.call import Call, Reply, Serving
from gtm.api.scopes import Scope

SMALL_BODY = 64 << 10  # octets: an act, or a question
LARGE_BODY = 2 << 20  # a batch of ten thousand items

# The models of a call are those of its row: a test compares the handlers' annotations with them.
Handler = Callable[[Call[Any, Any]], Awaitable[Reply]]
Gate = Callable[[Serving, web.Request], web.Response | None]
Answer = type[BaseModel] | str  # a model is JSON, words are a media type


@dataclass(frozen=True, slots=True)
class Route:
    """A call of the API.

    `act` is what it does as an error says it, after "cannot"; `summary` is one line for who reads
    the API's description. `answers` are those of its own: what a scope, a query, a body or a
    server that is starting adds is known. `ready` says that it needs the first round of probes,
    `gate` may refuse a request before its body is read, `largest` is that body's limit in octets.
    """

    method: str
    path: str
    handler: Handler
    scope: Scope
    act: str
    summary: str
    answers: Mapping[int, Answer]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    ready: bool = True
    gate: Gate | None = None
    largest: int = SMALL_BODY
