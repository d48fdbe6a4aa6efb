"""Who reports: for how much of what is told one reporter counts, and how much it may send."""

from __future__ import annotations

import math

from aiohttp import web

from gtm.api.access.callers import Via, caller_of
from gtm.api.access.tokens import UNIX
from gtm.api.models import ErrorShape
from gtm.feeds import Feeds


def reporter_of(request: web.Request) -> str:
    """The name that a request counts under: its token's, else the address that it came from.

    All who may open the Unix socket are one.
    """
    by = caller_of(request)
    return UNIX if by.via is Via.UNIX else by.name


def too_fast(wait: float, reporter: str, what: str) -> web.Response:
    """429, and when to try again (RFC 6585 section 4, RFC 9110 section 10.2.3)."""
    seconds = max(1, math.ceil(wait))
    words = f"cannot take {what} of {reporter}: it sends too many; try again in {seconds} s"
    return web.Response(
        text=ErrorShape(error=words).model_dump_json(),
        content_type="application/json",
        status=429,
        headers={"Retry-After": str(seconds)},
    )


def held_back(feeds: Feeds, reporter: str, now: float, what: str) -> web.Response | None:
    """The refusal of a request that comes too soon after others; None if it may come."""
    wait = feeds.limits.request(reporter, now)
    return too_fast(wait, reporter, what) if wait else None
