"""A zone as it is copied: which records, in which order (RFC 5936 section 2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gtm.compile.names import ZoneNames
from gtm.dns.types import Type
from gtm.snapshot import RRset, ZoneData
from gtm.transfer.view import Chosen

NSEC, RRSIG = 47, 46  # RFC 4034
Line = tuple[bytes, int, int, bytes]  # owner, type, TTL, data


@dataclass(frozen=True, slots=True)
class Copy:
    """What is copied under one serial: it stays the same as long as that does."""

    serial: int
    zone: ZoneData
    steered: Chosen

    @property
    def soa(self) -> RRset:
        """The zone's SOA."""
        return self.zone.names[self.zone.apex].rrsets[Type.SOA]

    def lines(self) -> Iterator[Line]:
        """Every record; the SOA is the first, and the last once more."""
        apex, soa = self.zone.apex, self.soa
        yield apex, soa.type, soa.ttl, soa.rdata[0]
        yield from _signatures(apex, soa)
        for name, node in self.zone.names.items():
            for rrset in node.rrsets.values():
                if name != apex or rrset.type != Type.SOA:
                    yield from _lines(name, rrset)
            for rrset in self.steered.get(name, ()):
                yield from _lines(name, rrset)
        yield from self._plain()
        if self.zone.secure is not None:
            for name, rrset in zip(self.zone.secure.chain, self.zone.secure.nsecs, strict=True):
                yield from _lines(name, rrset)
        yield apex, soa.type, soa.ttl, soa.rdata[0]

    def _plain(self) -> Iterator[Line]:
        names = self.zone.names
        if not isinstance(names, ZoneNames):
            return
        for name in names.plain.names():
            for rrtype, ttl, data in names.plain.sets(name) or ():
                for one in data:
                    yield name, rrtype, ttl, one


def _lines(name: bytes, rrset: RRset) -> Iterator[Line]:
    signed = bool(rrset.signatures)
    # what was signed is the first answer where there are several
    for data in rrset.given(0) if signed else rrset.rdata:
        yield name, rrset.type, rrset.ttl, data
    yield from _signatures(name, rrset)


def _signatures(name: bytes, rrset: RRset) -> Iterator[Line]:
    for data in rrset.signed(0):
        yield name, RRSIG, rrset.ttl, data
