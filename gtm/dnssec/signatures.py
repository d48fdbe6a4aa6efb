"""Signatures over RRsets, kept by content: what was signed once is not signed again while it lasts.

A signature is found by what it is over (owner, type, original TTL, records in canonical form) and
by the keys, so it does not matter which snapshot it was made for, or how often a region has come
and gone since. It ends at a moment that depends on its content too: what was signed together does
not have to be signed anew together.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from gtm.dns.types import Type
from gtm.dnssec.canonical import label_count, rrset_octets
from gtm.dnssec.keys import Key, KeySet
from gtm.snapshot import RRset

BACKDATED = 3600  # seconds that signatures begin before they are made, for clocks that are behind
SPREAD = 0.2  # of the validity: the moments at which signatures end lie so far apart
RENEWED = 0.35  # of the validity: what ends sooner than that is signed anew
BATCH = 0.02  # of the validity: what is due within that is signed anew together
LATE = 0.2  # of the validity: what ends sooner than that should have been signed anew long ago

HEAD = struct.Struct("!HBBIIIH")  # RRSIG data up to the signer's name (RFC 4034 section 3.1)
UNTIL = struct.Struct("!8xI")  # where its expiration stands
WRAP = 1 << 32  # times are counted modulo that (RFC 4034 section 3.1.5)
DIGEST = 16  # octets: two contents with the same digest are not to be found
AT_APEX = frozenset((Type.DNSKEY, Type.CDS, Type.CDNSKEY))  # what keys of the parent's DS sign

Signed = tuple[bytes, ...]  # the data of RRSIG records over one RRset, one for each key
Clock = Callable[[], float]  # Unix time in seconds


def ends(signature: bytes) -> int:
    """When an RRSIG's data says that it ends (Unix time)."""
    found: int = UNTIL.unpack_from(signature)[0]
    return found


class Signatures:
    """All signatures that were made and may be asked for again; lives as long as the server.

    Threads may use it at once: at worst one makes what another is making too.
    """

    def __init__(self, clock: Clock) -> None:
        """`clock` is Unix time."""
        self.clock = clock
        self.made = 0  # since the start
        self._known: dict[bytes, Signed] = {}

    def __len__(self) -> int:
        """How many RRsets it has signatures of."""
        return len(self._known)

    def find(self, digest: bytes) -> Signed | None:
        """What was signed under that digest."""
        return self._known.get(digest)

    def keep(self, digest: bytes, signed: Signed) -> None:
        """Remembers signatures."""
        self._known[digest] = signed
        self.made += len(signed)

    def forget_all_but(self, used: Collection[int]) -> None:
        """Lets go of signatures but those used, named by `id`."""
        known = dict(self._known)
        self._known = {digest: made for digest, made in known.items() if id(made) in used}


class Hand(NamedTuple):
    """Keys that sign together: a salt that tells them from others, and what of each is needed."""

    salt: bytes
    keys: tuple[tuple[Key, int, int], ...]  # with its algorithm and its tag

    @classmethod
    def of(cls, keys: Sequence[Key], apex: bytes) -> Hand:
        """The keys of a zone."""
        salt = blake2b(b"".join([apex, *(key.dnskey_rdata for key in keys)]), digest_size=DIGEST)
        return cls(salt.digest(), tuple((key, key.algorithm, key.tag) for key in keys))


class Signer:
    """Signs the RRsets of one zone."""

    def __init__(self, apex: bytes, keys: KeySet, validity: float, signatures: Signatures) -> None:
        """`validity` is seconds that a signature lasts at most."""
        self.keys = keys
        self.validity = validity
        self._apex = apex
        self._signatures = signatures
        self._fresh = RENEWED * validity
        self._at_apex = Hand.of(keys.key_signers, apex)
        self._elsewhere = Hand.of(keys.zone_signers, apex)

    def like(self, other: Signer | None) -> bool:
        """Whether the other makes the same signatures."""
        return other is not None and (self.keys, self.validity) == (other.keys, other.validity)

    def sign(self, owner: bytes, rrset: RRset, ttl: int) -> RRset:
        """The RRset with its signatures; `ttl` is the highest that it is ever given with.

        RFC 4035 section 5.3.3 lets it be given with a lower one. Of an RRset that is given in part,
        each part is signed.
        """
        rdata = rrset.rdata
        if rrset.answered is None or rrset.answered >= len(rdata):
            signatures: tuple[Signed, ...] = (self._of(owner, rrset.type, ttl, rdata),)
        else:
            starts = set(rrset.starts)
            signatures = tuple(
                [
                    self._of(owner, rrset.type, ttl, rrset.given(start)) if start in starts else ()
                    for start in range(len(rdata))
                ]
            )
        return RRset(
            rrset.type, rrset.ttl, rdata, rrset.starts, rrset.answered, rrset.pick, signatures
        )

    def lasts(self, rrsets: Iterable[RRset]) -> bool:
        """Whether no signature of these need be made anew yet."""
        fresh = self._signatures.clock() + self._fresh
        return all(
            ends(one) >= fresh for rrset in rrsets for made in rrset.signatures for one in made
        )

    def _of(self, owner: bytes, rrtype: int, ttl: int, rdata: Sequence[bytes]) -> Signed:
        hand = self._at_apex if rrtype in AT_APEX else self._elsewhere
        octets = rrset_octets(owner, rrtype, ttl, rdata)
        digest = blake2b(octets, digest_size=DIGEST, key=hand.salt).digest()
        now = self._signatures.clock()
        found = self._signatures.find(digest)
        if found is None or ends(found[0]) < now + self._fresh:
            found = self._made(hand, owner, rrtype, ttl, octets, digest, now)
            self._signatures.keep(digest, found)
        return found

    def _made(
        self,
        hand: Hand,
        owner: bytes,
        rrtype: int,
        ttl: int,
        octets: bytes,
        digest: bytes,
        now: float,
    ) -> Signed:
        """Signs the RRset's octets (RFC 4034 section 3.1.8.1)."""
        early = int.from_bytes(digest[:4]) / WRAP * SPREAD
        until = int(now + self.validity * (1 - early)) % WRAP
        since = int(now - BACKDATED) % WRAP
        labels = label_count(owner)
        made = []
        for key, algorithm, tag in hand.keys:
            data = HEAD.pack(rrtype, algorithm, labels, ttl, until, since, tag) + self._apex
            made.append(data + key.sign(data + octets))
        return tuple(made)
