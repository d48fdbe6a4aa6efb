"""One call of the API: what its handler is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel

from gtm.api.told import Told
from gtm.controller import Controller
from gtm.history import History
from gtm.live import Live
from gtm.planes.certificate import Keeper
from gtm.querylog import Writer as Recorder

Q = TypeVar("Q")  # the query: a model, or None where the call has none
B = TypeVar("B")  # the body, likewise

Reply = BaseModel | web.StreamResponse  # a model alone is 200 and JSON


@dataclass(frozen=True, slots=True)
class Serving:
    """What handlers answer from. `now` is Unix time, `started` when the server did.

    `listen` says where DNS is answered, `keeper` has the certificate, if any, `recorder` the
    query log; `live` is what is watched.
    """

    controller: Controller
    listen: Sequence[str]
    now: Callable[[], float]
    started: float
    history: History
    alerts: Told
    keeper: Keeper | None
    recorder: Recorder | None
    live: Live


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
        text=shape.model_dump_json(), content_type="application/json", status=status
    )
