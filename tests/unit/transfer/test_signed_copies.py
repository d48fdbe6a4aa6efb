"""Copies of signed zones: who has one and signs nothing serves what validates."""

from __future__ import annotations

import dns.dnssec
import dns.message
import dns.name
import dns.node
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.xfr
import dns.zone
import pytest

from gtm.dns.message import parse
from gtm.dns.names import to_wire
from gtm.peering import View
from gtm.transfer.copy import Copy
from gtm.transfer.messages import messages
from gtm.transfer.view import chosen
from tests.signing import NOW, World, signed_world
from tests.unit.dnssec.test_signed_zone import APEX, ZONE

IN = dns.rdataclass.IN
NSEC, RRSIG, NS, DS = (
    dns.rdatatype.NSEC,
    dns.rdatatype.RRSIG,
    dns.rdatatype.NS,
    dns.rdatatype.DS,
)


def copied(world: World) -> dns.zone.Zone:
    """The zone as a secondary has it."""
    compiled = world.compiled
    data = compiled.snapshot.zones[to_wire(APEX)]
    found = chosen(compiled.snapshot, compiled.groups, data, View.FALLBACK)
    asked = parse(dns.message.make_query(APEX, "AXFR").to_wire())
    assert asked is not None
    zone = dns.zone.Zone(APEX, relativize=False)
    with dns.xfr.Inbound(zone, dns.rdatatype.AXFR) as inbound:
        for wire, _ in messages(asked, Copy(1, data, found).lines()):
            inbound.process_message(dns.message.from_wire(wire, xfr=True, one_rr_per_rrset=True))
    return zone


@pytest.mark.parametrize("down", [(), ("192.0.2.1",), ("192.0.2.1", "192.0.2.2", "192.0.2.3")])
def test_every_set_with_authority_has_a_signature_that_validates(down: tuple[str, ...]) -> None:
    world = signed_world(ZONE)
    world.again(down)
    zone = copied(world)
    apex = dns.name.from_text(APEX)
    keys: dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset] = {
        apex: zone.find_rdataset(apex, dns.rdatatype.DNSKEY)
    }
    cuts = {name for name, node in zone.nodes.items() if name != apex and node.get_rdataset(IN, NS)}
    checked = 0
    for name, node in zone.nodes.items():
        below = any(name != cut and name.is_subdomain(cut) for cut in cuts)
        for rdataset in node.rdatasets:
            if rdataset.rdtype == RRSIG:
                continue
            signatures = node.get_rdataset(IN, RRSIG, rdataset.rdtype)
            if below or (name in cuts and rdataset.rdtype not in (NSEC, DS)):
                assert signatures is None
                continue
            assert signatures is not None, (name, rdataset)
            dns.dnssec.validate((name, rdataset), (name, signatures), keys, now=NOW)
            checked += 1
    assert checked > 30


def test_the_chain_of_denials_is_whole() -> None:
    zone = copied(signed_world(ZONE))
    apex = dns.name.from_text(APEX)
    seen, name = set(), apex
    while name not in seen:
        seen.add(name)
        name = zone.find_rdataset(name, NSEC)[0].next
    assert name == apex
    assert seen == {each for each, node in zone.nodes.items() if node.get_rdataset(IN, NSEC)}
