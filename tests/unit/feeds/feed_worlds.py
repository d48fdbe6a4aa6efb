"""Reports about a small zone whose probes say what the test says."""

from __future__ import annotations

from dataclasses import dataclass, field

from gtm.checks import Target
from gtm.feeds.known import Known
from gtm.feeds.reports import Outcomes, Reports
from gtm.health import Report
from gtm.model import State, Verdict, Zone
from gtm.steering.overlay import silent
from tests.worlds import read_zones

SERVICE = "orders.gtm.example.com"


def zone_text(
    passive: str = "{}", topology: str = "spread", regions: int = 2, each: int = 2, rest: str = ""
) -> str:
    """A zone of two services, each with so many endpoints in so many regions."""
    names = [f"r{number}" for number in range(regions)]
    lines = "".join(f"  {name}: {{location: [{at}, 0]}}\n" for at, name in enumerate(names))
    services = ""
    for number, service in enumerate(("orders", "payments")):
        there = ", ".join(
            f"{name}: [{', '.join(f'192.0.{number + 1}.{at * 10 + end}' for end in range(each))}]"
            for at, name in enumerate(names)
        )
        services += f"      {service}: {{{there}}}\n"
    return (
        f"zone: gtm.example.com\nnameservers: {{ns1: [192.0.2.53]}}\nregions:\n{lines}"
        f"checks: {{api: {{type: http, rise: 2, passive: {passive}}}}}\n"
        f"apps:\n  shop:\n    topology: {topology}\n    check: api\n    services:\n{services}{rest}"
    )


def read(text: str) -> Zone:
    """The one zone of a text."""
    return read_zones({"zone.yaml": text})[0]


@dataclass
class Probed:
    """What probes say of one target."""

    state: State = State.UP
    successes: int = 5
    probes: int = 5


@dataclass
class Scene:
    """The layer under test; time is the test's."""

    zone: Zone
    now: float = 1000.0
    probed: dict[Target, Probed] = field(default_factory=dict)
    changes: list[tuple[str, State, str]] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reports = Reports(
            self._report,
            lambda: silent,
            lambda target, _, after: self.changes.append(
                (target.address, after.state, after.reason)
            ),
            lambda target, words: self.refusals.append((target.address, words)),
            lambda: 1_700_000_000 + self.now,
        )
        self.known = Known([self.zone])
        self.reports.follow(self.known)

    def _report(self, target: Target) -> Report:
        probed = self.probed.setdefault(target, Probed())
        verdict = Verdict(probed.state, f"probed {probed.state.value}", 1.0)
        return Report(verdict, successes=probed.successes, probes=probed.probes)

    def target(self, address: str) -> Target:
        return next(target for target in self.known.targets if target.address == address)

    def tell(
        self,
        address: str,
        ok: int = 0,
        failed: int = 0,
        timeouts: int = 0,
        by: str = "gw-1",
        service: str = SERVICE,
    ) -> dict[int, str]:
        """A report of one item."""
        region = f"r{int(address.rsplit('.', 1)[1]) // 10}"
        item = Outcomes(service, region, address, ok, failed, timeouts)
        return self.reports.take(by, [item], self.now)

    def step(self, seconds: float = 0.0) -> None:
        self.now += seconds
        self.reports.step(self.now)

    def probe(self, address: str, ok: bool = True) -> None:
        """One more probe of an endpoint."""
        probed = self.probed.setdefault(self.target(address), Probed())
        probed.probes += 1
        probed.successes = probed.successes + 1 if ok else 0

    def down(self) -> set[str]:
        """The addresses that are down by the layer."""
        return {
            target.address
            for target in self.known.targets
            if self.reports.verdict(target).state is State.DOWN
        }
