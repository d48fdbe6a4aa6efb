"""What every answer of the API says to browsers. The dashboard's files say more themselves."""

from __future__ import annotations

from typing import Final

from aiohttp import web

ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    # whatever text of a zone or a reason is in an answer, no browser makes a page of it
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",  # what holds now is of no use later, and is nobody else's
}
SERVER = "gtm"  # no versions of what it is made with


async def secure(request: web.Request, response: web.StreamResponse) -> None:
    """Adds them just before an answer goes out, to streams too."""
    for key, value in ALWAYS.items():
        response.headers.setdefault(key, value)
    response.headers["Server"] = SERVER
