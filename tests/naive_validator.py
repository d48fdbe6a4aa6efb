"""A validator that goes by RFC 4035 section 5 step by step: the judge of what is denied."""

from __future__ import annotations

from collections.abc import Sequence

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from gtm.dnssec.keys import KeySet
from tests.signing import NOW, validate

NSEC, RRSIG, CNAME, NS, SOA, DS, ANY = (
    dns.rdatatype.from_text(text) for text in ("NSEC", "RRSIG", "CNAME", "NS", "SOA", "DS", "ANY")
)
STAR = dns.name.Name([b"*"])


class Denials:
    """The NSEC records of a message's authority section, all of them validated."""

    def __init__(self, nsecs: Sequence[dns.rrset.RRset], apex: dns.name.Name) -> None:
        self._nsecs = nsecs
        self._apex = apex

    def match(self, name: dns.name.Name) -> set[int] | None:
        """The types that the name has, if its NSEC is here."""
        for rrset in self._nsecs:
            if rrset.name == name:
                return types_in(rrset)
        return None

    def covers(self, name: dns.name.Name) -> bool:
        """Whether one of them says that there is no such name with records."""
        return any(self._covers(rrset, name) for rrset in self._nsecs)

    def _covers(self, rrset: dns.rrset.RRset, name: dns.name.Name) -> bool:
        after, last = rrset[0].next, rrset[0].next == self._apex
        inside = rrset.name < name and (last or name < after)
        types = types_in(rrset)
        hides = NS in types and SOA not in types and name.is_subdomain(rrset.name)
        return inside and not hides  # section 5.4 with RFC 6840 section 4.1: not below a cut

    def empty(self, name: dns.name.Name) -> bool:
        """Whether one of them shows that the name has none itself, but names below it."""
        return any(
            self._covers(rrset, name) and rrset[0].next.is_subdomain(name) for rrset in self._nsecs
        )

    def encloser(self, name: dns.name.Name) -> dns.name.Name:
        """The closest name above that must exist, as the covering NSEC has it."""
        for rrset in self._nsecs:
            if self._covers(rrset, name):
                both = (common(name, rrset.name), common(name, rrset[0].next))
                return max(both, key=len)
        raise AssertionError(f"nothing covers {name}")


def common(one: dns.name.Name, other: dns.name.Name) -> dns.name.Name:
    """The lowest name that both are at or below."""
    return dns.name.Name(one.labels[len(one) - one.fullcompare(other)[2] :])


def types_in(rrset: dns.rrset.RRset) -> set[int]:
    return {
        window * 256 + place * 8 + bit
        for window, bitmap in rrset[0].windows
        for place, octet in enumerate(bitmap)
        for bit in range(8)
        if octet & 0x80 >> bit
    }


def check(answer: dns.message.Message, zone: str, keys: KeySet, now: float = NOW) -> None:
    """Raises AssertionError unless a validator would take the answer as it is meant."""
    apex = dns.name.from_text(zone)
    (question,) = answer.question
    delegated = [rrset for rrset in answer.authority if rrset.rdtype == NS and not answer.answer]
    authority = validate(
        [rrset for rrset in answer.authority if rrset not in delegated], zone, keys, now
    )
    found = Denials([rrset for rrset in authority if rrset.rdtype == NSEC], apex)
    answers = validate(answer.answer, zone, keys, now)
    name = question.name
    for rrset in answers:
        _check_expansion(answer, rrset, found)
        if rrset.rdtype == CNAME and rrset.name == name and question.rdtype not in (CNAME, ANY):
            name = rrset[0].target
    if delegated:
        _check_cut(delegated[0].name, authority, found)
    elif answer.rcode() == dns.rcode.NXDOMAIN:
        assert found.covers(name), f"{name} is not denied"
        wildcard = STAR.concatenate(found.encloser(name))
        assert found.covers(wildcard), f"{wildcard} is not denied"
    elif name.is_subdomain(apex) and not any(
        _answers(rrset, name, question.rdtype) for rrset in answers
    ):
        _check_nodata(name, question.rdtype, found)


def _answers(rrset: dns.rrset.RRset, name: dns.name.Name, rrtype: int) -> bool:
    return rrset.name == name and rrtype in (rrset.rdtype, ANY)


def _check_cut(cut: dns.name.Name, authority: list[dns.rrset.RRset], found: Denials) -> None:
    if any(rrset.rdtype == DS and rrset.name == cut for rrset in authority):
        return
    types = found.match(cut)
    assert types is not None, f"{cut} is neither secure nor shown to be insecure"
    assert NS in types
    assert not types & {DS, SOA}


def _check_nodata(name: dns.name.Name, rrtype: int, found: Denials) -> None:
    types = found.match(name)
    if types is None:
        if found.empty(name):
            return
        assert found.covers(name), f"{name} is neither there nor denied"
        wildcard = STAR.concatenate(found.encloser(name))
        types = found.match(wildcard)
        if types is None:
            assert found.empty(wildcard), f"{wildcard} is neither there nor denied"
            return
    assert rrtype not in types, f"the NSEC says that {name} has the type"
    assert CNAME not in types, f"the NSEC says that {name} is an alias"


def _check_expansion(answer: dns.message.Message, rrset: dns.rrset.RRset, found: Denials) -> None:
    """An RRset made from a wildcard shows that nothing is closer (section 5.3.4)."""
    for each in answer.answer:
        if each.rdtype == RRSIG and each.name == rrset.name and each.covers == rrset.rdtype:
            labels = len(rrset.name) - 1
            if rrset.name.is_wild():
                labels -= 1
            if each[0].labels < labels:
                assert found.covers(rrset.name), f"nothing denies {rrset.name} itself"
