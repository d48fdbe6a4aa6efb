"""What pages in a browser may not do with the trust of who looks at them.

A browser sends requests to any address for any page. Where being on this machine is all that is
asked of a caller, a hostile page must not pass for one: neither by a name of its own that it has
pointed at 127.0.0.1 (DNS rebinding), nor by sending a form across.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

LOCALHOST = "localhost"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
OWN = frozenset({"same-origin", "none"})  # Sec-Fetch-Site of our pages, and of what people type
PORTS = {"http": 80, "https": 443}
LONGEST = 200  # characters of a header that are repeated in a sentence


def foreign_host(host: str) -> str | None:
    """Why a request for this host is refused, None if it is not.

    An address is never refused: a page can't have one of ours for an origin unless it is ours.
    """
    name = _host_name(host)
    if name is not None and (name == LOCALHOST or name.endswith(f".{LOCALHOST}")):
        return None
    if name is not None and _is_address(name):
        return None
    return (
        f"cannot answer for the host {host[:LONGEST]!r}: without tokens gtm is asked by address "
        "or as localhost, so that no web page passes for this machine (docs/security.md)"
    )


def foreign_page(method: str, headers: Mapping[str, str]) -> str | None:
    """Why a request that another site's page sends is refused, None if it is not.

    Browsers say what site a page is of in Sec-Fetch-Site, older ones in Origin when something is
    to change; programs send neither. Following a link here is reading, and is no harm.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        going = headers.get("Sec-Fetch-Mode") == "navigate"
        whole = headers.get("Sec-Fetch-Dest", "document") == "document"  # no frame within a page
        following = method in READING and going and whole
        foreign = site not in OWN and not following
    else:
        origin = headers.get("Origin")
        changes = method not in READING
        foreign = changes and origin is not None and not _same(origin, headers.get("Host", ""))
    if not foreign:
        return None
    whose = headers.get("Origin", "another site")[:LONGEST]
    return (
        f"cannot answer a page of {whose}: only gtm's own pages may call its API (docs/security.md)"
    )


def _same(origin: str, host: str) -> bool:
    """Whether an Origin is the host that was asked, whatever ends TLS between."""
    try:
        parts = urlsplit(origin)
        usual = PORTS.get(parts.scheme)
        if usual is None or parts.hostname is None:
            return False
        asked = urlsplit(f"{parts.scheme}://{host}")
        theirs, ours = parts.port or usual, asked.port or usual
    except ValueError:
        return False
    return parts.hostname == asked.hostname and theirs == ours


def _host_name(host: str) -> str | None:
    """The name or address in a Host header (RFC 9110 section 7.2), None if it is neither."""
    try:
        parts = urlsplit(f"//{host}")
        if parts.netloc != host or parts.username is not None or parts.port == 0:
            return None
    except ValueError:
        return None
    name = parts.hostname
    return None if name is None else name.rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
