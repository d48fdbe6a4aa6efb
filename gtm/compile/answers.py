"""What a service answers: rendered for each region, and put together for several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gtm.compile.beside import Situation, serving
from gtm.compile.groups import Group
from gtm.compile.joined import Slot, joined_records
from gtm.compile.services import (
    Answered,
    Columns,
    region_answers,
    rendered_answers,
    resort_answers,
    signed_records,
)
from gtm.compile.static import ZoneContext
from gtm.model import App, Endpoint, Service, Zone
from gtm.steering.balance import MEASURED, weighed
from gtm.steering.readings import Readings
from gtm.steering.verdicts import AppHealth, eligible


@dataclass(frozen=True, slots=True)
class Answers:
    """Renders what a service answers; `app` is settled for it.

    `ttl` is seconds, `longest` the most that health may choose.
    """

    context: ZoneContext
    app: App
    service: Service
    readings: Readings
    ttl: int
    longest: int

    def of(self, region: str, usable: tuple[Endpoint, ...]) -> Answered:
        """In a region with these endpoints in use, in shares as they are measured now."""
        endpoints = weighed(self.app, self.service, region, usable, self.readings)
        return region_answers(
            self.context, self.app, self.service, region, endpoints, self.ttl, self.longest
        )

    def last_resort(self) -> Answered:
        """With no region up."""
        return resort_answers(self.context, self.app, self.service, self.ttl, self.longest)

    def around(self, zone: Zone, own: Sequence[Answered], health: AppHealth) -> Situation:
        """What the names beside the service are answered from, where it answers that itself."""
        served = serving(self.app, self.service, health, self.readings)
        up = eligible(self.app, self.service, health)
        own = own[: len(self.service.endpoints) + 1]  # without what is joined of them
        return Situation(
            self.context, self.service, zone.regions, own, served, up, self.ttl, self.longest
        )

    @property
    def measured(self) -> bool:
        """Whether they move without a verdict that changes."""
        return self.app.balance in MEASURED


class Joined(NamedTuple):
    """Puts together what a name of a service answers where a slot names several regions.

    `longest` is the highest TTL that it is ever answered with.
    """

    context: ZoneContext
    owner: str
    service: str
    columns: Columns
    longest: int

    def behind(self, answered: Sequence[Answered], group: Group) -> list[Answered]:
        """The answers of the regions and of last resort, and behind them those put together."""
        own = list(answered[: len(group.regions) + 1])
        return own + [self._one(own, group.regions[slot[0]], slot) for slot in group.joined or ()]

    def _one(self, own: Sequence[Answered], nearest: str, slot: Slot) -> Answered:
        """Counted for the nearest."""
        records = joined_records([own[number].records for number in slot])
        records = signed_records(self.context, self.owner, records, self.longest)
        return rendered_answers(self.context, self.service, nearest, records, self.columns)
