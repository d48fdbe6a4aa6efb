"""The server says of itself what operators allow, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import dns.flags
import dns.message
import dns.rcode
import pytest

from gtm.dns.conduct import Conduct
from gtm.dns.lookup import Chance
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.networks import Networks
from gtm.snapshot import Snapshot
from tests.worlds import asker, compile_world

TOLD = Conduct(identity=b"fra-1", version=b"gtm 1.2")


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    zone = "zone: gtm.example.com\nnameservers: {ns1: [192.0.2.53]}\n"
    return compile_world({"gtm.yaml": zone}).snapshot


def said(
    snapshot: Snapshot, name: str, rrtype: str = "TXT", conduct: Conduct = TOLD, rrclass: str = "CH"
) -> dns.message.Message:
    packet = dns.message.make_query(name, rrtype, rrclass).to_wire()
    reply = respond(
        snapshot,
        packet,
        asker("192.0.2.1"),
        Chance(0, 0.0),
        transport=Transport.UDP,
        conduct=conduct,
    )
    assert reply is not None
    return dns.message.from_wire(reply.message)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("id.server", "fra-1"),
        ("hostname.bind", "fra-1"),
        ("version.server", "gtm 1.2"),
        ("version.bind", "gtm 1.2"),
        ("VERSION.Bind", "gtm 1.2"),
    ],
)
@pytest.mark.parametrize("rrtype", ["TXT", "ANY"])
def test_what_is_told_is_a_text_of_class_chaos_that_nobody_keeps(
    snapshot: Snapshot, name: str, words: str, rrtype: str
) -> None:
    message = said(snapshot, name, rrtype)
    assert message.rcode() == dns.rcode.NOERROR
    assert message.flags & dns.flags.AA
    (rrset,) = message.answer
    assert rrset.to_text().lower() == f'{name}. 0 ch txt "{words}"'.lower()


@pytest.mark.parametrize("name", ["id.server", "hostname.bind", "version.server", "version.bind"])
def test_by_default_nothing_is_told(snapshot: Snapshot, name: str) -> None:
    message = said(snapshot, name, conduct=Conduct())
    assert message.rcode() == dns.rcode.REFUSED
    assert not message.answer


@pytest.mark.parametrize(
    ("allowed", "rcode"), [("192.0.2.0/24", 0), ("any", 0), ("loopback", 5), ("none", 5)]
)
def test_who_is_told_can_be_bounded(snapshot: Snapshot, allowed: str, rcode: int) -> None:
    conduct = replace(TOLD, chaos_to=Networks.of([allowed]))
    for name in ("id.server", "hostname.bind", "version.server", "version.bind"):
        assert said(snapshot, name, conduct=conduct).rcode() == rcode


def test_each_is_told_by_itself(snapshot: Snapshot) -> None:
    alone = Conduct(identity=b"fra-1")
    assert said(snapshot, "id.server", conduct=alone).rcode() == dns.rcode.NOERROR
    assert said(snapshot, "version.bind", conduct=alone).rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("name", ["authors.bind", "gtm.example.com", "server", ".", "x.id.server"])
def test_other_names_of_the_class_are_refused(snapshot: Snapshot, name: str) -> None:
    assert said(snapshot, name).rcode() == dns.rcode.REFUSED


def test_other_types_of_what_is_told_are_not_there(snapshot: Snapshot) -> None:
    message = said(snapshot, "id.server", "A")
    assert message.rcode() == dns.rcode.NOERROR
    assert not message.answer


@pytest.mark.parametrize("rrclass", ["HS", "ANY", "NONE"])
def test_further_classes_are_refused(snapshot: Snapshot, rrclass: str) -> None:
    assert said(snapshot, "id.server", rrclass=rrclass).rcode() == dns.rcode.REFUSED
    assert said(snapshot, "gtm.example.com", "SOA", rrclass=rrclass).rcode() == dns.rcode.REFUSED


def test_the_internet_class_knows_no_such_names(snapshot: Snapshot) -> None:
    assert said(snapshot, "id.server", rrclass="IN").rcode() == dns.rcode.REFUSED
