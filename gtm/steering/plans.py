"""Plans: for each area, how its clients are answered now."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from gtm.model import AllDown
from gtm.snapshot import AreaTable, Pick, Plan
from gtm.steering.choice import Choice
from gtm.steering.intake import Fractions, Intake, both, choose
from gtm.steering.policies import Chooser, Up

SERVFAIL = Plan(
    Pick.FIRST, (), width=0, fallback=AllDown.SERVFAIL
)  # no slot: there is nothing to say
NO_TIMES: Mapping[str, float] = {}
REMEMBERED = 256  # sets of regions up whose plans are kept; more would come of endless flapping


@dataclass(frozen=True, slots=True)
class Resort:
    """What to answer where a policy has no region left (`when_all_down`).

    `regions` are then taken to be up; without them `answer`, the index of an answer of last
    resort, is given; without either, SERVFAIL.
    """

    mode: AllDown
    regions: Up | None = None
    answer: int | None = None


class Decider:
    """A policy over an area table, and the plans made of it for each set of regions that is up.

    Services that have the same regions and steering share one, and so the plans.
    """

    def __init__(
        self, chooser: Chooser, areas: AreaTable, service_times: Mapping[str, float] = NO_TIMES
    ) -> None:
        """No plans are made before they are asked for.

        `service_times` are those that the policy goes by, milliseconds by region name.
        """
        self.service_times = service_times
        self.chooser = chooser
        self.areas = areas
        self._made: dict[tuple[object, ...], Sequence[Plan]] = {}

    def plans(
        self,
        up: Up,
        resort: Resort,
        intake: Intake | None = None,
        ramp: Fractions | None = None,
    ) -> Sequence[Plan]:
        """A plan for each area, with those regions up, that take so much of their clients."""
        key = (up, resort, intake, ramp)
        if key not in self._made:
            if len(self._made) >= REMEMBERED:
                self._made.clear()
            shared: dict[Choice, Plan] = {}
            self._made[key] = tuple(
                self._plan(
                    view,
                    up,
                    resort,
                    shared,
                    both(ramp, None if intake is None else intake.of(area)),
                )
                for area, view in enumerate(self.areas.views)
            )
        return self._made[key]

    def _plan(
        self,
        view: Hashable,
        up: Up,
        resort: Resort,
        shared: dict[Choice, Plan],
        fractions: Fractions | None,
    ) -> Plan:
        choice = choose(self.chooser, view, up, fractions) or self._last(view, resort)
        if choice is None:
            return SERVFAIL
        if choice not in shared:
            shared[choice] = choice.plan()
        return shared[choice]

    def _last(self, view: Hashable, resort: Resort) -> Choice | None:
        if resort.regions is not None:
            choice = self.chooser.choose(view, resort.regions)
            return None if choice is None else replace(choice, fallback=resort.mode)
        if resort.answer is not None:
            return Choice((((resort.answer,), 1.0),), fallback=resort.mode)
        return None
