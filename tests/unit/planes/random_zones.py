"""Random zones with everything that steering can be told, and random states of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.geo import Geo, open_databases
from gtm.model import Act
from gtm.overrides.book import Book
from gtm.overrides.override import Wanted
from gtm.overrides.target import parse_target
from gtm.steering.intake import Intake
from gtm.steering.readings import Readings
from gtm.zonefile import load
from tests.signing import Clock, seals
from tests.unit.geo.geo_files import Unsigned, write
from tests.worlds import SAMPLE, Verdicts

NAMES = ("us", "eu", "ap", "sa")
PLACES = {"us": "US-VA", "eu": "IE", "ap": "SG", "sa": "BR"}
SERVICES = ("orders", "payments", "extra")
CODES = ["EU", "EU-GB", "NA-US", "AS", "SA", "192.0.2.64/26", "198.51.100.200/29", "AS64500"]
SYSTEMS = {"192.0.2.32/28": 64500, "203.0.113.128/25": 64500, "198.51.100.0/30": 64501}
WORDS = ["region/eu", "region/s*", "service/orders/us", "app/block/ap", "app/alone/*"]
TIMES = {"us": 40.0, "eu": 5.0, "ap": 90.0, "sa": 0.0}  # service times, milliseconds


@dataclass(frozen=True)
class World:
    """A zone and what becomes of it: `downs` are the addresses down at each step."""

    zone: str
    downs: list[set[str]]
    words: list[tuple[str, Act]]
    seconds: float  # from the last step on: ramps are that far
    taken: list[float]  # parts of its clients for regions, where capacity deals them out
    patience: float
    files: dict[str, str] = field(default_factory=dict)  # that lie beside the zone's

    def compiled(self) -> Compiled:
        """The snapshot that a server would be at."""
        *_, last = self.states()
        return last

    def states(self) -> Iterator[Compiled]:
        """The snapshots that a server would go through: the first is compiled from scratch."""
        with TemporaryDirectory() as folder:
            for name, text in {"zone.yaml": self.zone, **self.files}.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            zones = load(Path(folder)).zones
        compiler, now = Compiler(Clock()), 1000.0
        keys = {zone.name: seals() for zone in zones if zone.dnssec is not None}
        readings = self.readings(self.downs[0], now)
        state = compiler.compile(zones, geo(), readings, 1, keys=keys)
        yield state
        before = self.downs[0]
        for down in self.downs[1:]:
            now += 5.0
            changed = {target for target in state.uses if target.address in before ^ down}
            state = compiler.refresh(state, changed, self.readings(down, now), 2)
            yield state
            before = down
        book = Book()
        for target, act in self.words:
            book, _, _ = book.adding(Wanted(act, parse_target(target), "because", "me"), now)
        state = compiler.relaid(state, book.overlay, self.readings(before, now), 3)
        yield state
        state = compiler.ramped(state, now + self.seconds, 4)
        yield state
        yield compiler.admitted(state, self.intakes(state), 5)

    def readings(self, down: set[str], now: float) -> Readings:
        """As they are at a step."""

        def patience(target: Target) -> float:
            return self.patience if target.address.endswith("1") else 60.0

        def service_time(zone: str, region: str) -> float:
            return TIMES[region]

        return Readings(Verdicts(down), now, patience, service_time=service_time)

    def intakes(self, state: Compiled) -> dict[int, Intake | None]:
        """Every other area of every group dealt out, if the regions have capacities."""
        if not self.taken:
            return {}
        found: dict[int, Intake | None] = {}
        for number, group in enumerate(state.groups):
            parts = tuple(self.taken[: len(group.regions)])
            areas = range(number % 2, len(group.decider.areas.views), 2)
            found[number] = Intake(dict.fromkeys(areas, parts))
        return found


@cache
def geo() -> Geo:
    """The documentation ranges, with AS numbers."""
    with TemporaryDirectory() as folder:
        records = {
            network: {"autonomous_system_number": Unsigned(number, 32)}
            for network, number in SYSTEMS.items()
        }
        return open_databases([SAMPLE, write(Path(folder, "asn.mmdb"), records)])


def address(service: int, region: str, endpoint: int, family: int) -> str:
    """An endpoint's address: its third part is the region in both families."""
    number = NAMES.index(region) + 1
    if family == 4:
        return f"10.{service}.{number}.{endpoint}"
    return f"2001:db8:ffff:{service}:{number}::{endpoint}"


def region_of(text: str) -> str:
    """The region that an address is of."""
    return NAMES[int(text.split(":")[4] if ":" in text else text.split(".")[2]) - 1]


# --- what a zone may say ----------------------------------------------------------------

nested = st.sampled_from(["nearest", "sticky", {"policy": "weighted", "weights": {"us": 1}}])


