"""The API's `/openapi.json`: what calls there are."""

from __future__ import annotations

from functools import lru_cache

from aiohttp import web

from gtm.api import openapi
from gtm.api.call import Call


async def described(call: Call[None, None]) -> web.Response:
    """The OpenAPI document of this server."""
    return web.Response(text=description(), content_type=openapi.JSON)


@lru_cache(maxsize=1)
def description() -> str:
    """The document as text."""
    from gtm.api.routes import ROUTES  # the table has this call's own row

    return openapi.text(ROUTES)
