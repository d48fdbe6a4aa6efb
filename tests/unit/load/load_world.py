"""A world to try capacity in: regions, countries with a day's demand, resolvers that cache.

Nothing here knows of `gtm.load`: it answers from the snapshot's plans, and its loads are what
they come to. Times are seconds.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.snapshot import Snapshot
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, read_zones, sample_geo

TTL = 60
COHORTS = 12  # of a country's resolvers, by when they ask again
TICK = TTL / COHORTS
DAY = 8 * 3600.0  # a third of a real one, so that demand changes three times as fast
REGIONS = {  # place, capacity
    "us-east": ("US-VA", 3000),
    "us-west": ("US-CA", 2000),
    "eu-west": ("IE", 2600),
    "eu-central": ("DE", 2600),
    "ap-south": ("SG", 3000),
    "ap-north": ("JP", 2600),
}
# country: longitude (its time of day), demand at its peak, answers a second for a unit of load
COUNTRIES = {
    "US-NY": (-75, 900, 0.9), "US-TX": (-97, 700, 1.2), "US-WA": (-120, 500, 1.0),
    "CA-ON": (-79, 300, 0.7), "MX": (-99, 500, 1.5), "BR": (-47, 800, 0.6),
    "AR": (-58, 300, 1.3), "GB": (0, 800, 1.0), "FR": (2, 700, 0.8), "ES": (-4, 500, 1.4),
    "DE": (10, 900, 1.1), "IT": (12, 500, 0.6), "PL": (20, 400, 1.2), "SE": (18, 300, 0.9),
    "TR": (33, 500, 1.6), "ZA": (25, 300, 0.7), "NG": (8, 400, 1.5), "EG": (31, 300, 1.0),
    "IN": (78, 1300, 0.8), "SG": (104, 300, 1.0), "ID": (110, 700, 1.3), "AU": (145, 500, 0.9),
    "JP": (138, 1000, 1.1), "KR": (127, 700, 0.7), "PH": (121, 500, 1.4),
}  # fmt: skip


def zone(steering: str = "nearest", soft: str = "80%", more: str = "") -> str:
    """The zone file, with a network of 10.0.0.0/8 for each country."""
    overrides = "".join(
        f"    {network(number)}/16: {{location: {code}}}\n" for number, code in enumerate(COUNTRIES)
    )
    regions = "".join(
        f"  {name}: {{location: {place}, capacity: {capacity}, soft: {soft}}}\n"
        for name, (place, capacity) in REGIONS.items()
    )
    ends = ", ".join(f"{name}: 192.0.2.{at + 1}" for at, name in enumerate(REGIONS))
    return (
        f"zone: gtm.example.com\nttl: {TTL}\nnameservers: {{ns1: [192.0.2.53]}}\n"
        f"regions:\n{regions}checks: {{up: {{type: tcp, port: 80}}}}\n"
        f"geo:\n  overrides:\n{overrides}"
        f"apps:\n  shop:\n    topology: replicated\n    check: up\n    ramp: 0s\n"
        f"    steering: {steering}\n    services:\n      orders: {{{ends}}}\n{more}"
    )


def network(number: int) -> IPv4Address:
    return IPv4Address(f"10.{number}.0.0")


@dataclass(slots=True)
class World:
    """What is true, whatever is believed; `demand` by country is a factor on the day's curve."""

    text: str = field(default_factory=zone)
    now: float = 0.0
    factor: float = 1.0
    constant: float | None = None  # the time of day that demand stands still at
    background: dict[str, float] = field(default_factory=dict)
    compiler: Compiler = field(default_factory=Compiler)
    compiled: Compiled = field(init=False)
    targets: dict[str, Target] = field(init=False)
    verdicts: Verdicts = field(default_factory=Verdicts)
    _given: list[deque[dict[str, float]]] = field(default_factory=list)
    _seen: Snapshot | None = None
    _shares: list[dict[str, float]] = field(default_factory=list)
    _fractions: list[float] = field(default_factory=lambda: [0.0] * len(COUNTRIES))

    def __post_init__(self) -> None:
        zones = read_zones({"gtm.yaml": self.text})
        self.compiled = self.compiler.compile(zones, sample_geo(), Readings(self.verdicts), 1)
        self.targets = {
            region: next(t for t in self.compiled.uses if t.address == f"192.0.2.{at + 1}")
            for at, region in enumerate(REGIONS)
        }
        self._given = [deque([self.shares(at)] * COHORTS) for at in range(len(COUNTRIES))]

    def demand(self, number: int) -> float:
        """A country's load: at its peak in the evening, a fifth of that at night."""
        longitude, peak, _ = list(COUNTRIES.values())[number]
        when = self.now if self.constant is None else self.constant
        hour = 24 * when / DAY + longitude / 15
        return self.factor * peak * (0.6 + 0.4 * math.cos((hour - 19) * math.pi / 12))

    def shares(self, number: int) -> dict[str, float]:
        """What the plans give a country's resolvers now."""
        if self._seen is not self.compiled.snapshot:
            self._seen = self.compiled.snapshot
            self._shares = [self._look(at) for at in range(len(COUNTRIES))]
        return self._shares[number]

    def _look(self, number: int) -> dict[str, float]:
        group = self.compiled.groups[0]
        plan = self.compiled.snapshot.plans[0][self.area(number)]
        found: dict[str, float] = {}
        for slot in plan.slots:
            name = group.regions[slot]
            found[name] = found.get(name, 0.0) + 1 / len(plan.slots)
        return found

    def area(self, number: int) -> int:
        """The area of a country's clients."""
        return self.compiled.groups[0].decider.areas.find(32, int(network(number)) + 1) >> 8

    def tick(self) -> None:
        """A cohort of resolvers in each country asks again."""
        self.now += TICK
        asked = self.compiled.groups[0].decider.areas.asked
        assert asked is not None
        for number, (_, _, answers) in enumerate(COUNTRIES.values()):
            self._given[number].append(self.shares(number))
            self._given[number].popleft()
            exact = self.demand(number) * answers * TICK + self._fractions[number]
            asked[self.area(number)] += int(exact)
            self._fractions[number] = exact - int(exact)

    def loads(self) -> dict[str, float]:
        """What each region really gets; clients of a lost one get nothing until they ask again."""
        loads = {region: self.background.get(region, 0.0) for region in REGIONS}
        for number, cohorts in enumerate(self._given):
            each = self.demand(number) / COHORTS
            for given in cohorts:
                for region, share in given.items():
                    loads[region] += each * share
        return {region: 0.0 if self.lost(region) else load for region, load in loads.items()}

    def lost(self, region: str) -> bool:
        return self.targets[region].address in self.verdicts.down

    def change(self, region: str, *, lost: bool) -> None:
        """A region goes down or comes up, and everyone knows."""
        address = self.targets[region].address
        (self.verdicts.down.add if lost else self.verdicts.down.discard)(address)
        self.compiled = self.compiler.refresh(
            self.compiled, {self.targets[region]}, Readings(self.verdicts, self.now), 2
        )

    def travel(self, number: int) -> dict[str, float]:
        """What each region costs a country's clients, in milliseconds."""
        group = self.compiled.groups[0]
        costs = group.decider.costs[self.area(number)]
        return dict(zip(group.regions, costs, strict=True))
