"""The policies made of others: `geo` rules, and `otherwise`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from gtm.model import EVERYONE, GeoCode, Match, Rule
from gtm.steering.choice import Choice
from gtm.steering.places import Place
from gtm.steering.policies.base import Chooser, Up


class Rules:
    """`geo`: the first rule that matches the client steers it."""

    loose = True

    def __init__(self, rules: Sequence[Rule], inner: Sequence[Chooser]) -> None:
        """Each rule has a policy of its own; rules that decide alike are one to their clients."""
        self._rules = rules
        self._inner = inner
        self._firsts = _Firsts(rules)
        identities = [each.identity for each in inner]
        self._first = [identities.index(identity) for identity in identities]

    def view(self, place: Place, among: Up) -> Hashable:
        """Which rule, and what its policy asks."""
        number = self._firsts.rule_for(place)
        if number is None:
            return None
        return self._first[number], self._inner[number].view(place, among)

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """As the rule's policy does."""
        if view is None:
            return None
        inner, asked = self._inner_of(view)
        return inner.choose(asked, up)

    def hashed(self, view: Hashable) -> bool:
        """As the rule's policy says."""
        if view is None:
            return False
        inner, asked = self._inner_of(view)
        return inner.hashed(asked)

    def usable(self, view: Hashable) -> Up:
        """The rule's policy's."""
        if view is None:
            return frozenset()
        inner, asked = self._inner_of(view)
        return inner.usable(asked)

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """Which rules lead here, and what their policy says."""
        if view is None:
            return ("no rule matches",)
        inner, asked = self._inner_of(view)
        alike = [at for at, first in enumerate(self._first) if self._inner[first] is inner]
        numbers = " and ".join(str(at + 1) for at in alike)
        words = " ".join(
            "everyone" if match is EVERYONE else str(match)
            for at in alike
            for match in self._rules[at].match
        )
        say = "rules" if len(alike) > 1 else "rule"
        return f"{say} {numbers} of {len(self._rules)} ({words})", *inner.notes(asked, up)

    @property
    def identity(self) -> Hashable:
        """The rules as they match, and what each decides."""
        matches = tuple(rule.match for rule in self._rules)
        return type(self).__name__, matches, tuple(inner.identity for inner in self._inner)

    def _inner_of(self, view: Hashable) -> tuple[Chooser, Hashable]:
        assert isinstance(view, tuple)  # noqa: S101  # what this policy's view gives
        number, asked = view
        return self._inner[number], asked


class _Firsts:
    """The first rule that takes a place, found by the place's own words: rules may name many."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._numbers: dict[Hashable, int] = {}
        for number, rule in enumerate(rules):
            for match in rule.match:
                self._numbers.setdefault(_word(match), number)

    def rule_for(self, place: Place) -> int | None:
        found = (self._numbers.get(word) for word in _words(place))
        return min((number for number in found if number is not None), default=None)


def _word(match: Match) -> Hashable:
    """What a place has to have for the match to take it, as `GeoCode.covers` sees codes."""
    if not isinstance(match, GeoCode):
        return match
    if match.country is None:
        return (match.continent,)
    return match.country, match.subdivision


def _words(place: Place) -> Iterator[Hashable]:
    """Every word of a match that takes the place."""
    yield EVERYONE
    yield place.system
    yield from place.networks
    if (location := place.location) is not None:
        yield (location.continent,)
        yield location.country, None
        yield location.country, location.subdivision


class Otherwise:
    """A policy, and the one to use when it has no region left."""

    loose = True

    def __init__(self, first: Chooser, second: Chooser) -> None:
        """Either may be any policy."""
        self._first = first
        self._second = second

    def view(self, place: Place, among: Up) -> tuple[Hashable, Hashable, bool]:
        """Both views; the second is asked only with none up of all that the first may use."""
        first = self._first.view(place, among)
        left = among - self._first.usable(first)
        second = self._second.view(place, left)
        if not self._second.usable(second) & left:
            return first, None, False
        return first, second, True

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """The first that has a region left."""
        first, second, both = _three(view)
        choice = self._first.choose(first, up)
        if choice is None and both:
            return self._second.choose(second, up)
        return choice

    def hashed(self, view: Hashable) -> bool:
        """If either policy's are."""
        first, second, both = _three(view)
        return self._first.hashed(first) or (both and self._second.hashed(second))

    def usable(self, view: Hashable) -> Up:
        """Both policies'."""
        first, second, both = _three(view)
        return self._first.usable(first) | (self._second.usable(second) if both else frozenset())

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """Whether the first policy had a region left."""
        first, second, both = _three(view)
        notes = self._first.notes(first, up)
        if not both or self._first.choose(first, up) is not None:
            return notes
        return (*notes, "none of these is up, so otherwise", *self._second.notes(second, up))

    @property
    def identity(self) -> Hashable:
        """Both policies'."""
        return type(self).__name__, self._first.identity, self._second.identity


def _three(view: Hashable) -> tuple[Hashable, Hashable, bool]:
    assert isinstance(view, tuple)  # noqa: S101  # what Otherwise gives
    first, second, both = view
    return first, second, both
