"""Where CNAMEs lead inside a zone: in a circle, or further than is followed."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from gtm.dns.lookup import MAX_CHAIN
from gtm.zonefile import names

# A message names no more of them.
MAX_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Aliases:
    """The names of a zone that are answered with a CNAME, and where each may lead.

    A service has a target for each region with a host name. `standing` are all names that exist,
    those between them and the apex too: a wildcard stands in for no other name. `redirected` are
    the names with a DNAME, and its target: it leads every name below on (RFC 6672 section 2.2).
    """

    zone: str
    targets: Mapping[str, tuple[str, ...]]
    standing: Container[str]
    redirected: Mapping[str, str] = field(default_factory=dict)

    def owner(self, name: str) -> str | None:
        """The alias that answers for a name: its own, or a wildcard's (RFC 4592 section 3.3.1)."""
        if name in self.targets:
            return name
        if name in self.standing or not names.is_within(name, self.zone):
            return None
        for ancestor in (*names.parents(name, self.zone), self.zone):
            if ancestor in self.standing:
                wildcard = f"*.{ancestor}"
                return wildcard if wildcard in self.targets else None
        return None

    def leads(self) -> dict[str, tuple[str, ...]]:
        """Every name that can be met on the way, with the names that it leads to."""
        found: dict[str, tuple[str, ...]] = {}
        pending = [*(_any_below(name) for name in self.redirected), *self.targets][::-1]
        while pending:
            name = pending.pop()
            if name not in found:
                found[name] = self._leads(name)
                pending.extend(reversed(found[name]))
        return found

    def _leads(self, name: str) -> tuple[str, ...]:
        redirection = self.redirection(name)
        if redirection is not None:
            beginning = name.removesuffix(redirection)
            target = f"{beginning}{self.redirected[redirection].removeprefix('.')}"
            return (target,) if len(target) <= names.MAX_PLAIN_LENGTH else ()
        owner = self.owner(name)
        return () if owner is None else tuple(dict.fromkeys(self.targets[owner]))

    def redirection(self, name: str) -> str | None:
        """The name above this one whose DNAME leads it on, nearest to the apex."""
        if not self.redirected or name == self.zone or not names.is_within(name, self.zone):
            return None
        above = [self.zone, *names.parents(name, self.zone)[::-1]]
        return next((one for one in above if one in self.redirected), None)


def _any_below(name: str) -> str:
    """What stands for every name below one, in messages too."""
    return f"*.{name}"


@dataclass(frozen=True, slots=True)
class Walk:
    """What following every alias to its end shows.

    `circles` are names that lead to each other, none of them the first again at the end. `long`
    are chains of more than MAX_CHAIN CNAMEs, each from a name that no other leads to.
    """

    circles: tuple[tuple[str, ...], ...]
    long: tuple[tuple[str, ...], ...]


def walked(leads: Mapping[str, tuple[str, ...]]) -> Walk:
    """Follow every name; of circles that share their names at least one is found."""
    furthest = _furthest(leads)
    led_to = {target for targets in leads.values() for target in targets}
    long = tuple(
        _chain(name, leads, furthest)
        for name in leads
        if furthest.get(name, 0) > MAX_CHAIN and name not in led_to
    )
    return Walk(_circles({name: leads[name] for name in leads if name not in furthest}), long)


def shown(chain: tuple[str, ...]) -> str:
    """A chain as a message names it."""
    more = " -> ..." if len(chain) > MAX_SHOWN else ""
    return " -> ".join(chain[:MAX_SHOWN]) + more


def _furthest(leads: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """How many CNAMEs follow from each name at most; names that can reach a circle are left out.

    Names are done from the ends of chains backwards, each when all that it leads to are.
    """
    before: dict[str, list[str]] = {}
    for name, targets in leads.items():
        for target in targets:
            before.setdefault(target, []).append(name)
    waiting = {name: len(targets) for name, targets in leads.items()}
    ready = [name for name, count in waiting.items() if not count]
    furthest: dict[str, int] = {}
    while ready:
        name = ready.pop()
        furthest[name] = max((1 + furthest[target] for target in leads[name]), default=0)
        for other in before.get(name, ()):
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return furthest


def _chain(
    name: str, leads: Mapping[str, tuple[str, ...]], furthest: Mapping[str, int]
) -> tuple[str, ...]:
    found = [name]
    while leads[found[-1]]:
        found.append(max(leads[found[-1]], key=furthest.__getitem__))
    return tuple(found)


def _circles(leads: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The circles met when each name is followed to the first of its targets that is left.

    All of them reach a circle, so each has a target that does.
    """
    following = {
        name: next(target for target in targets if target in leads)
        for name, targets in leads.items()
    }
    found: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for start in following:
        name, way = start, list[str]()
        while name not in seen:
            seen.add(name)
            way.append(name)
            name = following[name]
        if name in way:
            found.append(tuple(way[way.index(name) :]))
    return tuple(found)
