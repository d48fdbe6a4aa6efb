"""The API's `/v1/status`, `/v1/explain` and `/v1/reload`: how it stands, and why."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from aiohttp import web

from gtm.api import history, views
from gtm.api.acts import note_reload
from gtm.api.call import Call, Serving, replied
from gtm.api.certificate import certificate
from gtm.api.identity import access_status
from gtm.api.looked import EVERYTHING, Looked, looked_at
from gtm.api.models import ExplainQuery, ExplanationShape, StatusQuery
from gtm.api.streamed import streamed
from gtm.explain import explain


async def status(call: Call[StatusQuery, None]) -> web.StreamResponse:
    """Everything `gtm status` shows, or the part of it that is asked for."""
    looked = looked_at(call.serving.controller.compiled, call.query)
    return await streamed(call, pieces(call.serving, looked), "application/json; charset=utf-8")


def pieces(at: Serving, looked: Looked = EVERYTHING) -> Iterator[str]:
    """A Status as JSON."""
    about = {
        "started": at.started,
        "now": at.now(),
        "history": history.latest(at.history),
        "certificate": certificate(at.keeper),
        "access": access_status(at.access),
    }
    return views.status_pieces(at.controller, about, at.listen, looked)


async def explained(call: Call[ExplainQuery, None]) -> ExplanationShape:
    """Why a client gets an answer."""
    at, asked = call.serving.controller, call.query
    client, now = ip_address(asked.client), call.serving.now()
    return views.explanation(
        explain(at.compiled, asked.name, asked.type, client, now, at.readings())
    )


async def reload(call: Call[None, None]) -> web.Response:
    """Loads everything again now, and says how that went: 422 if nothing was changed by it."""
    controller = call.serving.controller
    before = controller.compiled.snapshot.epoch
    await controller.loader.load()
    result = views.reload_status(controller)
    note_reload(call, before, result)
    return replied(result, 200 if result.error is None else 422)
