"""Clients as an operator names them beside places: networks and AS numbers."""

from __future__ import annotations

import re
from ipaddress import ip_network

from gtm.model import AsNumber, Clients, Network
from gtm.zonefile.findings import Wrong, shown

_NUMBER = re.compile(r"AS([0-9]+)", re.IGNORECASE)
_NEARLY = re.compile(r"ASN?[ :#_-]*([0-9]{1,10})(?:\.([0-9]{1,5}))?", re.IGNORECASE)

# Numbers that no network can have, and why.
_NOBODYS = {
    0: "AS0 stands for networks that nobody may announce (RFC 7607)",
    23456: "AS23456 stands in for numbers above 65535 on old routers (RFC 6793)",
    65535: "AS65535 is reserved (RFC 7300)",
    2**32 - 1: "AS4294967295 is reserved (RFC 7300)",
}


def clients_of(text: str) -> Clients:
    """A network in CIDR form, or an AS number. Raises Wrong."""
    if is_as_number(text):
        return as_number(text)
    return network_of(text)


def is_as_number(text: str) -> bool:
    """Whether the text is meant as the number of an AS, well written or not."""
    return _NEARLY.fullmatch(text.strip()) is not None or _NUMBER.fullmatch(text) is not None


def as_number(text: str) -> AsNumber:
    """`AS64500`, in upper or lower case. Raises Wrong, also for numbers that no network has."""
    written = _NUMBER.fullmatch(text)
    if written is None:
        raise _badly(text)
    number = int(written[1])
    if number > 2**32 - 1:
        raise Wrong(
            f"{shown(text)} is no AS number: they end at 4294967294", "write one such as `AS64500`"
        )
    if number in _NOBODYS:
        raise Wrong(_NOBODYS[number], "write the number that announces the networks, or networks")
    return AsNumber(number)


def _badly(text: str) -> Wrong:
    """Of an AS number in another form than `AS64500`; with a dot it is RFC 5396's "asdot"."""
    nearly = _NEARLY.fullmatch(text.strip())
    number = 64500
    if nearly is not None:
        high, low = nearly.groups()
        number = int(high) if low is None else int(high) * 65536 + int(low)
    return Wrong(f"{shown(text)} is not written as AS numbers are here", f"write `AS{number}`")


def network_of(text: str) -> Network:
    """A network in CIDR form, without host bits. Raises Wrong."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        bare = text.isascii() and text.isdigit() and len(text) < 11
        example = f"AS{text}" if bare else "AS64500"
        raise Wrong(
            f"{shown(text)} is neither a network nor an AS number",
            f"write one such as `203.0.113.0/24`, `2001:db8::/32` or `{example}`",
        ) from None
    if "%" in text:
        raise Wrong(f"{shown(text)} has a scope", "write the network alone")
    if "/" in text and text.split("/")[0] != str(network.network_address):
        try:
            ip_network(text)
        except ValueError:
            raise Wrong(f"{text} has bits set beyond its prefix", f"write `{network}`") from None
    return network
