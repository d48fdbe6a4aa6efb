"""How keys are changed: steps that an operator takes, each refused until it is safe.

A pure state machine over ledgers: time is an argument, in Unix seconds. After each step resolvers
may hold for a while what was served before it; the next step waits until nothing that they can
hold depends on what it takes away. The words of RFC 7583 for the delays stand in `timing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum

from gtm.dnssec.ledger import Entry, Kind, Ledger, Phase, Role, Roll, Stage
from gtm.dnssec.timing import Timing


class Awaited(Enum):
    """What a phase waits for."""

    RECORDS = "records"  # until no resolver holds records, or their signatures, from before
    DNSKEYS = "dnskeys"  # until none holds the DNSKEY set from before
    DS = "ds"  # until none holds the DS set from before
    SEEN = "seen"  # until the operator has seen the new DS at the parent
    GONE = "gone"  # until the operator has seen that the parent has no DS
    NOBODY = "nobody"  # it is the end


# What each kind goes through, and what each phase waits for before the next. After the last one
# the old keys are removed.
COURSES: Mapping[Kind, tuple[tuple[Phase, Awaited], ...]] = {
    Kind.START: ((Phase.INTRODUCED, Awaited.RECORDS), (Phase.DS_WANTED, Awaited.SEEN)),
    Kind.ZSK: ((Phase.INTRODUCED, Awaited.DNSKEYS), (Phase.SWITCHED, Awaited.RECORDS)),
    Kind.KSK: (
        (Phase.INTRODUCED, Awaited.DNSKEYS),
        (Phase.DS_WANTED, Awaited.SEEN),
        (Phase.DS_SEEN, Awaited.DS),
    ),
    Kind.ALL: (
        (Phase.INTRODUCED, Awaited.DNSKEYS),
        (Phase.DS_WANTED, Awaited.SEEN),
        (Phase.DS_SEEN, Awaited.DS),
    ),
    Kind.ALGORITHM: (
        (Phase.SIGNED, Awaited.RECORDS),
        (Phase.INTRODUCED, Awaited.DNSKEYS),
        (Phase.DS_WANTED, Awaited.SEEN),
        (Phase.DS_SEEN, Awaited.DS),
        (Phase.WITHDRAWN, Awaited.DNSKEYS),
    ),
    Kind.UNSIGN: (
        (Phase.DS_UNWANTED, Awaited.GONE),
        (Phase.DS_GONE, Awaited.DS),
        (Phase.UNSECURED, Awaited.NOBODY),
    ),
}

# What can be taken back: nothing that resolvers hold needs the new keys yet.
REVOCABLE = {
    (Kind.ZSK, Phase.INTRODUCED),
    (Kind.KSK, Phase.INTRODUCED),
    (Kind.ALL, Phase.INTRODUCED),
    (Kind.ALGORITHM, Phase.SIGNED),
    (Kind.UNSIGN, Phase.DS_UNWANTED),
}


class Refused(Exception):  # noqa: N818 - it reads as what it says of a step
    """A step that is not to be taken: `why`, and the Unix time when it is safe, if one is known."""

    def __init__(self, why: str, until: float | None = None) -> None:
        """`why` is a clause in an operator's words."""
        super().__init__(why)
        self.why = why
        self.until = until


def awaited(roll: Roll) -> Awaited:
    """What the phase waits for."""
    return dict(COURSES[roll.kind])[roll.phase]


def begun(entries: Iterable[Entry], now: float, timing: Timing) -> Ledger:
    """A zone's first keys: they sign at once, and the DS follows when all holds signed records."""
    keys = tuple(replace(entry, stage=Stage.NEW) for entry in entries)
    return Ledger(keys, _entered(Kind.START, Phase.INTRODUCED, now, timing))


def introduced(
    ledger: Ledger, kind: Kind, entries: Iterable[Entry], now: float, timing: Timing
) -> Ledger:
    """A roll-over begins: `entries` are to take the place of the keys with such roles."""
    _require_rest(ledger)
    old = [replace(key, stage=Stage.OLD) if _leaves(key.role, kind) else key for key in ledger.keys]
    if all(key.stage is Stage.ACTIVE for key in old):
        raise Refused(f"there is no {kind.value.upper()}: one key signs all")
    new = [replace(entry, stage=Stage.NEW) for entry in entries]
    roll = _entered(kind, COURSES[kind][0][0], now, timing)
    return replace(ledger, keys=(*old, *new), roll=roll)


