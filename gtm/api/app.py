"""The HTTP API: its routes, on aiohttp. docs/ and DESIGN name the paths; models.py the shapes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

import structlog
from aiohttp import web
from pydantic import BaseModel

from gtm.api import feeds, history, loads, metrics, overrides, peers, views
from gtm.api.certificate import certificate
from gtm.api.models import LONGEST_AUTHOR, ErrorShape
from gtm.api.reporters import held_back, reporter_of, too_fast
from gtm.controller import Controller
from gtm.errors import GtmError, ServerError, UsageError
from gtm.explain import explain
from gtm.history import History
from gtm.planes.certificate import Keeper
from gtm.querylog import Writer as Recorder

log = structlog.get_logger("gtm.api")

LARGEST_BODY = 1 << 20  # octets of a request; nothing that is sent here is larger

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The handlers. `now` is Unix time."""

    def __init__(
        self,
        controller: Controller,
        listen: Sequence[str],
        now: Callable[[], float],
        history: History,
        alerts: metrics.Told,
        keeper: Keeper | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """`listen` says where DNS is answered, for status; `keeper` has the certificate, if any,
        `recorder` the query log.
        """
        self._recorder = recorder
        self._keeper = keeper
        self._history = history
        self._alerts = alerts
        self._controller = controller
        self._listen = listen
        self._now = now
        self._started = now()

    def application(self) -> web.Application:
        """An application that can be served on any number of sockets."""
        app = web.Application(middlewares=[_errors], client_max_size=LARGEST_BODY)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/v1/status", self.status)
        app.router.add_get("/v1/explain", self.explain)
        app.router.add_post("/v1/load", self.load)
        app.router.add_get("/v1/history", self.history)
        app.router.add_post("/v1/reload", self.reload)
        app.router.add_get("/v1/overrides", self.overrides)
        app.router.add_post("/v1/overrides", self.add_override)
        app.router.add_delete("/v1/overrides", self.remove_override)
        app.router.add_get("/v1/updates", self.updates)
        app.router.add_delete("/v1/updates", self.remove_updates)
        app.router.add_post("/v1/reports", self.report)
        app.router.add_get("/v1/latency", self.latency)
        app.router.add_post("/v1/latency", self.add_latency)
        return app

    async def healthz(self, request: web.Request) -> web.Response:
        """The process lives."""
        return web.Response(text="ok\n")

    async def readyz(self, request: web.Request) -> web.Response:
        """The first round of probes is done and answers are given."""
        if self._controller.ready:
            return web.Response(text="ready\n")
        return web.Response(status=503, text="starting: the first round of probes is not done\n")

    async def metrics(self, request: web.Request) -> web.Response:
        """For Prometheus."""
        body = metrics.page(self._controller, self._alerts, self._keeper, self._recorder)
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})

    async def status(self, request: web.Request) -> web.Response:
        """Everything `gtm status` shows."""
        self._require_ready()
        found = views.status(self._controller, self._listen, self._started, self._now())
        more = {"history": history.latest(self._history), "certificate": certificate(self._keeper)}
        return _json(found.model_copy(update=more))

    async def history(self, request: web.Request) -> web.Response:
        """`?limit=&since=&zone=&app=&service=&region=&endpoint=`: what happened, newest first."""
        return _json(history.listed(self._history, request.query, self._now()))

    async def explain(self, request: web.Request) -> web.Response:
        """`?name=orders.gtm.example.com&type=A&client=81.2.69.142`: why this answer."""
        self._require_ready()
        name = request.query.get("name", "")
        rrtype = request.query.get("type", "A")
        text = request.query.get("client", "")
        try:
            client = ip_address(text)
        except ValueError:
            raise UsageError(
                f"cannot explain for client {text!r}: it is not an IP address"
            ) from None
        if not name:
            raise UsageError("cannot explain without a name: add name=orders.gtm.example.com")
        found = explain(
            self._controller.compiled,
            name,
            rrtype,
            client,
            self._now(),
            self._controller.readings(),
        )
        return _json(views.explanation(found))

    async def load(self, request: web.Request) -> web.Response:
        """Takes the loads that regions report; 400 with what is wrong, and then none is taken."""
        self._require_ready()
        if request.content_type != "application/json":
            # what a page in a browser may send anywhere unasked is never JSON
            raise UsageError("cannot take loads: send them as application/json")
        return _json(loads.taken(self._controller, loads.posted(await request.read())))

    async def reload(self, request: web.Request) -> web.Response:
        """Loads everything again now, and says how that went: 422 if nothing was changed by it."""
        self._require_ready()
        await self._controller.load()
        result = views.reload_status(self._controller)
        return _json(result, status=200 if result.error is None else 422)

    async def overrides(self, request: web.Request) -> web.Response:
        """Every override in force, with what it changes now."""
        self._require_ready()
        return _json(overrides.listed(self._controller, self._now()))

    async def add_override(self, request: web.Request) -> web.Response:
        """Puts an override in force: 409 where `safety` refuses it."""
        self._require_ready()
        if request.content_type != "application/json":
            # what a page in a browser may send anywhere unasked is never JSON
            raise UsageError("cannot add an override: send it as application/json")
        wanted = overrides.wanted(await request.read())
        return _json(await overrides.added(self._controller, wanted))

    async def remove_override(self, request: web.Request) -> web.Response:
        """`?target=region/eu-west` or `?number=3`, and `by=alice`: 404 if there is none such."""
        self._require_ready()
        which = request.query.get("target") or request.query.get("number")
        if not which:
            raise UsageError("cannot take back an override: add target=region/eu-west or number=3")
        by = request.query.get("by", "")[:LONGEST_AUTHOR]
        found = await overrides.removed(self._controller, which, by)
        if found is None:
            return _json(ErrorShape(error=overrides.missing(self._controller, which)), status=404)
        return _json(found)

    async def updates(self, request: web.Request) -> web.Response:
        """`?zone=gtm.example.com`: the records that dynamic updates have added."""
        self._require_ready()
        return _json(peers.listed(self._controller, request.query.get("zone", "")))

    async def remove_updates(self, request: web.Request) -> web.Response:
        """`?zone=gtm.example.com&name=_acme-challenge&type=TXT&by=alice`: takes records out."""
        self._require_ready()
        query = request.query
        words = [query.get(key, "") for key in ("zone", "name", "type")]
        by = query.get("by", "")[:LONGEST_AUTHOR]
        return _json(await peers.removed(self._controller, words[0], words[1], words[2], by))

    async def report(self, request: web.Request) -> web.Response:
        """Takes outcomes of real requests in: 429 where a reporter sends too many."""
        return await self._fed(request, "reports")

    async def latency(self, request: web.Request) -> web.Response:
        """The table of measured latency."""
        self._require_ready()
        return _json(feeds.latency(self._controller, self._now()))

    async def add_latency(self, request: web.Request) -> web.Response:
        """Takes round trips in: 429 where a reporter sends too many."""
        return await self._fed(request, "latency")

    async def _fed(self, request: web.Request, what: str) -> web.Response:
        self._require_ready()
        reporter, now, fed = reporter_of(request), time.monotonic(), self._controller.feeds
        if (refusal := held_back(fed, reporter, now, what)) is not None:
            return refusal
        if request.content_type != "application/json":
            raise UsageError(f"cannot take {what}: send it as application/json")
        body = await request.read()
        intake = feeds.Intake(self._controller, reporter)
        if what == "reports":
            reports = feeds.reports(body)
            wait = fed.limits.samples(reporter, len(reports), now)
            found = None if wait else intake.reports(reports, now)
        else:
            samples = feeds.samples(body)
            wait = fed.limits.samples(reporter, len(samples), now)
            found = None if wait else intake.samples(samples)
        return too_fast(wait, reporter, what) if found is None else _json(found)

    def _require_ready(self) -> None:
        if not self._controller.ready:
            raise web.HTTPServiceUnavailable(
                text="starting: the first round of probes is not done\n"
            )


def _json(shape: BaseModel, status: int = 200) -> web.Response:
    return web.Response(
        text=shape.model_dump_json(), content_type="application/json", status=status
    )


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What gtm refuses becomes a sentence in JSON, never a traceback."""
    try:
        return await handler(request)
    except ServerError as error:
        return _json(ErrorShape(error=str(error)), status=409)
    except GtmError as error:
        return _json(ErrorShape(error=str(error)), status=400)
    except web.HTTPException:
        raise
    except Exception as error:
        log.exception("api_failed", path=request.path)
        text = f"cannot answer {request.path}: a fault of the server's, in its log ({error!r})"
        return _json(ErrorShape(error=text), status=500)
