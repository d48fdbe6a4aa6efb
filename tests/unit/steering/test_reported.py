"""Who decided: a verdict is the reports' where it would not be down without them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Check, Combine, Combined, Http, Target, Tcp
from gtm.model import App, MinUp, State, Topology, Verdict
from gtm.steering.verdicts import app_health
from tests.unit.steering.test_verdicts import service

WEB, DB = Check("web", Http(), 80), Check("db", Tcp(), 3306)
CHECKS = (
    WEB,
    Combined("both", Combine.ALL, (WEB, DB), 2),
    Combined("any", Combine.ANY, (WEB, DB), 1),
)
SERVICES = (
    service("orders", us=["192.0.2.1", "192.0.2.2", "192.0.2.3"], eu=["198.51.100.1"]),
    service("payments", us=["192.0.2.4"], eu=["198.51.100.2", "198.51.100.3"]),
    service("extra", optional=True, us=["192.0.2.5"], eu=["198.51.100.4"]),
)
UP = Verdict(State.UP, "up", 1.0)
FOUND = (
    UP,
    Verdict(State.DOWN, "probes fail", 2.0),
    Verdict(State.DOWN, "requests fail; its probes succeed", 3.0, reported=True),
    Verdict(State.UNKNOWN, "not probed yet", 0.0),
)
PROBED = [
    (f"{net}.{end}", name)
    for net, ends in (("192.0.2", range(1, 6)), ("198.51.100", range(1, 5)))
    for end in ends
    for name in ("web", "db")
]


@given(
    st.fixed_dictionaries({each: st.sampled_from(FOUND) for each in PROBED}),
    st.sampled_from(Topology),
    st.sampled_from(CHECKS),
    st.integers(1, 3),
)
def test_a_verdict_is_the_reports_where_probes_alone_would_not_have_it_down(
    found: dict[tuple[str, str], Verdict], topology: Topology, check: Check | Combined, needed: int
) -> None:
    app = App("shop", topology, SERVICES, check=check, min_up=MinUp(needed))

    def look(target: Target) -> Verdict:
        return found[target.address, target.check.name]

    def probes(target: Target) -> Verdict:
        verdict = look(target)
        return UP if verdict.reported else verdict

    told, probed = app_health(app, look), app_health(app, probes)
    for region, verdict in told.regions.items():
        assert verdict.reported is (verdict.down and not probed.regions[region].down)
    for key, regions in told.services.items():
        for region, health in regions.items():
            other = probed.services[key][region]
            assert health.verdict.reported is (health.verdict.down and not other.verdict.down)
            for (_, one), (_, alone) in zip(health.endpoints, other.endpoints, strict=True):
                assert one.reported is (one.down and not alone.down)
