"""The native plane reads signed zones: what a verdict changes alone, and nothing twice."""

from __future__ import annotations

import dns.message
import dns.rdatatype
import pytest

from gtm.dns.lookup import Chance
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.snapshot import Snapshot
from tests.signing import NOW, World, key_set, seals, signed_world
from tests.unit.planes.native_plane import native, require
from tests.worlds import asker

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
SIGNING
regions: {us: {location: [39, -77]}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: spread
    check: up
    services:
      orders: {us: [192.0.2.1], eu: [198.51.100.1]}
      search: {us: [192.0.2.2], eu: [198.51.100.2]}
records:
  "*.dev": {type: A, value: 192.0.2.99}
  child: {type: NS, values: [ns.child.gtm.example.com., ns.example.net.]}
  ns.child: {type: A, value: 192.0.2.54}
"""
NAMES = ("orders", "nope", "a.b.nope", "a.dev", "dev", "child", "a.child", "ns1")


@pytest.fixture(autouse=True)
def needed() -> None:
    require()


def world(*, signed: bool) -> World:
    keys = seals() if signed else key_set()
    return signed_world(ZONE.replace("SIGNING", "dnssec: {}" if signed else ""), keys=keys)


def check(snapshot: Snapshot, name: str, rrtype: str, *, dnssec: bool) -> dns.message.Message:
    """The native plane's answer, which is the reference responder's."""
    query = dns.message.make_query(f"{name}.gtm.example.com", rrtype, use_edns=0, payload=1232)
    query.want_dnssec(dnssec)
    packet, sender = query.to_wire(), "192.0.2.200"
    found = native().of(snapshot).answer(packet, sender, 0, NOW, False)
    reply = respond(snapshot, packet, asker(sender), Chance(0, NOW), transport=Transport.TCP)
    assert found is not None, "left to the reference responder"
    assert reply is not None
    assert found[0] == reply.message
    return dns.message.from_wire(found[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rrtype", ["A", "TXT", "DS", "NSEC", "HTTPS"])
def test_a_signed_zone_is_answered_natively_with_all_proofs(name: str, rrtype: str) -> None:
    snapshot = world(signed=True).snapshot
    message = check(snapshot, name, rrtype, dnssec=True)
    sections = [*message.answer, *message.authority]
    assert any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in sections)
    plain = check(snapshot, name, rrtype, dnssec=False)
    sections = [*plain.answer, *plain.authority]
    assert all(rrset.rdtype != dns.rdatatype.RRSIG for rrset in sections)


def test_signed_rows_are_read_by_what_differs() -> None:
    tables, changed = native(), world(signed=True)
    before = tables.of(changed.snapshot)
    changed.turn(["192.0.2.1"])
    after = tables.of(changed.snapshot, before)
    assert 0 < after.read < before.read
    assert after.reads(changed.snapshot)
    check(changed.snapshot, "orders", "A", dnssec=True)
    assert tables.of(changed.snapshot, after).read == 0


def test_an_unsigned_zone_takes_no_more_where_clients_want_signatures() -> None:
    tables = native()
    plain, signed = (tables.of(world(signed=each).snapshot) for each in (False, True))
    assert plain.memory < signed.memory
    message = check(world(signed=False).snapshot, "orders", "A", dnssec=True)
    assert [rrset.rdtype for rrset in message.answer] == [dns.rdatatype.A]
