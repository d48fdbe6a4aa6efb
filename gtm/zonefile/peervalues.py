"""Parsers of the single values of `tsig`, `transfer` and `updates`. Each raises Wrong."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from gtm.peering import DNS_PORT, Algorithm, Party, Secondary, View
from gtm.zonefile import names, rdata
from gtm.zonefile.findings import Wrong, nearest, shown

# Types that updates can't change: the zone's own, and those that delegate.
_NEVER = ("NS", "SOA", "DS", "DNAME")
_PARTY = "write a network such as `192.0.2.53/32`, `{key: name}`, or `{network: ..., key: ...}`"
_SECONDARY = "write an address such as `192.0.2.53`, or `{address: 192.0.2.53, key: name}`"
_HIGHEST_PORT = 65535


def algorithm(value: object) -> Algorithm:
    """How messages are signed."""
    words = {one.value: one for one in Algorithm}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise Wrong(f"{shown(value)} can't be used", f"write {' or '.join(f'`{w}`' for w in words)}")


def key_name(value: object) -> str:
    """A key's name as it goes over the wire: that of a domain, absolute and in lower case."""
    if not isinstance(value, str) or not value:
        raise Wrong(f"{shown(value)} is not the name of a key", "write one of `tsig`")
    return names.absolute(value.removesuffix("."), ".")


def party(value: object) -> Party:
    """Who may copy a zone."""
    if isinstance(value, str):
        return Party(_network(value))
    fields = _fields(value, ("network", "key"), _PARTY)
    if not fields:
        raise Wrong("this names nobody", _PARTY)
    network = _network(fields["network"]) if "network" in fields else None
    return Party(network, key_name(fields["key"]) if "key" in fields else None)


def secondary(value: object) -> Secondary:
    """A server that is told of changes."""
    if isinstance(value, str):
        return _secondary(value, None)
    fields = _fields(value, ("address", "key"), _SECONDARY)
    if "address" not in fields:
        raise Wrong("`address` is missing", _SECONDARY)
    return _secondary(fields["address"], key_name(fields["key"]) if "key" in fields else None)


def view(value: object) -> View:
    """What is copied of steered names."""
    words = {one.value: one for one in View}
    if isinstance(value, str) and value in words:
        return words[value]
    hint = nearest(value, words) if isinstance(value, str) else ""
    raise Wrong(f"{shown(value)} says nothing here", f"write {hint or '`fallback` or `all`'}")


def name_globs(value: object) -> tuple[str, ...]:
    """Names relative to the zone, or globs of them: one, or a list."""
    items = value if isinstance(value, list) else [value]
    found = [item for item in items if isinstance(item, str) and item.isprintable()]
    if not items or len(found) < len(items):
        remedy = 'write names or globs, such as `["_acme-challenge.*"]`; "" is the zone itself'
        raise Wrong(f"{shown(value)} is no name", remedy)
    return tuple(dict.fromkeys(item.lower().removesuffix(".") for item in found))


def changeable_types(value: object) -> frozenset[int]:
    """Types of records that updates may change: one, or a list."""
    items = value if isinstance(value, list) else [value]
    found: set[int] = set()
    for item in items:
        word = item.upper() if isinstance(item, str) else ""
        if word in _NEVER:
            raise Wrong(f"updates can't change {word} records", "write them into the zone file")
        if not word:
            raise Wrong(f"{shown(item)} is not a record type", "write types such as `[TXT, CNAME]`")
        found.add(rdata.type_number(word))
    if not found:
        raise Wrong("no type is named", "remove the key: then it is TXT")
    return frozenset(found)


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value) if isinstance(value, str) else ip_network("")
    except ValueError as error:
        why = f" ({error})" if isinstance(value, str) and "host bits" in str(error) else ""
        raise Wrong(f"{shown(value)} is not a network{why}", _PARTY) from None


def _secondary(value: object, key: str | None) -> Secondary:
    text = value if isinstance(value, str) else ""
    host, colon, port = text, "", ""
    if text.startswith("[") or text.count(":") == 1:
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
    wrong = Wrong(f"{shown(value)} is not an address", _SECONDARY)
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT):
        raise wrong
    try:
        return Secondary(ip_address(host), int(port) if colon else DNS_PORT, key)
    except ValueError:
        raise wrong from None


def _fields(value: object, known: Collection[str], remedy: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Wrong(f"{shown(value)} can't be used here", remedy)
    for key in value:
        if key not in known:
            raise Wrong(f"{shown(key)} is not a known key", remedy)
    return value
