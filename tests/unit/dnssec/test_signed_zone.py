"""A signed zone: every RRset is signed, and every denial is proved."""

from __future__ import annotations

import re

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from gtm.dns.names import to_text, to_wire
from gtm.dnssec.keys import KeySet
from gtm.model import Algorithm
from gtm.snapshot import Node, RRset
from tests.signing import World, a_key, ask, key_set, signed_world, validate

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53, "2001:db8::53"]}
soa: {serial: 7}
dnssec: {}
ttl: {min: 10, max: 60}
regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: spread
    check: up
    services:
      orders: {us: [192.0.2.1, 192.0.2.2], eu: [198.51.100.1]}
      dual: {us: [192.0.2.1, "2001:db8::1"], ap: [203.0.113.5]}
      images: {eu: [198.51.100.6], us: [cdn.example.net.]}
      cdn: {us: [cdn.example.net.], eu: [cdn2.example.net.]}
  few:
    topology: spread
    check: up
    answers: 2
    services:
      few: {us: [192.0.2.1, 192.0.2.2, 192.0.2.3, "2001:db8::1"]}
  dark:
    topology: spread
    check: up
    when_all_down: nodata
    services:
      dark: {us: [192.0.2.66]}
      gone: {us: [gone.example.net.]}
records:
  "":
    - {type: TXT, value: hello}
    - {type: MX, value: {preference: 10, exchange: Mail.Example.NET.}}
  www: {type: CNAME, value: orders.gtm.example.com.}
  away: {type: CNAME, value: elsewhere.example.net.}
  broken: {type: CNAME, value: nowhere.gtm.example.com.}
  "*.dev": {type: A, ttl: 300, values: [192.0.2.99]}
  "*.alias": {type: CNAME, value: www.gtm.example.com.}
  a.b.deep: {type: TXT, value: "below two empty names"}
  child: {type: NS, values: [ns.child.gtm.example.com., ns.example.net.]}
  ns.child: {type: A, value: 192.0.2.54}
