"""What resolvers can hold, and whether a chain of trust can be made of it: slow and naive.

A resolver may hold the DS set, the DNSKEY set and a record that it asked for at different times,
from servers that were late by up to the propagation delay. It is left without a chain if any such
three don't fit together. This one is as strict as RFC 4035 section 2.2 lets it be: each algorithm
in the DS set and in the DNSKEY set must have its signatures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from gtm.dnssec.dnskey import algorithm
from gtm.dnssec.ledger import Ledger, published, signing
from gtm.dnssec.timing import Timing

Keys = frozenset[bytes]


@dataclass(frozen=True)
class KeySetHeld:
    """A DNSKEY set, and the keys that have signed it."""

    keys: Keys
    signers: Keys


@dataclass(frozen=True)
class Served:
    """What a server said from `since` on, until (at the latest) `until`."""

    what: KeySetHeld | Keys
    since: float
    ttl: float
    until: float = float("inf")


@dataclass
class Resolvers:
    """All that any resolver can hold, as time goes by."""

    timing: Timing
    ds: list[Served] = field(default_factory=list)
    keys: list[Served] = field(default_factory=list)
    records: list[Served] = field(default_factory=list)

    def serve(self, ledger: Ledger | None, now: float) -> None:
        """The zone is served by this ledger from now on; None: unsigned."""
        shown = frozenset() if ledger is None else frozenset(k.dnskey for k in published(ledger))
        signed = frozenset() if ledger is None else frozenset(k.dnskey for k in signing(ledger))
        secure = (
            frozenset()
            if ledger is None
            else frozenset(k.dnskey for k in published(ledger) if k.role.secures)
        )
        late = now + self.timing.propagation
        ttl = self.timing.dnskey if shown else self.timing.longest  # a denial, where there is none
        _replace(self.keys, Served(KeySetHeld(shown, secure), now, ttl), late)
        _replace(self.records, Served(signed, now, self.timing.longest), late)

    def delegate(self, ds: Keys, now: float, *, settled: bool) -> None:
        """The parent has this DS set on some server; `settled`: on all, from now on."""
        if settled:
            self.ds = [
                one if one.until < now else Served(one.what, one.since, one.ttl, now)
                for one in self.ds
            ]
        self.ds.append(Served(ds, now, self.timing.parent))

    def broken(self, now: float) -> tuple[object, object, object] | None:
        """Three things that a resolver can hold now and that don't fit together."""
        for ds, keys, record in product(
            _held(self.ds, now), _held(self.keys, now), _held(self.records, now)
        ):
            assert isinstance(keys, KeySetHeld)
            assert not isinstance(ds, KeySetHeld)
            assert not isinstance(record, KeySetHeld)
            if not _trusts(ds, keys, record):
                return ds, keys, record
        return None


def _replace(history: list[Served], new: Served, late: float) -> None:
    if history:
        last = history[-1]
        history[-1] = Served(last.what, last.since, last.ttl, late)
    history.append(new)


def _held(history: list[Served], now: float) -> list[KeySetHeld | Keys]:
    return [one.what for one in history if one.since <= now < one.until + one.ttl]


def _trusts(ds: Keys, keys: KeySetHeld, record: Keys) -> bool:
    if not ds:
        return True  # insecure: nothing is validated
    for number in {algorithm(one) for one in ds | keys.keys}:
        of_it = {one for one in keys.keys if algorithm(one) == number}
        if not of_it & record:
            return False
        pointed = {one for one in ds if algorithm(one) == number}
        if pointed and not pointed & of_it & keys.signers:
            return False
    return True
