"""A zone for updates, and updates made by dnspython."""

from __future__ import annotations

import dns.name
import dns.update

from gtm.dns.names import to_wire
from gtm.peering import Updates
from gtm.updates.added import Added, Change
from gtm.updates.contents import FileContents
from gtm.updates.request import Request, parse
from tests.worlds import read_zones

ZONE = """\
zone: gtm.example
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US}}
apps:
  shop:
    topology: spread
    services: {orders: {us: [192.0.2.1]}}
records:
  "": {type: TXT, value: apex}
  filed: [{type: TXT, values: [one, two]}, {type: A, value: 192.0.2.7}]
  alias: {type: CNAME, value: filed.gtm.example.}
  cut: {type: NS, value: ns.example.net.}
"""

APEX = to_wire("gtm.example.")
EVERYTHING = Updates("k.", ("*", ""), frozenset({1, 5, 15, 16, 28}))


def contents() -> FileContents:
    (zone,) = read_zones({"a.yaml": ZONE})
    return FileContents(zone)


def update() -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage("gtm.example.")


def request(message: dns.update.UpdateMessage) -> Request:
    return parse(message.to_wire())


def name(relative: str) -> bytes:
    return to_wire(f"{relative}.gtm.example." if relative else "gtm.example.")


def text(value: str) -> bytes:
    return bytes((len(value),)) + value.encode()


def added(*records: tuple[str, int, bytes], ttl: int = 60) -> Added:
    return Added().after(Change(name(at), rrtype, ttl, data) for at, rrtype, data in records)
