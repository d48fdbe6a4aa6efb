"""Slots that name several regions, in signed zones: each is an answer of its own there.

A signature is over an RRset as a whole (RFC 4035 section 2.2), so what a plan would have planes put
together is put together here, and signed. The answers of such slots stand behind those of the
regions and of last resort, numbered as they first came up; numbers stay until zones are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from gtm.dns.types import Type
from gtm.snapshot import ALONE, NOBODY, Pick, Plan, RRset

Slot = tuple[int, ...]  # the numbers of regions, nearest first


def slots_in(plans: Sequence[Plan], known: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """The slots of several regions that are known, and behind them those of the plans."""
    found = dict.fromkeys(known)
    for plan in {id(plan): plan for plan in plans}.values():
        if plan.width > 1:
            found.update(dict.fromkeys(slot for slot in set(_slots(plan)) if len(slot) > 1))
    return known if len(found) == len(known) else (*known, *sorted(found.keys() - set(known)))


def narrowed(plans: Sequence[Plan], joined: tuple[Slot, ...], first: int) -> Sequence[Plan]:
    """The plans with one number for each slot; that of `joined[0]` is `first`."""
    numbers = {slot: first + index for index, slot in enumerate(joined)}
    regions = {number: slot for slot, number in numbers.items()}
    made: dict[int, Plan] = {}
    for plan in plans:
        if id(plan) not in made:
            made[id(plan)] = _narrow(plan, numbers, regions)
    return tuple([made[id(plan)] for plan in plans])


def _narrow(plan: Plan, numbers: Mapping[Slot, int], regions: Mapping[int, Slot]) -> Plan:
    if plan.width <= 1:
        return plan
    slots = tuple([numbers.get(slot, slot[0]) for slot in _slots(plan)])
    used = {number: regions[number] for number in set(slots) if number in regions}
    return replace(plan, slots=slots, width=1, joined=used)


def _slots(plan: Plan) -> Sequence[Slot]:
    """The plan's slots, without what only fills them."""
    width = plan.width
    parts = [plan.slots[at : at + width] for at in range(0, len(plan.slots), width)]
    return [tuple([number for number in part if number != NOBODY]) for part in parts]


def joined_records(regions: Sequence[Sequence[RRset]]) -> tuple[RRset, ...]:
    """The records of several regions, nearest first, as one answer; not signed yet.

    As where they are put together for each answer: a CNAME stands alone, and is given to who asks
    for a type that no region before it has.
    """
    found: dict[int, list[RRset]] = {}
    alias: RRset | None = None
    for records in regions:
        for rrset in records:
            if rrset.type == Type.CNAME:
                alias = alias or rrset
            elif rrset.type in found:
                if rrset.type not in ALONE:
                    found[rrset.type].append(rrset)
            elif alias is None:
                found[rrset.type] = [rrset]
    joined = [_joined(tuple(parts)) for parts in found.values()]
    return tuple(joined if alias is None else [*joined, alias])


@lru_cache(maxsize=4096)
def _joined(parts: tuple[RRset, ...]) -> RRset:
    """RRsets of one type as one. Every part begins where its own balance has it begin.

    Where these move, each answer that can come of it stands in `rdata` as a run of records.
    """
    first = parts[0]
    if len(parts) == 1:
        return replace(first, signatures=())
    turns = max(len(part.starts) for part in parts)
    runs: dict[tuple[bytes, ...], int] = {}
    order = []
    for turn in range(turns):
        given = [part.given(part.starts[turn * len(part.starts) // turns]) for part in parts]
        run = tuple(dict.fromkeys(data for each in given for data in each))
        order.append(run)
        runs.setdefault(run, len(runs))
    size = len(order[0])
    if len(runs) == 1 or any(len(run) != size for run in runs):
        # one record in two regions: runs of unequal length can't be told apart by where they begin
        return RRset(first.type, first.ttl, order[0])
    rdata = tuple([data for run in runs for data in run])
    starts = tuple([runs[run] * size for run in order])
    hashed = any(part.pick is Pick.HASH for part in parts if len(part.starts) > 1)
    return RRset(first.type, first.ttl, rdata, starts, size, Pick.HASH if hashed else Pick.RANDOM)