def unsigning(ledger: Ledger, now: float, timing: Timing) -> Ledger:
    """The zone is to be unsigned: first the parent is asked to take the DS away."""
    _require_rest(ledger)
    return replace(ledger, roll=_entered(Kind.UNSIGN, Phase.DS_UNWANTED, now, timing))


def safe_at(roll: Roll, timing: Timing) -> float | None:
    """When the next step is safe; None where that is for the operator to see.

    By the longer of the TTLs when the phase began and those now.
    """
    again = _entered(roll.kind, roll.phase, roll.since, timing, roll.switched)
    if awaited(roll) in (Awaited.SEEN, Awaited.GONE, Awaited.NOBODY):
        return None
    return max(roll.until, again.until)


def advanced(ledger: Ledger, now: float, timing: Timing, *, force: bool = False) -> Ledger:
    """The next step. Raises Refused where it is not safe yet, or waits for the operator."""
    roll = ledger.roll
    if roll is None:
        raise Refused("nothing is under way")
    waits = awaited(roll)
    if waits is Awaited.NOBODY:
        raise Refused("nothing is left to do here: take `dnssec` out of the zone file")
    if waits in (Awaited.SEEN, Awaited.GONE):
        raise Refused("it is the parent's turn")
    ready = safe_at(roll, timing)
    if ready is not None and now < ready and not force:
        raise Refused("resolvers may still hold what was served before", ready)
    return _next(ledger, roll, now, timing)


def ds_seen(ledger: Ledger, now: float, timing: Timing) -> Ledger:
    """The operator has seen that all servers of the parent give the DS wanted, and no other."""
    return _told(ledger, Awaited.SEEN, "no new DS is awaited", now, timing)


def ds_gone(ledger: Ledger, now: float, timing: Timing) -> Ledger:
    """The operator has seen that no server of the parent gives a DS."""
    return _told(ledger, Awaited.GONE, "the DS is to stay", now, timing)


def cancelled(ledger: Ledger) -> Ledger:
    """As before the roll-over. Raises Refused once something may depend on the new keys."""
    roll = ledger.roll
    if roll is None:
        raise Refused("nothing is under way")
    if (roll.kind, roll.phase) not in REVOCABLE:
        raise Refused("it has come too far: go on to its end, then roll again")
    stay = (key for key in ledger.keys if key.stage is not Stage.NEW)
    return replace(ledger, keys=_active(stay), roll=None)


def _told(ledger: Ledger, awaits: Awaited, otherwise: str, now: float, timing: Timing) -> Ledger:
    roll = ledger.roll
    if roll is None or awaited(roll) is not awaits:
        raise Refused(otherwise)
    return _next(ledger, roll, now, timing)


def _leaves(role: Role, kind: Kind) -> bool:
    if kind is Kind.ZSK:
        return role is Role.ZSK
    return kind is not Kind.KSK or role is Role.KSK


def _require_rest(ledger: Ledger) -> None:
    if ledger.roll is not None:
        raise Refused("a change of keys is under way: one at a time")


def _next(ledger: Ledger, roll: Roll, now: float, timing: Timing) -> Ledger:
    """One phase on, whatever was waited for; behind the last one the old keys are gone."""
    phases = [phase for phase, _ in COURSES[roll.kind]]
    at = phases.index(roll.phase) + 1
    if at == len(phases):
        stay = (key for key in ledger.keys if key.stage is not Stage.OLD)
        return replace(ledger, keys=_active(stay), roll=None, secured=True)
    switches = roll.kind is Kind.ALL and phases[at] is Phase.DS_WANTED
    entered = _entered(roll.kind, phases[at], now, timing, now if switches else roll.switched)
    # an algorithm's DS set may have both; that of the old alone is what must not be lost
    secured = ledger.secured and phases[at] is not Phase.UNSECURED
    return replace(ledger, roll=entered, secured=secured)


def _entered(
    kind: Kind, phase: Phase, now: float, timing: Timing, switched: float | None = None
) -> Roll:
    """A phase that begins, with the moment from which on the next is safe."""
    waits = dict(COURSES[kind])[phase]
    until = now + timing.propagation
    if waits is Awaited.RECORDS:
        since = max(now, timing.signed) if kind is Kind.START else now
        until = since + timing.propagation + timing.longest
    elif waits is Awaited.DNSKEYS:
        until = now + timing.propagation + timing.dnskey
    elif waits is Awaited.DS:
        until = now + timing.propagation + timing.parent
        if switched is not None:  # records signed by the old keys must be gone too
            until = max(until, switched + timing.propagation + timing.longest)
    else:
        until = now
    return Roll(kind, phase, now, until, switched)


def _active(keys: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(replace(key, stage=Stage.ACTIVE) for key in keys)
