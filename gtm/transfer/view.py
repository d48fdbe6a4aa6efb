"""What stands in a copy in the place of a steered name: who has it can't steer."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gtm.compile.groups import Group
from gtm.dns.types import Type
from gtm.peering import View
from gtm.snapshot import RRset, Snapshot, Steered, ZoneData

NOWHERE = 0  # 0.0.0.0, an address that no database has (RFC 6890 section 2.2.2)
Chosen = Mapping[bytes, tuple[RRset, ...]]  # records by steered name


def chosen(snapshot: Snapshot, groups: Sequence[Group], zone: ZoneData, view: View) -> Chosen:
    """The records of every steered name of a zone, as a copy has them."""
    return {
        name: tuple(_of(snapshot, groups, node.steered, view))
        for name, node in zone.names.items()
        if node.steered is not None
    }


def digest(found: Chosen) -> str:
    """What tells one choice from another; TTLs and the order of records do not count."""
    total = hashlib.sha256()
    for name in sorted(found):
        for rrset in sorted(found[name], key=lambda each: each.type):
            head = name + rrset.type.to_bytes(2, "big")
            for data in sorted(rrset.rdata):
                total.update(head + len(data).to_bytes(2, "big") + data)
    return total.hexdigest()


def _of(
    snapshot: Snapshot, groups: Sequence[Group], steered: Steered, view: View
) -> Iterator[RRset]:
    answers = snapshot.answers[steered.number]
    picked = _fallback(snapshot, steered)
    if view is View.ALL:
        picked = tuple(sorted(groups[steered.group].up_indices())) or picked
    together: dict[int, list[RRset]] = {}
    for index in picked:
        for rrset in answers[index]:
            together.setdefault(rrset.type, []).append(rrset)
    alias = together.pop(int(Type.CNAME), None)
    if alias is not None and (not together or _is_alias(answers[picked[0]])):
        yield alias[0]  # a CNAME stands alone (RFC 2181 section 10.1), so it is the first
        return
    for found in together.values():
        yield found[0] if len(found) == 1 else _joined(found)


def _is_alias(records: Sequence[RRset]) -> bool:
    return any(rrset.type == Type.CNAME for rrset in records)


def _joined(found: Sequence[RRset]) -> RRset:
    data = dict.fromkeys(one for rrset in found for one in rrset.rdata)
    ttl = min(rrset.ttl for rrset in found)
    return replace(found[0], ttl=ttl, rdata=tuple(data), signatures=())


def _fallback(snapshot: Snapshot, steered: Steered) -> tuple[int, ...]:
    """The answers given together to most of the clients that nobody can place."""
    area = steered.areas.find(32, NOWHERE) >> 8
    plan = snapshot.plans[steered.group][area]
    width = plan.width
    if not width:
        return ()
    slots = Counter(
        plan.slots[at : at + width] for at in range(0, len(plan.slots) // width * width, width)
    )
    most = max(slots.values(), default=0)
    first = next((slot for slot, count in slots.items() if count == most), ())
    return tuple(dict.fromkeys(index for index in first if index >= 0))
