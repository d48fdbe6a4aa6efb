"""An independent judge of messages: what dnspython reads, and what RFCs demand of all of them."""

from __future__ import annotations

from collections.abc import Iterable

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

NEGATIVE = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
AUTHORITY = {
    *(dns.rdatatype.SOA, dns.rdatatype.NS, dns.rdatatype.DS),
    *(dns.rdatatype.NSEC, dns.rdatatype.NSEC3, dns.rdatatype.RRSIG),
}
ADDRESSES = {dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.RRSIG}
KEPT = dns.flags.RD | dns.flags.CD
UNUSED = 0x0040  # the Z bit of the header (RFC 1035 section 4.1.1)


def judge(asked: bytes, octets: bytes) -> None:
    """Fails if the response to a well-formed query breaks a rule."""
    query = dns.message.from_wire(asked)
    said = dns.message.from_wire(octets)
    one_by_one = dns.message.from_wire(octets, one_rr_per_rrset=True)
    _judge_header(query, said)
    _judge_round_trip(said)
    for section in (one_by_one.answer, one_by_one.authority, one_by_one.additional):
        _judge_records(section)
    _judge_sections(said)


def _judge_header(query: dns.message.Message, said: dns.message.Message) -> None:
    assert query.is_response(said)
    assert said.flags & KEPT == query.flags & KEPT
    assert not said.flags & (dns.flags.RA | dns.flags.AD | UNUSED)
    assert (said.edns >= 0) == (query.edns >= 0)
    if said.edns >= 0:
        assert said.edns == 0
        assert said.ednsflags & 0x7FFF == 0
        assert bool(said.ednsflags & dns.flags.DO) == bool(query.ednsflags & dns.flags.DO)
        sent = {option.otype for option in query.options}
        unasked = {option.otype for option in said.options} - sent
        assert unasked <= {dns.edns.OptionType.EDE}
    assert len(said.question) == len(query.question) == 1
    assert said.question[0].name.labels == query.question[0].name.labels  # its case too


def _judge_round_trip(said: dns.message.Message) -> None:
    """What dnspython writes of what it has read is read as the same again."""
    again = dns.message.from_wire(said.to_wire(max_size=65535))
    assert again == said


def _judge_records(section: Iterable[dns.rrset.RRset]) -> None:
    """No record twice, and one TTL in each set (RFC 2181 sections 5 and 5.2)."""
    seen: set[tuple[object, ...]] = set()
    times: dict[tuple[object, ...], int] = {}
    for one in section:
        key = (one.name, one.rdclass, one.rdtype, one.covers)
        assert (*key, one[0].to_digestable()) not in seen, f"twice: {one}"
        seen.add((*key, one[0].to_digestable()))
        assert times.setdefault(key, one.ttl) == one.ttl, f"two TTLs: {one}"
        assert one.ttl < 2**31


def _judge_sections(said: dns.message.Message) -> None:
    assert {rrset.rdtype for rrset in said.authority} <= AUTHORITY
    assert {rrset.rdtype for rrset in said.additional} <= ADDRESSES
    types = {rrset.rdtype for rrset in said.authority}
    if said.rcode() not in NEGATIVE:
        assert not said.authority
        return
    if said.flags & dns.flags.TC:
        return
    end = _end_of_chain(said)
    if said.rcode() == dns.rcode.NXDOMAIN:
        assert dns.rdatatype.SOA in types  # RFC 2308 section 2.1
    if dns.rdatatype.NS in types:
        _judge_referral(said, end)
    elif said.additional:
        raise AssertionError("addresses without a referral")
    for rrset in said.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            assert end.is_subdomain(rrset.name)
            assert rrset.ttl <= rrset[0].minimum  # RFC 2308 section 3
            assert said.flags & dns.flags.AA


def _end_of_chain(said: dns.message.Message) -> dns.name.Name:
    """Where CNAMEs lead from the name asked, each to the next (RFC 1034 section 3.6.2)."""
    name = said.question[0].name
    rrtype = said.question[0].rdtype
    for rrset in said.answer:
        if rrset.rdtype in (dns.rdatatype.DNAME, dns.rdatatype.RRSIG) and rrset.name != name:
            assert rrset.rdtype == dns.rdatatype.RRSIG or name.is_subdomain(rrset.name)
            continue
        assert rrset.name == name, f"{rrset.name} in the answer, not {name}"
        if rrset.rdtype == dns.rdatatype.CNAME and rrtype != dns.rdatatype.CNAME:
            assert len(rrset) == 1
            name = rrset[0].target
    return name


def _judge_referral(said: dns.message.Message, end: dns.name.Name) -> None:
    servers = next(one for one in said.authority if one.rdtype == dns.rdatatype.NS)
    assert end.is_subdomain(servers.name)
    assert dns.rdatatype.SOA not in {one.rdtype for one in said.authority}
    assert bool(said.flags & dns.flags.AA) == bool(said.answer)
    targets = {record.target for record in servers}
    assert {one.name for one in said.additional} <= targets  # glue, and no more than that
