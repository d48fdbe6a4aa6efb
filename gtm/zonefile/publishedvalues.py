"""Parsers of single values of HTTPS, SVCB and SRV records. Each raises Wrong."""

from __future__ import annotations

import base64
import binascii
import re

from gtm.zonefile.findings import Wrong, listed, nearest, shown

# What `mandatory` may name (RFC 9460 section 8): not itself, and not hints, which come and go
# with the endpoints that are up.
MANDATORY = ("alpn", "no-default-alpn", "port", "ech", "dohpath")
MOST_REGIONS = 16  # that an SRV answer names: nobody tries more in turn

_PROTOCOL = re.compile(r"[!-~]{1,255}")  # RFC 7301 section 6, without what would need escapes
_LABEL = r"_[a-z0-9](?:[a-z0-9_-]{0,60}[a-z0-9])?"
_SCHEME = re.compile(rf"(?:_[0-9]{{1,5}}\.)?{_LABEL}")
_SERVICE = re.compile(rf"{_LABEL}\.{_LABEL}")
_ECH_HEAD = 2  # octets of an ECHConfigList's length (RFC 9849 section 4)


def protocol(value: object) -> str:
    """A protocol by its ALPN name."""
    if not isinstance(value, str) or not _PROTOCOL.fullmatch(value):
        raise Wrong(f"{shown(value)} is not an ALPN protocol", "write names such as `h2` and `h3`")
    return value


def ech(value: object) -> bytes:
    """An ECHConfigList in base64, as servers print it."""
    remedy = "write the ECHConfigList in base64, as the web server prints it"
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not base64", remedy)
    try:
        found = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Wrong(f"{shown(value)} is not base64", remedy) from None
    if len(found) <= _ECH_HEAD or int.from_bytes(found[:_ECH_HEAD], "big") + _ECH_HEAD != len(
        found
    ):
        raise Wrong(f"{shown(value)} is not an ECHConfigList", remedy)
    return found


def dohpath(value: object) -> str:
    """A URI template for DNS over HTTPS (RFC 9461 section 5)."""
    if not isinstance(value, str) or not value.startswith("/") or "dns}" not in value:
        raise Wrong(f"{shown(value)} is not a path for DNS over HTTPS", "write `/dns-query{?dns}`")
    return value


def key(value: object) -> str:
    """The name of a parameter."""
    if value in ("ipv4hint", "ipv6hint"):
        raise Wrong(
            f"`{value}` can't be mandatory: hints come and go with the endpoints that are up",
            f"write some of: {listed(MANDATORY)}",
        )
    if not isinstance(value, str) or value not in MANDATORY:
        hint = nearest(str(value), MANDATORY)
        raise Wrong(
            f"{shown(value)} is no key that can be mandatory",
            f"write {hint}" if hint else f"write some of: {listed(MANDATORY)}",
        )
    return value


def regions(value: object) -> int:
    """How many regions an SRV answer names."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_REGIONS:
        raise Wrong(
            f"{shown(value)} can't be how many regions are named",
            f"write a number from 1 to {MOST_REGIONS}",
        )
    return value


def scheme(text: str) -> str:
    """What stands before a service's name for its SVCB records (RFC 9460 section 2.3)."""
    if not _SCHEME.fullmatch(text.lower()):
        raise Wrong(
            f"{shown(text)} is no scheme", "write one such as `_dns`, or `_8443._foo` with a port"
        )
    if text.lower().rpartition(".")[2] in ("_https", "_http"):
        raise Wrong(f"{shown(text)} has HTTPS records, not SVCB", "write `https`")
    return text.lower()


def protocol_pair(text: str) -> str:
    """What stands before a service's name for its SRV records (RFC 2782)."""
    if not _SERVICE.fullmatch(text.lower()):
        raise Wrong(
            f"{shown(text)} does not name a service and a protocol",
            "write one such as `_grpc._tcp`",
        )
    return text.lower()
