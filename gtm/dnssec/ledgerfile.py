"""A ledger as a file: `keys.json` beside the keys of a zone.

It holds no secret. Keys stand in files of their own, named by algorithm and tag.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.dnssec import dnskey
from gtm.dnssec.ledger import EFFECTS, Entry, Kind, Ledger, Phase, Role, Roll, Stage
from gtm.durable import Damaged

NAME = "keys.json"
LATEST = 2.0**40  # Unix seconds: far beyond any clock
MOST_KEYS = 16  # a roll-over has four


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _KeyShape(_Shape):
    dnskey: str = Field(max_length=4096)
    role: Role
    stage: Stage
    created: float = Field(ge=0, le=LATEST)


class _RollShape(_Shape):
    kind: Kind
    phase: Phase
    since: float = Field(ge=0, le=LATEST)
    until: float = Field(ge=0, le=LATEST)
    switched: float | None = Field(default=None, ge=0, le=LATEST)


class _LedgerShape(_Shape):
    version: Literal[1]
    zone: str
    secured: bool
    keys: list[_KeyShape] = Field(min_length=1, max_length=MOST_KEYS)
    roll: _RollShape | None


def file_name(rdata: bytes) -> str:
    """Where the private key of a DNSKEY is kept: `13-04711.pem`."""
    return f"{dnskey.algorithm(rdata):02}-{dnskey.tag(rdata):05}.pem"


def written(ledger: Ledger, zone: str) -> bytes:
    """The file of a ledger."""
    roll = ledger.roll
    shape = _LedgerShape(
        version=1,
        zone=zone,
        secured=ledger.secured,
        keys=[
            _KeyShape(
                dnskey=dnskey.to_text(key.dnskey),
                role=key.role,
                stage=key.stage,
                created=key.created,
            )
            for key in ledger.keys
        ],
        roll=None
        if roll is None
        else _RollShape(
            kind=roll.kind,
            phase=roll.phase,
            since=roll.since,
            until=roll.until,
            switched=roll.switched,
        ),
    )
    return shape.model_dump_json(indent=2).encode() + b"\n"


def read(data: bytes, zone: str) -> Ledger:
    """The ledger of a file. Raises Damaged, which says in what it is not what was written."""
    try:
        shape = _LedgerShape.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise Damaged(f"{where}: {fault['msg']}") from None
    if shape.zone != zone:
        raise Damaged(f"it is of the zone {shape.zone[:300]!r}")
    keys = tuple(_entry(key) for key in shape.keys)
    roll = None if shape.roll is None else _roll(shape.roll)
    ledger = Ledger(keys, roll, shape.secured)
    _require_sense(ledger)
    return ledger


def _entry(shape: _KeyShape) -> Entry:
    try:
        owner, rdata = dnskey.from_text(shape.dnskey)
    except ValueError as error:
        raise Damaged(f"a DNSKEY in it: {error}") from None
    if owner is not None or dnskey.is_sep(rdata) != shape.role.secures:
        raise Damaged(f"a DNSKEY in it is not that of a {shape.role.value.upper()}")
    return Entry(rdata, shape.role, shape.stage, shape.created)


def _roll(shape: _RollShape) -> Roll:
    if (shape.kind, shape.phase) not in EFFECTS:
        raise Damaged(f"a change of kind {shape.kind.value} is never in phase {shape.phase.value}")
    return Roll(shape.kind, shape.phase, shape.since, shape.until, shape.switched)


def _require_sense(ledger: Ledger) -> None:
    """With or without the keys that come, somebody must sign the DNSKEY RRset and the records."""
    names = [file_name(key.dnskey) for key in ledger.keys]
    if len(set(names)) < len(names):
        raise Damaged("two keys in it have the same tag")
    stages = {key.stage for key in ledger.keys}
    kind = None if ledger.roll is None else ledger.roll.kind
    due = {
        None: {Stage.ACTIVE},
        Kind.UNSIGN: {Stage.ACTIVE},
        Kind.START: {Stage.NEW},
        Kind.ALL: {Stage.OLD, Stage.NEW},
        Kind.ALGORITHM: {Stage.OLD, Stage.NEW},
    }.get(kind, set(Stage))
    if stages != due:
        raise Damaged("the stages of its keys do not fit what is under way")
    for leaving in (Stage.NEW, Stage.OLD):
        left = [key.role for key in ledger.keys if key.stage is not leaving] or [Role.CSK]
        if not any(role.secures for role in left) or not any(role.signs for role in left):
            raise Damaged("a key is missing in it")
