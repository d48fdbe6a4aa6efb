"""Whether the process lives, whether it answers, and its metrics."""

from __future__ import annotations

from aiohttp import web

from gtm.api import metrics as prometheus
from gtm.api.call import Call
from gtm.api.streamed import streamed

STARTING = "starting: the first round of probes is not done\n"


async def healthz(call: Call[None, None]) -> web.Response:
    """The process lives."""
    return web.Response(text="ok\n")


async def readyz(call: Call[None, None]) -> web.Response:
    """The first round of probes is done and answers are given."""
    if call.serving.controller.ready:
        return web.Response(text="ready\n")
    return web.Response(status=503, text=STARTING)


async def metrics(call: Call[None, None]) -> web.StreamResponse:
    """For Prometheus."""
    at = call.serving
    more = (at.keeper, at.recorder, at.access, at.live.feed, at.room)
    pieces = prometheus.pieces(at.controller, at.alerts, *more)
    return await streamed(call, pieces, prometheus.CONTENT_TYPE)
