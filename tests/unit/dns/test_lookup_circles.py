"""Answering ends whatever the records say: the zone file refuses circles, the lookup bears them."""

from __future__ import annotations

from dataclasses import replace

import dns.message
import pytest

from gtm.compile.compiler import Compiler
from gtm.dns.lookup import Chance
from gtm.dns.names import to_wire
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.dns.types import Type
from gtm.model import RRset
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, asker, read_zones, sample_geo

ZONE = "zone: gtm.example.com\nnameservers: {ns1: [192.0.2.53]}\n"


@pytest.mark.parametrize("length", [1, 2, 3, 8])
def test_a_circle_is_given_once_round(length: int) -> None:
    names = [f"l{number}.gtm.example.com." for number in range(length)]
    rrsets = tuple(
        RRset(name, Type.CNAME, 60, (to_wire(target),))
        for name, target in zip(names, [*names[1:], names[0]], strict=True)
    )
    zones = (replace(read_zones({"a.yaml": ZONE})[0], rrsets=rrsets),)
    snapshot = Compiler().compile(zones, sample_geo(), Readings(Verdicts()), epoch=1).snapshot
    packet = dns.message.make_query(names[0], "A").to_wire()
    reply = respond(snapshot, packet, asker("192.0.2.1"), Chance(0, 0.0), transport=Transport.UDP)
    assert reply is not None
    said = dns.message.from_wire(reply.message).answer
    assert [rrset.name.to_text() for rrset in said] == names
