"""Serves the dashboard's files over HTTP: caching (RFC 9111), conditions (RFC 9110), and a policy
that lets the page load nothing from anywhere else (Content-Security-Policy).

The files hold no data: whoever may open the page still needs a token for what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web

from gtm.dashboard.assets import Asset, Assets, read

GUARD: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ASK = "no-cache"  # keep it, but ask each time whether it is still the same
FOREVER = "public, max-age=31536000, immutable"  # a year, for addresses with the mark
MARKED = re.compile(r"([0-9a-f]{12})/(.+)")


class Pages:
    """The dashboard's handlers: `index` for `/`, `static` for `/static/{name:.+}`."""

    def __init__(self, assets: Assets | None = None) -> None:
        """Reads the package's files unless given `assets`. Raises OSError if they can't be."""
        self._assets = read() if assets is None else assets

    async def index(self, request: web.Request) -> web.Response:
        """The page."""
        return _answer(request, self._assets.files["index.html"], ASK)

    async def static(self, request: web.Request) -> web.Response:
        """A file by its name, or by the mark of all files and its name: the same forever."""
        name, kept = request.match_info["name"], ASK
        if (marked := MARKED.fullmatch(name)) is not None:
            name = marked[2]
            kept = FOREVER if marked[1] == self._assets.mark else ASK
        asset = self._assets.files.get(name)
        if asset is None or name == "index.html":
            return web.json_response(
                {"error": f"cannot find {request.path}: the dashboard has no such file"},
                status=404,
                headers=GUARD,
            )
        return _answer(request, asset, kept)


def _answer(request: web.Request, asset: Asset, kept: str) -> web.Response:
    headers = {**GUARD, "ETag": asset.etag, "Cache-Control": kept, "Vary": "Accept-Encoding"}
    if _has(request, asset):
        return web.Response(status=304, headers=headers)
    body, headers["Content-Type"] = asset.body, asset.content_type
    if asset.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers["Content-Encoding"] = asset.packed, "gzip"
    return web.Response(body=body, headers=headers)


def _has(request: web.Request, asset: Asset) -> bool:
    """Whether the asker has it already: If-None-Match compares weakly (RFC 9110, 13.1.2)."""
    tags = request.headers.get("If-None-Match", "").split(",")
    return any(tag.strip().removeprefix("W/") in (asset.etag, "*") for tag in tags)
