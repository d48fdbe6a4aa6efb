"""What comes before any policy: the regions that an operator's override gives some clients."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from gtm.model import GeoCode, Region, Steering
from gtm.steering.choice import Choice
from gtm.steering.places import Place
from gtm.steering.policies.base import Chooser, Up


def pinned(
    policy: Chooser, steering: Steering, regions: Sequence[Region], pins: Iterable[tuple[str, ...]]
) -> Chooser:
    """The policy behind the pins; itself where none of them names a region that it has."""
    names = {region.name for region in regions}
    if not any(names.intersection(pin) for pin in pins):
        return policy
    return Pinned(policy, steering, regions)


class Pinned:
    """Clients that an override sends to regions get the first that is up; others the policy's.

    An app's `fence` holds for pins too: it is never left.
    """

    loose = True

    def __init__(self, policy: Chooser, steering: Steering, regions: Sequence[Region]) -> None:
        """`steering` is the policy's."""
        self._policy = policy
        self._steering = steering
        self._regions = tuple(regions)
        self._by_name = {region.name: index for index, region in enumerate(regions)}

    def view(self, place: Place, among: Up) -> Hashable:
        """The pins, and the policy's view; that is asked only with none of the pins up."""
        pins = self._pins(place)
        left = among - frozenset(pins)
        inner = self._policy.view(place, left)
        if pins and not self._policy.usable(inner) & left:
            return pins, None, False
        return pins, inner, True

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """The first pin that is up, else what the policy chooses."""
        pins, inner, both = _three(view)
        found = tuple(index for index in pins if index in up)
        if found:
            return Choice(((found[: self._steering.answered], 1.0),))
        return self._policy.choose(inner, up) if both else None

    def hashed(self, view: Hashable) -> bool:
        """If the policy's are, where it may come to that."""
        _, inner, both = _three(view)
        return both and self._policy.hashed(inner)

    def usable(self, view: Hashable) -> Up:
        """The pins, and what the policy may use."""
        pins, inner, both = _three(view)
        return frozenset(pins) | (self._policy.usable(inner) if both else frozenset())

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """The pins, and what the policy says if none is up."""
        pins, inner, both = _three(view)
        notes: tuple[str, ...] = ()
        if pins:
            order = " then ".join(self._regions[index].name for index in pins)
            notes = (f"the first that is up of {order}, as an override has it",)
            if not both or up.intersection(pins):
                return notes
            notes = (*notes, "none of these is up, so the app's policy decides")
        return (*notes, *self._policy.notes(inner, up))

    @property
    def identity(self) -> Hashable:
        """The policy's, and its fences."""
        return type(self).__name__, self._steering, self._policy.identity

    def _pins(self, place: Place) -> tuple[int, ...]:
        fence = _fence(self._steering, place) if place.pinned else ()
        return tuple(
            self._by_name[name]
            for name in place.pinned
            if name in self._by_name and _inside(self._regions[self._by_name[name]], fence)
        )


def _fence(steering: Steering, place: Place) -> tuple[GeoCode, ...]:
    """The fence of the policy, or of the rule that takes the client."""
    for rule in steering.rules:
        if any(place.matches(match) for match in rule.match):
            return _fence(rule.steering, place)
    return steering.fence


def _inside(region: Region, fence: tuple[GeoCode, ...]) -> bool:
    return not fence or any(code.covers(region.location) for code in fence)


def _three(view: Hashable) -> tuple[tuple[int, ...], Hashable, bool]:
    assert isinstance(view, tuple)  # noqa: S101  # what Pinned gives
    pins, inner, both = view
    return pins, inner, both
