"""What every answer of the API says to browsers, the dashboard's own files included."""

from __future__ import annotations

from typing import Final

from aiohttp import web

# Our own files alone, no frame around them, nothing inline: whatever text of a zone or a reason
# reaches a page can't become a program there.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS: Final = {
    "Server": "gtm",  # no versions of what it is made with
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
NOT_KEPT = "no-store"  # what holds now is of no use later, and is nobody else's
KEPT = "no-cache"  # files: kept, and asked for again each time


async def secure(request: web.Request, response: web.StreamResponse) -> None:
    """Adds them just before an answer goes out: streams too."""
    response.headers.update(ALWAYS)
    files = request.path == "/" or request.path.startswith("/static/")
    response.headers.setdefault("Cache-Control", KEPT if files else NOT_KEPT)
