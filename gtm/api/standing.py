"""The API's `/v1/status`, `/v1/explain` and `/v1/reload`: how it stands, and why."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web

from gtm.api import history, views
from gtm.api.call import Call, replied
from gtm.api.certificate import certificate
from gtm.api.models import ExplainQuery, ExplanationShape, Status, StatusQuery
from gtm.explain import explain


async def status(call: Call[StatusQuery, None]) -> Status:
    """Everything `gtm status` shows."""
    at = call.serving
    found = views.status(
        at.controller, at.listen, at.started, at.now(), brief=call.query.services == "ailing"
    )
    more = {"history": history.latest(at.history), "certificate": certificate(at.keeper)}
    return found.model_copy(update=more)


async def explained(call: Call[ExplainQuery, None]) -> ExplanationShape:
    """Why a client gets an answer."""
    at, asked = call.serving.controller, call.query
    client, now = ip_address(asked.client), call.serving.now()
    return views.explanation(
        explain(at.compiled, asked.name, asked.type, client, now, at.readings())
    )


async def reload(call: Call[None, None]) -> web.Response:
    """Loads everything again now, and says how that went: 422 if nothing was changed by it."""
    await call.serving.controller.load()
    result = views.reload_status(call.serving.controller)
    return replied(result, 200 if result.error is None else 422)
