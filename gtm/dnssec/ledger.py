"""What is known of a zone's keys: what each is for, and how far a roll-over has come.

A ledger changes only by what an operator does (`rollover.py`); what is published and signed
follows from it alone, so nothing changes by the clock. Times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gtm.dnssec import dnskey
from gtm.dnssec.keys import Key, KeySet
from gtm.model import Dnssec


class Role(Enum):
    """What a key is for (RFC 6781 section 3.1): the DNSKEY RRset, all else, or both."""

    CSK = "csk"
    KSK = "ksk"
    ZSK = "zsk"

    @property
    def secures(self) -> bool:
        """Whether a DS points to it, and it signs the DNSKEY RRset."""
        return self is not Role.ZSK

    @property
    def signs(self) -> bool:
        """Whether it signs the zone's records."""
        return self is not Role.KSK


class Stage(Enum):
    """Where a key stands in the roll-over under way: it comes, stays or goes."""

    NEW = "new"
    ACTIVE = "active"
    OLD = "old"


class Kind(Enum):
    """What is under way."""

    START = "start"
    ZSK = "zsk"
    KSK = "ksk"
    ALL = "all"
    ALGORITHM = "algorithm"
    UNSIGN = "unsign"


class Phase(Enum):
    """How far it has come; each kind has some of them, in this order."""

    SIGNED = "signed"
    INTRODUCED = "introduced"
    SWITCHED = "switched"
    DS_WANTED = "ds_wanted"
    DS_SEEN = "ds_seen"
    WITHDRAWN = "withdrawn"
    DS_UNWANTED = "ds_unwanted"
    DS_GONE = "ds_gone"
    UNSECURED = "unsecured"


@dataclass(frozen=True, slots=True)
class Entry:
    """A key in the ledger: its DNSKEY data in wire form."""

    dnskey: bytes
    role: Role
    stage: Stage
    created: float

    @property
    def tag(self) -> int:
        """The key tag."""
        return dnskey.tag(self.dnskey)


@dataclass(frozen=True, slots=True)
class Roll:
    """A change of keys under way.

    Its phase began at `since`; the next is safe at `until`, by the TTLs that held then. `switched`
    is when records began to be signed by the new keys, where they no longer are by the old.
    """

    kind: Kind
    phase: Phase
    since: float
    until: float
    switched: float | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The keys of a zone. `secured`: the parent is known to have a DS for them.

    `bare` keys are files that somebody else put there, each signing all; nothing more is known.
    """

    keys: tuple[Entry, ...]
    roll: Roll | None = None
    secured: bool = False
    bare: bool = False


class Wants(Enum):
    """Which keys the parent's DS has to point to (and CDS and CDNSKEY ask it to)."""

    NOTHING = "nothing"
    STAYING = "staying"  # the old ones, or those that have no successor
    COMING = "coming"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Effect:
    """What holds in a phase: whether old and new keys are published and sign the records."""

    old_published: bool
    old_signs: bool
    new_published: bool
    new_signs: bool
    wants: Wants


