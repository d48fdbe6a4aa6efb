"""Requests that a proxy passes on: what a proxy is trusted for is nothing of who asks through it.

Where being here is all that is asked of a caller (loopback without tokens, the Unix socket), a
proxy on this machine would lend its place to everyone who reaches it. So what shows that a request
was passed on is looked for, and such a request has to show a token.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final

from aiohttp import HttpVersion, HttpVersion11

# RFC 7239 section 4 and RFC 9110 section 7.6.3, then what proxies and content networks write
NAMES: Final = frozenset(
    {
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
    }
)
PREFIXES: Final = ("x-forwarded-", "x-original-", "x-envoy-")


def passed_on(version: HttpVersion, names: Iterable[str], host: str | None) -> str | None:
    """What shows that a proxy sent a request, as a clause; None if nothing does.

    `host` is the Host header over TCP: whoever asks a loopback address directly names one there.
    """
    for name in names:
        lower = name.lower()
        if lower in NAMES or lower.startswith(PREFIXES):
            return f"the request has the header {name[:64]}"
    if version < HttpVersion11:
        # nginx asks so unless told otherwise, and adds no header
        return f"the request is HTTP/{version.major}.{version.minor}, as proxies send it"
    if host is not None and _elsewhere(host):
        return f"the request is for {host[:64]}, and gtm listens on loopback alone"
    return None


def _elsewhere(host: str) -> bool:
    """Whether a Host header has an address that is not of loopback (names are judged elsewhere)."""
    text = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not (address.is_loopback or address.is_unspecified)
