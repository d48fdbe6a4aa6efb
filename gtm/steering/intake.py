"""How many of the clients that a policy sends to a region it takes: ramps and spills as shares.

A region that takes a fraction of its clients turns the others away, and they go where the policy
would send them if the region were not there. So a fraction means the same under every policy, and
a policy needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from gtm.snapshot import Pick
from gtm.steering.choice import Choice, Option
from gtm.steering.policies import Chooser, Up

Fractions = tuple[float, ...]  # from 0 to 1, by region index
DIGITS = 6  # of a share: what differs less is one decision


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """How the clients of areas are dealt out so that no region takes more than it can.

    `areas` has, for each area in which that is not as the policy says, the part of all its clients
    that each region gets; ramps are in it already. `said` is, by region, how full it is, in words.
    Compared by identity: who makes one shares it between the groups that it is for.
    """

    areas: Mapping[int, Fractions]
    said: tuple[str, ...] = ()


def dealt(chooser: Chooser, view: Hashable, up: Up, parts: Fractions) -> Choice | None:
    """The decision for clients with that view, of whom each region up gets a part.

    An answer that names several regions names others behind the one that it is counted for. If
    all that were to get some are down, it is as the policy says.
    """
    choice = chooser.choose(view, up)
    if choice is None:
        return None
    usable = chooser.usable(view) & up
    given = {at: part for at, part in enumerate(parts) if part > 0 and at in usable}
    if choice.pick is Pick.HASH:
        taken = tuple(given.get(at, 0.0) for at in range(len(parts)))
        return _dealt_hashed(choice, taken) or choice
    options = tuple((_led_by(at, choice), round(part, DIGITS)) for at, part in given.items())
    kept = tuple(option for option in options if option[1] > 0)
    return replace(choice, options=kept, names=()) if kept else choice


def _led_by(region: int, choice: Choice) -> Option:
    """The regions of an answer that begins with this one."""
    for option, _ in choice.options:
        if option[0] == region:
            return option
    first = choice.options[0][0]
    return (region, *(other for other in first if other != region))[: len(first)]


def _dealt_hashed(choice: Choice, parts: Fractions) -> Choice | None:
    """With the parts for shares: a network leaves its region only if that gets fewer clients."""
    kept = [at for at, (option, _) in enumerate(choice.options) if parts[option[0]] > 0]
    if not kept:
        return None
    return replace(
        choice,
        options=tuple((choice.options[at][0], parts[choice.options[at][0][0]]) for at in kept),
        names=tuple(choice.names[at] for at in kept),
    )


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
