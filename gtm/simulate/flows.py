"""From two plans to what moves: the fraction of clients that goes from one region to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gtm.snapshot import LAST_RESORT, Pick, Plan, Steered

Flows = Mapping[tuple[str | None, str | None], float]  # fractions that add up to 1


@dataclass(frozen=True, slots=True)
class Side:
    """A service as it is steered in one world, with a plan for one area.

    What has no region to give (SERVFAIL, NODATA, addresses of last resort) goes to None.
    """

    steered: Steered
    plan: Plan

    def heads(self) -> tuple[str | None, ...]:
        """The region that each slot names first: where clients go who get that slot."""
        regions = self.steered.regions
        firsts = (regions[at] for at in self.plan.firsts())
        return tuple(None if region == LAST_RESORT else region for region in firsts)

    def shares(self) -> dict[str | None, float]:
        """Each region's fraction of the slots, and so of the draws."""
        heads = self.heads()
        if not heads:
            return {None: 1.0}
        return {region: count / len(heads) for region, count in Counter(heads).items()}


NOWHERE: dict[str | None, float] = {None: 1.0}  # a service that is not there


def flows(before: Side | None, after: Side | None) -> Flows:
    """What moves for clients of one area; a side that is None has no such service.

    A client network that is hashed keeps its slot, so slots are compared one by one. Where a draw
    decides, clients come to another region with every window anyway; what is counted is the shift
    of the shares: no region both loses and gains.
    """
    old = NOWHERE if before is None else before.shares()
    new = NOWHERE if after is None else after.shares()
    if before and after and before.plan.pick is after.plan.pick is Pick.HASH:
        return _hashed(before, after, old, new)
    return _shifted(old, new)


def _hashed(
    before: Side, after: Side, old: Mapping[str | None, float], new: Mapping[str | None, float]
) -> Flows:
    """Slot by slot; all is shuffled where another prefix or app is hashed than before."""
    if _hash(before.steered) != _hash(after.steered):
        return {(a, b): part * other for a, part in old.items() for b, other in new.items()}
    pairs = Counter(zip(before.heads(), after.heads(), strict=True))
    total = pairs.total()
    return {pair: count / total for pair, count in pairs.items()}


def _hash(steered: Steered) -> tuple[int, int, int]:
    return steered.salt, steered.prefix4, steered.prefix6


def _shifted(old: Mapping[str | None, float], new: Mapping[str | None, float]) -> Flows:
    """The least that has to move: what a region loses is spread over those that gain."""
    found = {(name, name): min(share, new[name]) for name, share in old.items() if name in new}
    lost = {name: share - new.get(name, 0.0) for name, share in old.items()}
    gained = {name: share - old.get(name, 0.0) for name, share in new.items()}
    total = sum(gain for gain in gained.values() if gain > 0)
    for origin, loss in lost.items():
        for target, gain in gained.items():
            if loss > 0 and gain > 0:
                found[origin, target] = loss * gain / total
    return found