"""
APEX = "gtm.example.com."


def names(world: World) -> dict[bytes, Node]:
    return dict(world.snapshot.zones[to_wire(APEX)].names)


def test_every_rrset_with_authority_is_signed_and_no_other_is() -> None:
    world = signed_world(ZONE)
    found: dict[tuple[str, int], RRset] = {
        (to_text(name), rrset.type): rrset
        for name, node in names(world).items()
        for rrset in node.rrsets.values()
    }
    unsigned = {key for key, rrset in found.items() if not rrset.signatures}
    assert unsigned == {
        ("child.gtm.example.com.", dns.rdatatype.NS),
        ("ns.child.gtm.example.com.", dns.rdatatype.A),
    }


@pytest.mark.parametrize(
    "keys",
    [
        key_set(),
        key_set(a_key(Algorithm.ED25519)),
        key_set(a_key(sep=False), key_signers=(a_key(),)),
        key_set(a_key(), a_key(Algorithm.ED25519)),
    ],
    ids=["ecdsa", "ed25519", "ksk and zsk", "two algorithms"],
)
def test_all_answers_validate(keys: KeySet) -> None:
    world = signed_world(ZONE, keys=keys)
    for name in [to_text(each) for each in names(world)]:
        for rrtype in ("A", "AAAA", "TXT", "MX", "SOA", "DNSKEY", "NS", "CNAME", "ANY", "NSEC"):
            if name.endswith("child.gtm.example.com."):
                continue
            for random in (0, 1 << 15, 3 << 14):
                answer = ask(world.snapshot, name, rrtype, random=random)
                validate(answer.answer, APEX, keys)
                validate(answer.authority, APEX, keys)


def test_a_region_that_fails_is_answered_signed_too() -> None:
    world = signed_world(ZONE)
    for down in ({"192.0.2.1"}, {"192.0.2.1", "192.0.2.2"}, {"192.0.2.66"}, set[str]()):
        world.turn(down)
        for name in ("orders", "dual", "few", "dark", "images"):
            for rrtype in ("A", "AAAA"):
                answer = ask(world.snapshot, f"{name}.{APEX}", rrtype, random=1 << 15)
                validate(answer.answer, APEX, world.compiled.keys[APEX])
                validate(answer.authority, APEX, world.compiled.keys[APEX])


def denying(answer: dns.message.Message) -> list[str]:
    """The NSEC records of authority as text: owner, next name, types."""
    return [
        f"{rrset.name} {rrset[0]}"
        for rrset in validate(answer.authority, APEX, key_set())
        if rrset.rdtype == dns.rdatatype.NSEC
    ]


def test_what_no_client_gets_is_denied_by_the_names_own_nsec() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "dual.gtm.example.com", "TXT")
    assert answer.rcode() == dns.rcode.NOERROR
    (own,) = denying(answer)
    assert own.startswith("dual.gtm.example.com. ")
    assert own.endswith(" A AAAA RRSIG NSEC")


def test_what_others_get_is_denied_by_an_nsec_that_covers_nothing_else() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "dual.gtm.example.com", "AAAA", "203.0.113.1")
    assert denying(answer) == [
        r"dual.gtm.example.com. \000.dual.gtm.example.com. A RRSIG NSEC",
    ]


def test_a_name_that_is_a_cname_for_others_never_says_so_in_a_denial() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "images.gtm.example.com", "TXT", "198.51.100.1")
    assert denying(answer) == [
        r"images.gtm.example.com. \000.images.gtm.example.com. A RRSIG NSEC",
    ]
    own = ask(world.snapshot, "images.gtm.example.com", "NSEC").answer[0]
    assert "CNAME" not in own.to_text()


def test_a_name_that_is_a_cname_for_all_says_so_but_where_it_is_denied() -> None:
    world = signed_world(ZONE, down={"gone.example.net."})
    own = ask(world.snapshot, "gone.gtm.example.com", "NSEC").answer[0]
    assert own.to_text().endswith(" CNAME RRSIG NSEC")


def test_with_nothing_up_and_nothing_to_say_the_type_is_denied() -> None:
    world = signed_world(ZONE, down={"192.0.2.66"})
    answer = ask(world.snapshot, "dark.gtm.example.com", "A")
    assert denying(answer) == [
        r"dark.gtm.example.com. \000.dark.gtm.example.com. RRSIG NSEC",
    ]


def test_a_name_that_is_not_there_is_denied_with_its_wildcard() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "e.gtm.example.com", "A")
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert [rrset.rdtype for rrset in answer.authority[:2]] == [
        dns.rdatatype.SOA,
        dns.rdatatype.RRSIG,
    ]
    name, wildcard = denying(answer)
    assert name.startswith("dual.gtm.example.com. few.gtm.example.com. ")
    assert wildcard.startswith("gtm.example.com. *.alias.gtm.example.com. ")


def test_one_nsec_that_denies_both_is_given_once() -> None:
    world = signed_world(ZONE)
    assert len(denying(ask(world.snapshot, "0.gtm.example.com", "A"))) == 1


def test_a_wildcard_answer_proves_that_there_is_no_closer_name() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "x.dev.gtm.example.com", "A")
    validate(answer.answer, APEX, key_set())
    assert answer.answer[1][0].labels == 4
    (covering,) = denying(answer)
    assert covering.startswith("*.dev.gtm.example.com. ")


def test_a_wildcard_without_the_type_is_denied_by_both_nsecs() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "x.dev.gtm.example.com", "TXT")
    assert answer.rcode() == dns.rcode.NOERROR
    assert denying(answer)[0].startswith("*.dev.gtm.example.com. ")


def test_an_empty_name_is_denied_by_the_nsec_that_covers_it() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "b.deep.gtm.example.com", "A")
    assert answer.rcode() == dns.rcode.NOERROR
    (covering,) = denying(answer)
    assert covering.split()[1] == "a.b.deep.gtm.example.com."


def test_a_delegation_without_ds_is_proved_insecure() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "www.child.gtm.example.com", "A")
    kinds = [dns.rdatatype.to_text(rrset.rdtype) for rrset in answer.authority]
    assert kinds == ["NS", "NSEC", "RRSIG"]
    assert answer.authority[1][0].to_text().endswith(" NS RRSIG NSEC")
    assert [rrset.rdtype for rrset in answer.additional] == [dns.rdatatype.A]
    validate(answer.authority[1:], APEX, key_set())
    ds = ask(world.snapshot, "child.gtm.example.com", "DS")
    assert denying(ds)[0].endswith(" NS RRSIG NSEC")


def test_cname_chains_are_signed_link_by_link_and_denied_at_their_end() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "x.alias.gtm.example.com", "A")
    found = validate(answer.answer, APEX, key_set())
    assert [dns.rdatatype.to_text(rrset.rdtype) for rrset in found] == ["CNAME", "CNAME", "A"]
    assert len(denying(answer)) == 1
    broken = ask(world.snapshot, "broken.gtm.example.com", "A")
    assert broken.rcode() == dns.rcode.NXDOMAIN
    assert len(denying(broken)) == 2


def test_signatures_asked_for_by_type_are_those_of_one_rrset() -> None:
    world = signed_world(ZONE)
    for dnssec in (True, False):
        answer = ask(world.snapshot, "dual.gtm.example.com", "RRSIG", dnssec=dnssec)
        (rrset,) = answer.answer
        assert {each.type_covered for each in rrset} == {dns.rdatatype.A}


def said(world: World, name: str, rrtype: str) -> str:
    """An answer as text, but for its id and the zone's serial, which is when the file was saved."""
    text = ask(world.snapshot, name, rrtype, dnssec=False).to_text().partition("\n")[2]
    return re.sub(r"( SOA \S+ \S+) \d+", r"\1", text)


def test_without_the_do_bit_nothing_is_different_from_an_unsigned_zone() -> None:
    signed, plain = signed_world(ZONE), signed_world(ZONE.replace("dnssec: {}\n", ""))
    for name in [to_text(each) for each in names(signed)] + ["x.dev." + APEX, "nix." + APEX]:
        for rrtype in ("A", "AAAA", "TXT", "ANY", "CNAME", "DS"):
            both = [said(world, name, rrtype) for world in (signed, plain)]
            assert both[0] == both[1]


def test_what_does_not_fit_is_left_out_whole() -> None:
    keys = key_set(*[a_key() for _ in range(12)])
    answer = ask(signed_world(ZONE, keys=keys).snapshot, "orders." + APEX, "A", udp=True)
    assert answer.flags & dns.flags.TC
    assert not answer.answer
    assert not answer.authority


def test_a_ttl_that_health_chose_needs_no_new_signature() -> None:
    world = signed_world(ZONE)
    answer = ask(world.snapshot, "orders." + APEX, "A")
    assert answer.answer[1][0].original_ttl == 60


def test_keys_sign_what_they_are_for() -> None:
    ksk, zsk = a_key(), a_key(sep=False)
    world = signed_world(ZONE, keys=key_set(zsk, key_signers=(ksk,)))
    dnskey = ask(world.snapshot, APEX, "DNSKEY").answer[1]
    assert [each.key_tag for each in dnskey] == [ksk.tag]
    soa = ask(world.snapshot, APEX, "SOA").answer[1]
    assert [each.key_tag for each in soa] == [zsk.tag]
