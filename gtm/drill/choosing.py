"""Which clients a drill looks at: some that have to move, and some of every region that stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from gtm.drill.course import Probe

MOST = 64  # probes: asked five times a second they are some 320 queries a second
LEAVING = 0.6  # of the probes, where there are clients enough of both kinds


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that was asked once, and the regions that answered."""

    service: str
    rrtype: str
    network: str
    place: str
    regions: frozenset[str]
    drawn: bool = False


def choose(candidates: Iterable[Candidate], region: str, most: int = MOST) -> tuple[Probe, ...]:
    """At most that many: services and regions by turns, clients from far apart.

    Those whom the region answers come first; the rest of the room is for the others.
    """
    leaving: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    staying: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for one in candidates:
        if region in one.regions:
            leaving[one.service,].append(one)
        elif one.regions:
            staying[one.service, *sorted(one.regions)].append(one)
    going, others = _by_turns(leaving.values()), _by_turns(staying.values())
    room = max(round(most * LEAVING), most - len(others))
    going = going[:room]
    chosen = [*going, *others[: most - len(going)]]
    return tuple(
        Probe(
            one.service,
            one.rrtype,
            one.network,
            one.place,
            one.regions,
            region in one.regions,
            one.drawn,
        )
        for one in chosen
    )


def _by_turns(groups: Iterable[Sequence[Candidate]]) -> list[Candidate]:
    """One of each group, then another of each; inside a group far apart first."""
    rounds = zip_longest(*map(_far_apart, groups))
    return [one for one in chain.from_iterable(rounds) if one is not None]


def _far_apart(group: Sequence[Candidate]) -> list[Candidate]:
    """The ends first, then what halves the gaps: neighbours in the list are alike."""
    order: list[int] = []
    spans = [(0, len(group) - 1)]
    taken: set[int] = set()
    for at in (0, len(group) - 1):
        if at not in taken:
            taken.add(at)
            order.append(at)
    while spans:
        first, last = spans.pop(0)
        middle = (first + last) // 2
        if middle not in taken:
            taken.add(middle)
            order.append(middle)
        if last - first > 1:
            spans += [(first, middle), (middle, last)]
    return [group[at] for at in order]
