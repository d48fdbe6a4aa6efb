"""The HTTP API as an application of aiohttp: the table of routes, served."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from aiohttp import web

from gtm.api.access.acting import Access
from gtm.api.access.guard import Guard
from gtm.api.access.headers import secure
from gtm.api.call import Serving
from gtm.api.dispatch import TABLE, answering, errors
from gtm.api.route import LARGE_BODY, Route
from gtm.api.routes import ROUTES
from gtm.api.told import Told
from gtm.api.traffic import tick
from gtm.audit import Trail
from gtm.control.controller import Controller
from gtm.history import History
from gtm.live.live import Live
from gtm.planes.certificate import Keeper
from gtm.querylog import Writer as Recorder


class Api:
    """What is served, and to whom. `now` is Unix time."""

    def __init__(
        self,
        controller: Controller,
        listen: Sequence[str],
        now: Callable[[], float],
        history: History,
        alerts: Told,
        keeper: Keeper | None = None,
        recorder: Recorder | None = None,
        access: Access | None = None,
        live: Live | None = None,
    ) -> None:
        """`listen` says where DNS is answered, for status; `keeper` has the certificate, if any,
        `recorder` the query log. Without `access` there are no tokens. `live` is what is watched;
        without it nothing is fed to it.
        """
        let_in = Access(Trail(None, now)) if access is None else access
        watched = Live(controller, now) if live is None else live
        self._serving = Serving(
            controller, listen, now, now(), history, alerts, keeper, recorder, let_in, watched
        )
        self.room = self._serving.room
        self.guard = Guard(let_in, now, time.monotonic)
        watched.traffic.listen(self._tick, partial(watched.feed.wanted, "traffic"))

    async def _end_streams(self, app: web.Application) -> None:
        """The server stops: streams end, so that nobody has to wait for them."""
        self._serving.live.feed.close()

    def _tick(self) -> None:
        """Another second: for who listens."""
        live = self._serving.live
        if live.feed.wanted("traffic"):
            data = tick(self._serving.controller, live)
            if data is not None:
                live.feed.publish("traffic", lambda: data)

    def application(self, beside: Iterable[Route] = ()) -> web.Application:
        """An application that can be served on any number of sockets.

        `beside` are routes that are no calls of the API, and so not in its description.
        """
        app = web.Application(
            middlewares=[errors, self.guard.middleware()], client_max_size=LARGE_BODY
        )
        app.on_response_prepare.append(secure)
        table: dict[tuple[str, str], Route] = {}
        app[TABLE] = table
        for route in (*ROUTES, *beside):
            handler = answering(route, self._serving)
            resource = app.router.add_route(route.method, route.path, handler).resource
            assert resource is not None  # noqa: S101  # what was added has one
            table[route.method, resource.canonical] = route
            if route.method == "GET":
                app.router.add_route("HEAD", route.path, handler)
        app.on_shutdown.append(self._end_streams)
        return app
