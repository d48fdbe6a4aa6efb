"""From what is written for one region of a service to its endpoints."""

from __future__ import annotations

from ipaddress import IPv4Address

from gtm.model import Address, Endpoint
from gtm.zonefile import names, values
from gtm.zonefile.findings import Wrong, nearest, shown
from gtm.zonefile.shape import ENDPOINT_KEYS, ENDPOINT_KEYS_LATER

# 224.0.0.0: from here on IPv4 addresses are multicast or reserved (RFC 1112 section 4).
_FIRST_MULTICAST = 0xE0000000


def endpoint(written: object) -> Endpoint:
    """One endpoint: an address, a host name, or `{address: ...}`. Raises Wrong."""
    if type(written) is str:
        return Endpoint(_host_or_address(written))
    if isinstance(written, dict):
        return endpoint(_address_of(written))
    if isinstance(written, list):
        raise Wrong("a list stands inside a list", "remove the inner brackets")
    raise Wrong(
        f"{shown(written)} is neither an address nor a host name",
        "write one such as `192.0.2.10`, or `images.cdn.example.net.`",
    )


def _host_or_address(text: str) -> Address | str:
    """A name whose last label is a number is meant as an address (RFC 3986 section 3.2.2)."""
    bare = text.rstrip(".") if text.endswith(".") else text
    if ":" not in text and not bare[bare.rfind(".") + 1 :].isdigit():
        return names.host_name(text)
    found = values.address(text)
    if isinstance(found, IPv4Address):
        unicast = 0 < int(found) < _FIRST_MULTICAST
    else:
        unicast = not (found.is_unspecified or found.is_multicast or found.scope_id)
    if not unicast:
        raise Wrong(f"no client can reach {shown(text)}", "write a unicast address")
    return found


def _address_of(written: dict[str, object]) -> object:
    """The address of a mapping. Raises Wrong for any other key."""
    for key in written:
        if key in ENDPOINT_KEYS_LATER:
            raise Wrong(f"`{key}` is not supported by this version", "write the address alone")
        if key not in ENDPOINT_KEYS:
            hint = nearest(key, ENDPOINT_KEYS) or "`address`"
            raise Wrong(f"`{key}` is not a known key", f"write {hint}")
    if isinstance(found := written.get("address"), str):
        return found
    raise Wrong("an endpoint has no address", "write `{address: 192.0.2.10}`")
