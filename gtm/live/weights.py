"""How many clients are where: by the answers that were counted, else by their networks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gtm.live.spots import Part, Spot

ENOUGH = 1000  # answers to clients whose place is known: with fewer the networks tell more
FRESH = 600.0  # seconds of answers to go by, if they are enough

Weights = Mapping[int, Sequence[tuple[Spot | None, float]]]  # by area; all add up to 1


@dataclass(slots=True)
class Counted:
    """The counts of an area table as they stood lately, so that old answers do not count."""

    at: list[tuple[float, list[int]]] = field(default_factory=list)

    def lately(self, now: float, counts: Sequence[int]) -> list[int]:
        """Answers by area in the last ten minutes or more; since the start if nobody looked then.

        `now` is seconds of a clock that only goes on.
        """
        while len(self.at) > 1 and now - self.at[1][0] >= FRESH:
            self.at.pop(0)
        began = self.at[0] if self.at and now - self.at[0][0] >= FRESH else None
        if not self.at or now - self.at[-1][0] >= FRESH / 5:
            self.at.append((now, list(counts)))
        if began is None:
            return list(counts)
        return [count - before for count, before in zip(counts, began[1], strict=True)]


def by_networks(parts: Mapping[int, Sequence[Part]]) -> Weights:
    """Every place by its IPv4 addresses, or by its IPv6 networks where there are none at all.

    Clients whose place is not known are left out.
    """
    four = any(v4 for every in parts.values() for spot, v4, _ in every if spot is not None)
    found = {
        area: [(spot, v4 if four else v6) for spot, v4, v6 in every if spot is not None]
        for area, every in parts.items()
    }
    return _whole(found)


def by_traffic(parts: Mapping[int, Sequence[Part]], asked: Sequence[float]) -> Weights | None:
    """Every place by the answers that its areas were given; None where those are too few.

    An area's answers are dealt out among its places by their networks.
    """
    found: dict[int, list[tuple[Spot | None, float]]] = {}
    placed = 0.0
    for area, every in parts.items():
        count = asked[area] if area < len(asked) else 0.0
        if count <= 0:
            continue
        known = [part for part in every if part[0] is not None]
        four = any(v4 for _, v4, _ in known)
        sizes = [(spot, v4 if four else v6) for spot, v4, v6 in known]
        whole = sum(size for _, size in sizes)
        if whole > 0:
            placed += count
            found[area] = [(spot, count * size / whole) for spot, size in sizes if size]
        else:
            found[area] = [(None, count)]
    return _whole(found) if placed >= ENOUGH else None


def _whole(found: Mapping[int, Sequence[tuple[Spot | None, float]]]) -> Weights:
    total = sum(weight for every in found.values() for _, weight in every)
    if total <= 0:
        return {}
    return {
        area: [(spot, weight / total) for spot, weight in every if weight]
        for area, every in found.items()
    }