@st.composite
def steerings(draw: st.DrawFn, *, full: bool, depth: int = 1) -> Any:
    """Steering as YAML has it; `full` if all regions have a capacity."""
    policies = ["nearest", "latency", "weighted", "failover", "sticky", "geo", "least_load"]
    policy = draw(st.sampled_from(policies[: (7 if full else 6) if depth else 5]))
    found: dict[str, Any] = {"policy": policy}
    named = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    several = draw(st.sampled_from([None, None, 2, 3]))
    if policy in ("nearest", "latency"):
        found["latency_weight"] = draw(st.sampled_from([0, 1]))
        if draw(st.booleans()):
            found["within"] = draw(st.sampled_from(["10%", "100%"]))
            found["draw"] = draw(st.sampled_from(["window", "window", "query"]))
            found["weights"] = {name: draw(st.integers(1, 5)) for name in named}
    elif policy == "weighted":
        found["weights"] = {name: draw(st.integers(1, 5)) for name in named}
        found["draw"] = draw(st.sampled_from(["window", "window", "query"]))
    elif policy == "failover":
        found["order"] = named
        if draw(st.booleans()):
            found["trickle"] = "20%"
    elif policy == "geo":
        matches = draw(st.lists(st.sampled_from(CODES), max_size=3, unique=True))
        matches.sort(key=len, reverse=True)  # nothing is taken by a wider one before it
        found["rules"] = [
            {"match": [code], **draw(steerings(full=full, depth=0))} for code in matches
        ] + [draw(steerings(full=full, depth=0))]
    if several and policy in ("nearest", "latency", "weighted", "failover"):
        found["regions"] = several
    plain = policy != "geo" and not {"order", "weights"} & found.keys()
    if plain and draw(st.integers(0, 4)) == 0:
        found["fence"] = ["EU", "NA"]
    if depth and draw(st.integers(0, 3)) == 0:
        found["otherwise"] = draw(nested)
    return found


published = st.fixed_dictionaries(
    {},
    optional={
        "https": st.sampled_from([True, {"alpn": ["h3", "h2"], "port": 8443}, {"hints": False}]),
        "svcb": st.just({"_dns": {"alpn": ["dot"], "mandatory": ["alpn"]}}),
        "srv": st.sampled_from([{"_grpc._tcp": 7}, {"_grpc._tcp": {"port": 8, "regions": 1}}]),
    },
)


@st.composite
def apps(draw: st.DrawFn, topology: str, first: int, *, full: bool) -> Any:
    """An app whose services have both families everywhere."""
    app: dict[str, Any] = {
        "topology": topology,
        "check": {"type": "tcp", "port": 80},
        "steering": draw(steerings(full=full)),
        "balance": draw(st.sampled_from(["all", "round_robin", "hash"])),
        "when_all_down": draw(st.sampled_from(["all", "last_good", "nodata", "servfail"])),
        "ramp": draw(st.sampled_from(["30s", "0s"])),
        "services": {},
    }
    if draw(st.integers(0, 4)) == 0:
        app["panic"] = "30%"
    app |= draw(published)
    if draw(st.booleans()):
        app["answers"] = draw(st.integers(1, 2))
    for number, name in enumerate(SERVICES, first):
        service: dict[str, Any] = {
            region: [
                address(number, region, endpoint, family)
                for endpoint in (1, 2)
                for family in (4, 6)
            ]
            for region in NAMES
        }
        if topology == "spread" and draw(st.booleans()):
            service["steering"] = draw(steerings(full=full))
            service["ttl"] = draw(st.sampled_from(["10s", "2m"]))
        app["services"][f"{name}.{topology}"] = service
    if topology == "spread":
        app["services"]["payments.spread"] |= draw(st.sampled_from([{}, {"alias": True}]))
        app["services"]["extra.spread"] |= draw(st.sampled_from([{}, {"https": False}]))
    return app


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A zone with an app of each topology, and what becomes of it."""
    full = draw(st.booleans())
    zone = {
        "zone": "gtm.example.com",
        "nameservers": {"ns1": ["192.0.2.53"]},
        "ttl": draw(st.sampled_from([30, {"min": "5s", "max": "60s"}])),
        **draw(st.sampled_from([{}, {"dnssec": {}}])),
        "regions": {
            name: {"location": place} | ({"capacity": 1000} if full else {})
            for name, place in PLACES.items()
        },
        "apps": {
            "block": draw(apps("replicated", 0, full=full)),
            "alone": draw(apps("spread", 3, full=full)),
        },
        "latency": {"EU-GB": {"eu": 12, "us": 78}, "AS": {"sa": 3}},
        "geo": {"overrides": draw(st.sampled_from([{}, PINS]))},
        "whoami": draw(st.sampled_from([False, True, {"allow": ["any"]}])),
    }
    every = [
        address(service, region, endpoint, family)
        for service in range(2 * len(SERVICES))
        for region in NAMES
        for endpoint in (1, 2)
        for family in (4, 6)
    ]
    lost = st.sets(st.sampled_from(NAMES)).map(
        lambda regions: {one for one in every if region_of(one) in regions}
    )
    some = st.sets(st.sampled_from(every), max_size=6)
    downs = draw(st.lists(st.builds(set.union, lost, some), min_size=1, max_size=3))
    return World(
        json.dumps(zone),
        [*downs, *draw(st.lists(some, max_size=1))],  # so that regions come back, and ramp
        draw(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(list(Act))), max_size=2)),
        draw(st.sampled_from([0.0, 7.0, 20.0, 31.0])),
        draw(st.lists(st.sampled_from([0.0, 0.1, 0.45, 1.0]), min_size=4, max_size=4))
        if full
        else [],
        draw(st.sampled_from([1.0, 12.0])),
    )


PINS = {
    "AS64500": {"regions": ["ap", "us"]},
    "198.51.100.128/26": {"regions": ["sa"]},
    "203.0.113.0/26": {"location": "GB"},
}
