"""HTTPS, SVCB and SRV records, the apex of an alias and what hides `whoami`, in a signed zone."""

from __future__ import annotations

from itertools import product

import dns.rdatatype
import pytest

from tests.naive_validator import check
from tests.signing import ask, key_set, signed_world

APEX = "gtm.example.com."
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
dnssec: {}
whoami: {allow: [203.0.113.1]}
regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: spread
    check: up
    https: true
    svcb: {_dns: {}}
    srv: {_grpc._tcp: 8443}
    services:
      orders: {alias: true, us: [192.0.2.1, 192.0.2.2], eu: [198.51.100.1], ap: [203.0.113.1]}
      cdn: {us: [192.0.2.3], eu: [cdn.example.net.]}
      some: {balance: hash, us: [192.0.2.4, 192.0.2.5], eu: [198.51.100.4, "2001:db8::4"]}
      both: {steering: {policy: nearest, regions: 2}, us: [192.0.2.6], eu: [198.51.100.6],
             ap: [203.0.113.6]}
"""
SERVICES = ("orders", "cdn", "some", "both")
NAMES = (
    *SERVICES,
    *(f"_grpc._tcp.{name}" for name in SERVICES),
    *(f"_dns.{name}" for name in SERVICES),
    *("", "_tcp.orders", "192-0-2-1.us.orders", "us.orders", "whoami", "x.whoami"),
)
TYPES = ("A", "AAAA", "HTTPS", "SVCB", "SRV", "TXT")
CLIENTS = ("192.0.2.1", "198.51.100.1")


@pytest.mark.parametrize("down", [[], ["192.0.2.1", "192.0.2.6"]], ids=["all up", "some down"])
def test_all_that_is_answered_and_denied_is_proved(down: list[str]) -> None:
    world = signed_world(ZONE, down)
    for name, rrtype, client in product(NAMES, TYPES, CLIENTS):
        check(
            ask(world.snapshot, f"{name}.{APEX}" if name else APEX, rrtype, client), APEX, key_set()
        )


def test_records_at_the_apex_are_signed_as_the_apex() -> None:
    found = ask(signed_world(ZONE).snapshot, APEX, "HTTPS", "192.0.2.1")
    assert {rrset.name.to_text() for rrset in found.answer} == {APEX}
    assert {rrset.rdtype for rrset in found.answer} == {dns.rdatatype.HTTPS, dns.rdatatype.RRSIG}
