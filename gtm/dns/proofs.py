"""Proofs that a signed zone has no such name or type: the NSEC records of RFC 4035 section 3.1.3.

All of them are signed ahead and found in the snapshot; an unsigned zone has none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator

from gtm.dns import names
from gtm.dns.message import Placed
from gtm.dns.names import WILDCARD
from gtm.snapshot import Node, RRset, Secure, ZoneData

EVERY = 0  # in `Node.lacks`: all types that are not there
Proof = Iterator[Placed]


class Proofs:
    """What one zone proves by."""

    def __init__(self, secure: Secure | None) -> None:
        """None proves nothing."""
        self._secure = secure

    def covering(self, name: bytes) -> Proof:
        """The NSEC of a name, or else the one that covers it."""
        if self._secure is not None:
            yield self._at(self._secure, _place(self._secure, name))

    def own(self, name: bytes) -> Iterator[RRset]:
        """The NSEC that a name owns, if it does."""
        if self._secure is not None:
            place = _place(self._secure, name)
            if self._secure.chain[place] == name:
                yield self._secure.nsecs[place]

    def missing(self, name: bytes, existing: Container[bytes]) -> Proof:
        """There is no such name, and no wildcard that stands in for it (section 3.1.3.2)."""
        yield from self.covering(name)
        for ancestor in names.ancestors(names.parent(name)):
            if ancestor in existing:
                yield from self.covering(WILDCARD + ancestor)
                return

    def lacking(self, name: bytes, node: Node, rrtype: int) -> Proof:
        """A name has no such type, at least not now for who asks (section 3.1.3.1)."""
        lacks = node.lacks or {}
        nsec = lacks.get(rrtype) or lacks.get(EVERY)
        if self._secure is not None and nsec is not None:
            yield Placed(name, nsec)
        else:
            yield from self.covering(name)

    @staticmethod
    def _at(secure: Secure, place: int) -> Placed:
        return Placed(secure.chain[place], secure.nsecs[place])


NONE = Proofs(None)


def of(zone: ZoneData) -> Proofs:
    """A zone's proofs."""
    return NONE if zone.secure is None else Proofs(zone.secure)


def _place(secure: Secure, name: bytes) -> int:
    return bisect_right(secure.chain, names.order(name), key=names.order) - 1
