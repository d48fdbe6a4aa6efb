"""From `tsig`, `transfer` and `updates` as written to the model's: keys that are there."""

from __future__ import annotations

from collections.abc import Mapping

from gtm.model import Zone
from gtm.peering import Transfer, TsigKey, Updates
from gtm.receivers import Guarded, Where
from gtm.zonefile import peervalues
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot, Wrong, listed, nearest, shown
from gtm.zonefile.peershape import TransferShape, TsigShape, UpdatesShape

# Ways to give a secret; the last one has been said to be wrong.
_SECRETS = ("secret_file", "secret_env", "secret")


def tsig_key(name: str, shape: TsigShape, document: Document, findings: Findings) -> TsigKey | None:
    """A key; None, with every mistake noted, where it can't be used."""
    path: KeyPath = ("tsig", name)
    try:
        known_as = peervalues.key_name(name)
    except Wrong as wrong:
        findings.wrong(document.key(path), wrong.problem, wrong.remedy)
        return None
    if shape.secret_file is not None and shape.secret_env is not None:
        spot = document.key((*path, "secret_env"))
        findings.wrong(spot, "`secret_env` stands beside `secret_file`", "keep one of them")
    if shape.secret_file is not None:
        return TsigKey(known_as, shape.algorithm, Guarded(Where.FILE, shape.secret_file))
    if shape.secret_env is not None:
        return TsigKey(known_as, shape.algorithm, Guarded(Where.ENVIRONMENT, shape.secret_env))
    written = document.value_at(path)
    if not isinstance(written, dict) or written.keys().isdisjoint(_SECRETS):
        remedy = "write `secret_file:` with a path, or `secret_env:` with the name of a variable"
        findings.wrong(document.key(path), f"the key `{name}` has no secret", remedy)
    return None


def transfer(
    shape: TransferShape | None, keys: Mapping[str, Spot], document: Document, findings: Findings
) -> Transfer | None:
    """Who may copy the zone; None: nobody. `keys` are the names that are written."""
    if shape is None:
        return None
    at: KeyPath = ("transfer",)
    if document.value_at((*at, "to")) == []:
        findings.wrong(document.key((*at, "to")), "nobody may copy the zone", "remove `transfer`")
    for number, party in enumerate(shape.to):
        spot = document.at((*at, "to", number))
        _judge_key(party.key, keys, spot, findings)
        if party.key is None and party.network is not None and party.network.prefixlen == 0:
            problem = "everybody may copy the whole zone"
            findings.warn(spot, problem, "write networks, or `{key: name}`")
    for number, secondary in enumerate(shape.notify):
        _judge_key(secondary.key, keys, document.at((*at, "notify", number)), findings)
    return Transfer(tuple(shape.to), tuple(shape.notify), shape.when_transferred)


def updates(
    shape: Mapping[str, UpdatesShape],
    keys: Mapping[str, Spot],
    document: Document,
    findings: Findings,
) -> tuple[Updates, ...]:
    """Who may change what. `keys` are the names that are written."""
    found: list[Updates] = []
    for name, one in shape.items():
        spot = document.key(("updates", name))
        try:
            key = peervalues.key_name(name)
        except Wrong as wrong:
            findings.wrong(spot, wrong.problem, wrong.remedy)
            continue
        _judge_key(key, keys, spot, findings)
        found.append(Updates(key, one.names, one.types))
    return tuple(found)


def judge_shared(found: Mapping[str, tuple[Zone, Spot]], findings: Findings) -> None:
    """A key is known by its name to the whole server, so it is the same in all zones."""
    first: dict[str, tuple[TsigKey, Spot]] = {}
    for zone, spot in found.values():
        for key in zone.tsig:
            known, there = first.setdefault(key.name, (key, spot))
            if known != key:
                problem = f"the key `{key.name.removesuffix('.')}` is another one in {there}"
                findings.wrong(spot, problem, "give one of them another name")


def _judge_key(key: str | None, keys: Mapping[str, Spot], spot: Spot, findings: Findings) -> None:
    if key is None or key in {f"{name.lower()}." for name in keys}:
        return
    word = key.removesuffix(".")
    hint = nearest(word, keys)
    known = listed(keys)
    remedy = f"write {hint}" if hint else f"write one of: {known}" if known else ""
    findings.wrong(spot, f"there is no key {shown(word)}", remedy or "define it under `tsig`")
