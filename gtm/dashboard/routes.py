"""The dashboard's two rows of the API's table. Its files hold no data, and so need no token."""

from __future__ import annotations

from aiohttp import web

from gtm.api.call import Call
from gtm.api.route import Route
from gtm.api.scopes import Scope
from gtm.dashboard.pages import Pages


def routes(pages: Pages) -> tuple[Route, ...]:
    """What serves `pages`: at `/`, and its files below `/static/`."""

    async def index(call: Call[None, None]) -> web.StreamResponse:
        return await pages.index(call.request)

    async def static(call: Call[None, None]) -> web.StreamResponse:
        return await pages.static(call.request)

    return (
        Route(
            "GET",
            "/",
            index,
            Scope.OPEN,
            act="show the dashboard",
            summary="The dashboard",
            answers={200: "text/html"},
            ready=False,
        ),
        Route(
            "GET",
            "/static/{name:.+}",
            static,
            Scope.OPEN,
            act="show a file of the dashboard",
            summary="A file of the dashboard",
            answers={200: "application/octet-stream"},
            ready=False,
        ),
    )