_YES, _NO = True, False
_STAYS = Effect(_YES, _YES, _YES, _YES, Wants.STAYING)
EFFECTS: Mapping[tuple[Kind, Phase], Effect] = {
    (Kind.START, Phase.INTRODUCED): Effect(_NO, _NO, _YES, _YES, Wants.NOTHING),
    (Kind.START, Phase.DS_WANTED): Effect(_NO, _NO, _YES, _YES, Wants.COMING),
    # pre-publication (RFC 6781 section 4.1.1.1)
    (Kind.ZSK, Phase.INTRODUCED): Effect(_YES, _YES, _YES, _NO, Wants.STAYING),
    (Kind.ZSK, Phase.SWITCHED): Effect(_YES, _NO, _YES, _YES, Wants.STAYING),
    # double KSK (RFC 6781 section 4.1.2, RFC 7583 section 2.2)
    (Kind.KSK, Phase.INTRODUCED): Effect(_YES, _YES, _YES, _NO, Wants.STAYING),
    (Kind.KSK, Phase.DS_WANTED): Effect(_YES, _NO, _YES, _YES, Wants.COMING),
    (Kind.KSK, Phase.DS_SEEN): Effect(_YES, _NO, _YES, _YES, Wants.COMING),
    # a CSK, or both keys: double for the DNSKEY RRset, pre-published for the records
    (Kind.ALL, Phase.INTRODUCED): Effect(_YES, _YES, _YES, _NO, Wants.STAYING),
    (Kind.ALL, Phase.DS_WANTED): Effect(_YES, _NO, _YES, _YES, Wants.COMING),
    (Kind.ALL, Phase.DS_SEEN): Effect(_YES, _NO, _YES, _YES, Wants.COMING),
    # the conservative way (RFC 6781 section 4.1.4): signatures come first and go last
    (Kind.ALGORITHM, Phase.SIGNED): Effect(_YES, _YES, _NO, _YES, Wants.STAYING),
    (Kind.ALGORITHM, Phase.INTRODUCED): Effect(_YES, _YES, _YES, _YES, Wants.STAYING),
    (Kind.ALGORITHM, Phase.DS_WANTED): Effect(_YES, _YES, _YES, _YES, Wants.COMING),
    (Kind.ALGORITHM, Phase.DS_SEEN): Effect(_YES, _YES, _YES, _YES, Wants.COMING),
    (Kind.ALGORITHM, Phase.WITHDRAWN): Effect(_NO, _YES, _YES, _YES, Wants.COMING),
    # RFC 8078 section 4
    (Kind.UNSIGN, Phase.DS_UNWANTED): Effect(_YES, _YES, _YES, _YES, Wants.DELETE),
    (Kind.UNSIGN, Phase.DS_GONE): Effect(_YES, _YES, _YES, _YES, Wants.DELETE),
    (Kind.UNSIGN, Phase.UNSECURED): Effect(_YES, _YES, _YES, _YES, Wants.DELETE),
}


def effect(ledger: Ledger) -> Effect:
    """What holds now."""
    roll = ledger.roll
    return _STAYS if roll is None else EFFECTS[roll.kind, roll.phase]


def published(ledger: Ledger) -> tuple[Entry, ...]:
    """The keys in the DNSKEY RRset."""
    now = effect(ledger)
    shown = {Stage.ACTIVE: True, Stage.NEW: now.new_published, Stage.OLD: now.old_published}
    return tuple(key for key in ledger.keys if shown[key.stage])


def signing(ledger: Ledger) -> tuple[Entry, ...]:
    """The keys that sign the records."""
    now = effect(ledger)
    signs = {Stage.ACTIVE: True, Stage.NEW: now.new_signs, Stage.OLD: now.old_signs}
    return tuple(key for key in ledger.keys if key.role.signs and signs[key.stage])


def wanted(ledger: Ledger) -> tuple[Entry, ...]:
    """The keys that the parent's DS has to point to."""
    wants = effect(ledger).wants
    if wants not in (Wants.STAYING, Wants.COMING):
        return ()
    leaving = Stage.OLD if wants is Wants.COMING else Stage.NEW
    return tuple(key for key in ledger.keys if key.role.secures and key.stage is not leaving)


def key_set(ledger: Ledger, held: Mapping[bytes, Key], zone: bytes, dnssec: Dnssec) -> KeySet:
    """What the signer of a zone (its name in wire form) goes by; `held` are keys by DNSKEY."""
    ours = published(ledger)
    cds, cdnskeys = _told(ledger, zone, dnssec) if dnssec.cds else ((), ())
    return KeySet(
        tuple(sorted({*(key.dnskey for key in ours), *dnssec.imports})),
        tuple(held[key.dnskey] for key in ours if key.role.secures),
        tuple(held[key.dnskey] for key in signing(ledger)),
        cds,
        cdnskeys,
        dnssec.ttl,
    )


def _told(
    ledger: Ledger, zone: bytes, dnssec: Dnssec
) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """CDS and CDNSKEY: what the parent's DS should become (RFC 7344 section 4).

    All providers say the same, so keys of others that a DS points to are there too (RFC 8901
    section 8).
    """
    wants = effect(ledger).wants
    if wants is Wants.DELETE:
        return (dnskey.CDS_DELETE,), (dnskey.CDNSKEY_DELETE,)
    if wants is Wants.NOTHING:
        return (), ()
    found = parent_keys(ledger, dnssec)
    return tuple(sorted(dnskey.ds(zone, one) for one in found)), found


def parent_keys(ledger: Ledger, dnssec: Dnssec) -> tuple[bytes, ...]:
    """The DNSKEYs that the parent's DS RRset has to point to, other providers' included."""
    own = {key.dnskey for key in wanted(ledger)}
    others = {one for one in dnssec.imports if dnskey.is_sep(one)}
    return tuple(sorted(own | others))
