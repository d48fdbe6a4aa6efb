"""Where a zone's keys stand, in an operator's words: what holds, what comes next, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gtm.dnssec.ledger import Kind, Ledger, Phase, Stage, effect
from gtm.dnssec.rollover import Awaited, awaited, safe_at
from gtm.dnssec.timing import Timing


@dataclass(frozen=True, slots=True)
class Outlook:
    """`doing` is what is under way, `now` what holds, `next` what the next step does.

    `command` takes that step, "" where there is none; it is safe from `at` on (Unix time), None
    where that is for the operator to see. `breaks` is what happens if it is forced before.
    """

    doing: str
    now: str
    next: str
    command: str
    at: float | None
    breaks: str


# What each kind is called.
DOING: Mapping[Kind, str] = {
    Kind.START: "the first keys",
    Kind.ZSK: "a roll-over of the ZSK",
    Kind.KSK: "a roll-over of the KSK",
    Kind.ALL: "a roll-over",
    Kind.ALGORITHM: "a roll-over to another algorithm",
    Kind.UNSIGN: "going unsigned",
}

_BOTH_DS = "the new key is published and signs the DNSKEY set beside the old one"
_NOW: Mapping[tuple[Kind, Phase], str] = {
    (Kind.START, Phase.INTRODUCED): "the zone is signed; resolvers may still hold unsigned records",
    (Kind.START, Phase.DS_WANTED): "the zone is signed everywhere; the parent may have its DS",
    (Kind.ZSK, Phase.INTRODUCED): "the new key is published, and signs nothing yet",
    (
        Kind.ZSK,
        Phase.SWITCHED,
    ): "the new key signs; the old one is published for what it has signed",
    (Kind.KSK, Phase.INTRODUCED): _BOTH_DS,
    (Kind.KSK, Phase.DS_WANTED): "every resolver knows the new key; the DS can change",
    (Kind.KSK, Phase.DS_SEEN): "the new DS is there; resolvers may still hold the old one",
    (Kind.ALL, Phase.INTRODUCED): _BOTH_DS,
    (Kind.ALL, Phase.DS_WANTED): "the new key signs the records; the DS can change",
    (Kind.ALL, Phase.DS_SEEN): "the new DS is there; resolvers may still hold the old one",
    (Kind.ALGORITHM, Phase.SIGNED): "records are signed by both algorithms; the new key is not "
    "published yet",
    (Kind.ALGORITHM, Phase.INTRODUCED): "both keys are published and sign everything",
    (Kind.ALGORITHM, Phase.DS_WANTED): "every resolver knows the new key; the DS can change",
    (Kind.ALGORITHM, Phase.DS_SEEN): "the new DS is there; resolvers may still hold the old one",
    (Kind.ALGORITHM, Phase.WITHDRAWN): "the old key is published no more, but goes on signing for "
    "resolvers that still hold it",
    (Kind.UNSIGN, Phase.DS_UNWANTED): "the zone is signed; the parent is asked to take its DS away",
    (Kind.UNSIGN, Phase.DS_GONE): "the DS is gone; resolvers may still hold it",
    (Kind.UNSIGN, Phase.UNSECURED): "nobody needs the signatures any more",
}
_NEXT: Mapping[tuple[Kind, Phase], str] = {
    (Kind.START, Phase.INTRODUCED): "the DS may go to the parent (and CDS asks for it)",
    (Kind.ZSK, Phase.INTRODUCED): "the new key signs in place of the old one",
    (Kind.ZSK, Phase.SWITCHED): "the old key is removed",
    (Kind.KSK, Phase.INTRODUCED): "the DS may change (and CDS asks for it)",
    (Kind.KSK, Phase.DS_SEEN): "the old key is removed",
    (Kind.ALL, Phase.INTRODUCED): "the new key signs the records, and the DS may change",
    (Kind.ALL, Phase.DS_SEEN): "the old key is removed",
    (Kind.ALGORITHM, Phase.SIGNED): "the new key is published",
    (Kind.ALGORITHM, Phase.INTRODUCED): "the DS may change (and CDS asks for it)",
    (Kind.ALGORITHM, Phase.DS_SEEN): "the old key is published no more",
    (Kind.ALGORITHM, Phase.WITHDRAWN): "the signatures of the old key are removed",
    (Kind.UNSIGN, Phase.DS_GONE): "`dnssec` can be taken out of the zone file",
    (Kind.UNSIGN, Phase.UNSECURED): "take `dnssec` out of the zone file",
}

_BREAKS: Mapping[Awaited, str] = {
    Awaited.RECORDS: "resolvers that hold records from before, with no signature or that of "
    "another key, find no key for it and answer SERVFAIL until these have expired",
    Awaited.DNSKEYS: "resolvers that hold the DNSKEY set from before find no key for what they are "
    "then given, and answer SERVFAIL until it has expired",
    Awaited.DS: "resolvers that hold the DS set from before find nothing that it points to, and "
    "answer SERVFAIL for the whole zone until it has expired",
}


def outlook(ledger: Ledger, timing: Timing, zone: str) -> Outlook:
    """Where the keys stand; `zone` is the name as commands take it."""
    roll = ledger.roll
    if ledger.bare:
        now = "the keys are files that gtm did not make: each is published and signs everything"
        return Outlook("", now, "", "", None, "")
    if roll is None:
        return Outlook("", "the keys are in use, and nothing is under way", "", "", None, "")
    waits = awaited(roll)
    here = roll.kind, roll.phase
    if waits is Awaited.SEEN:
        step, command = _to_do_at_parent(ledger), f"gtm keys ds-seen {zone}"
    elif waits is Awaited.GONE:
        step = "have the parent remove its DS; when none of its servers gives one, say so"
        command = f"gtm keys ds-gone {zone}"
    else:
        step = _NEXT[here]
        command = "" if waits is Awaited.NOBODY else f"gtm keys next {zone}"
    at = safe_at(roll, timing)
    return Outlook(DOING[roll.kind], _NOW[here], step, command, at, _BREAKS.get(waits, ""))


def _to_do_at_parent(ledger: Ledger) -> str:
    replaces = any(key.stage is Stage.OLD for key in ledger.keys)
    instead = " in place of the old one" if replaces else ""
    return (
        f"give the parent the DS below{instead}; when all of its servers give it and no other, "
        "say so"
    )


def doing(entry_stage: Stage, ledger: Ledger, *, signs: bool, secures: bool) -> str:
    """What a key does now: `signs all`, `signs the DNSKEY set`, `is published`, ..."""
    now = effect(ledger)
    published = {Stage.NEW: now.new_published, Stage.OLD: now.old_published}.get(entry_stage, True)
    signing = {Stage.NEW: now.new_signs, Stage.OLD: now.old_signs}.get(entry_stage, True)
    parts = []
    if published and secures:
        parts.append("the DNSKEY set")
    if signing and signs:
        parts.append("the records")
    if not parts:
        return "is published" if published else "is not used"
    text = f"signs {' and '.join(parts)}"
    return text if published else f"{text}, is not published"
