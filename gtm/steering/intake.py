"""How many of the clients that a policy sends to a region it takes: ramps and spills as shares.

A region that takes a fraction of its clients turns the others away, and they go where the policy
would send them if the region were not there. So a fraction means the same under every policy, and
a policy needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from gtm.snapshot import Pick
from gtm.steering.choice import Choice, Option
from gtm.steering.policies import Chooser, Up

Fractions = tuple[float, ...]  # from 0 to 1, by region index
DIGITS = 6  # of a share: what differs less is one decision


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """What the regions of a group take of the clients that would be sent to them.

    `areas` has the fractions of the areas in which they differ from `every`. Compared by identity:
    who makes one shares it between the groups that it is for.
    """

    every: Fractions
    areas: Mapping[int, Fractions] = field(default_factory=dict)

    def of(self, area: int) -> Fractions:
        """The fractions for an area."""
        return self.areas.get(area, self.every)


def both(one: Fractions | None, other: Fractions | None) -> Fractions | None:
    """What is left where two reasons to turn clients away come together; None takes all."""
    if one is None or other is None:
        return one or other
    return tuple(a * b for a, b in zip(one, other, strict=True))


def choose(
    chooser: Chooser, view: Hashable, up: Up, fractions: Fractions | None = None
) -> Choice | None:
    """The decision for clients with that view when regions take only fractions of them.

    The region that takes most takes all, as somebody must. Where shares are `scaled` (a hashed
    choice keeps its clients only so), fractions scale them; else each region's share is thinned.
    """
    choice = chooser.choose(view, up)
    if choice is None or fractions is None:
        return choice
    taken = _full(fractions, chooser.usable(view) & up)
    if all(taken[option[0]] >= 1 for option, _ in choice.options):
        return choice
    if choice.scaled or choice.pick is Pick.HASH:
        return _scaled(choice, taken) or chooser.choose(view, _open(up, taken)) or choice
    shares = _thinned(chooser, view, up, taken)
    rounded = [(option, round(share, DIGITS)) for option, share in shares.items()]
    return replace(choice, options=tuple(pair for pair in rounded if pair[1] > 0))


def _full(fractions: Fractions, usable: Up) -> Fractions:
    most = max((fractions[index] for index in usable), default=0.0)
    if most <= 0:
        return (1.0,) * len(fractions)
    return tuple(min(1.0, fraction / most) for fraction in fractions)


def _open(up: Up, taken: Fractions) -> Up:
    return frozenset(index for index in up if taken[index] > 0)


def _scaled(choice: Choice, taken: Fractions) -> Choice | None:
    """The options that are still open, with their shares scaled; None if there is none."""
    kept = [at for at, (option, _) in enumerate(choice.options) if taken[option[0]] > 0]
    if not kept:
        return None
    options = [choice.options[at] for at in kept]
    return replace(
        choice,
        options=tuple((option, share * taken[option[0]]) for option, share in options),
        names=tuple(choice.names[at] for at in kept) if choice.names else (),
    )


def _thinned(chooser: Chooser, view: Hashable, up: Up, taken: Fractions) -> dict[Option, float]:
    """Each option's part of the clients; empty if no region is left.

    What the options of one choice turn away goes, together, where the policy sends it without the
    regions that turn any away: those may have to turn away of it in their turn.
    """
    choice = chooser.choose(view, up)
    if choice is None:
        return {}
    total = sum(share for _, share in choice.options)
    asked = {option: share / total for option, share in choice.options}
    kept = {option: share * taken[option[0]] for option, share in asked.items()}
    limited = {option[0] for option in asked if taken[option[0]] < 1}
    away = 1.0 - sum(kept.values())
    others = _thinned(chooser, view, up - limited, taken) if away > 0 and limited else {}
    if not others:  # nobody else is left, so these take all of it
        return {option: share / (1.0 - away) for option, share in kept.items()} if kept else {}
    for option, share in others.items():
        kept[option] = kept.get(option, 0.0) + away * share
    return kept
