"""Which records a parent zone needs: glue for servers inside the zone, and for those alone."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from gtm.delegation import delegation
from gtm.model import Nameserver
from tests.unit.simulate.simulated_worlds import ZONES

OUTSIDE = Nameserver("ns.example.net.", (ip_address("198.51.100.53"),))
INSIDE = Nameserver("ns1.gtm.example.com.", (ip_address("192.0.2.53"),))


def test_servers_outside_get_no_glue_even_where_their_addresses_are_known() -> None:
    found = delegation(replace(ZONES[0], nameservers=(INSIDE, OUTSIDE)))
    assert [(record.name, record.type) for record in found.records] == [
        ("gtm.example.com.", "NS"),
        ("gtm.example.com.", "NS"),
        ("ns1.gtm.example.com.", "A"),
    ]
    assert found.warnings == ()


def test_a_server_inside_without_an_address_is_warned_of() -> None:
    bare = replace(INSIDE, addresses=())
    found = delegation(replace(ZONES[0], nameservers=(bare, OUTSIDE)))
    assert [warning.split(";")[0] for warning in found.warnings] == [
        "ns1.gtm.example.com. lies inside the zone and has no address: "
        "nobody can reach it without glue"
    ]
