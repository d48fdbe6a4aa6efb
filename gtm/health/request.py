"""The head of the request that an `http` or `https` check asks for."""

from __future__ import annotations

from multidict import CIMultiDict

from gtm import __version__
from gtm.checks import Http
from gtm.health.outcome import bracketed

USER_AGENT = f"gtm/{__version__} (health check)"

BODILESS = frozenset({"HEAD"})
"""Methods whose answers have no body (RFC 9110 section 9.3.2), whatever their headers say."""


def headers(asked: Http, called: str) -> CIMultiDict[str]:
    """All headers of the request: gtm's own, then the check's, which replace those of that name.

    `called` is the name that the target is asked by.
    """
    own = CIMultiDict(
        {
            "Host": asked.host or bracketed(called),
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # so that bodies are compared with what is meant
            "Connection": "keep-alive" if asked.keep_alive else "close",
        }
    )
    for name, _ in asked.headers:
        own.popall(name, None)
    for name, value in asked.headers:
        own.add(name, value)
    return own
