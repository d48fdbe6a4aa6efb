"""Many services: what a change leaves alone, and that taking over gives what compiling gives."""

from __future__ import annotations

import operator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled, Compiler
from gtm.model import Act, State, Zone
from gtm.overrides.book import Book
from gtm.overrides.override import Wanted
from gtm.overrides.target import parse_target
from gtm.snapshot import Plan, Rendered, RRset
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, read_zones, sample_geo

REGIONS = {"us": 1, "eu": 2, "ap": 3}
TARGETS = ["region/eu", "region/*", "service/s1/us", "endpoint/10.3.0.2", "app/a/ap"]


def zone_of(topology: str, services: int = 6, panic: str = "0%") -> tuple[Zone, ...]:
    lines = [
        "zone: gtm.example.com",
        "nameservers: {ns1: [192.0.2.53]}",
        "regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}",
        f"apps: {{a: {{topology: {topology}, check: {{type: tcp, port: 80}}, panic: {panic},",
        "services: {",
    ]
    for service in range(services):
        here = ", ".join(
            f"{region}: [10.{number}.0.{service}, 10.{number}.1.{service}]"
            for region, number in REGIONS.items()
            if (service + number) % 4 or topology == "replicated"
        )
        lines.append(f"s{service}: {{{here}}},")
    return read_zones({"gtm.yaml": "\n".join([*lines, "}}}"])})


def answered(compiled: Compiled) -> dict[str, tuple[object, ...]]:
    """What planes read of each service, whatever the numbers of its group and answers are."""
    snapshot = compiled.snapshot
    found: dict[str, tuple[object, ...]] = {}
    for app in compiled.apps.values():
        for key, service in app.services.items():
            number = service.steered.number
            plans: list[Plan] = list(snapshot.plans[service.steered.group])
            records: list[tuple[RRset, ...]] = [tuple(r) for r in snapshot.answers[number]]
            rows: list[list[Rendered | None]] = [
                [one and replace(one, tally=0) for one in row]
                for row in snapshot.rows[2 * number : 2 * number + 2]
            ]
            found[key] = (plans, records, rows)
    return found


def book_of(targets: list[str]) -> Book:
    book = Book()
    for number, target in enumerate(targets):
        act = (Act.DRAIN, Act.UP, Act.DOWN)[number % 3]
        book, _, _ = book.adding(Wanted(act, parse_target(target), "because", "me"), 5.0)
    return book


STEP = st.tuples(
    st.sets(
        st.builds("10.{}.{}.{}".format, st.integers(1, 3), st.integers(0, 1), st.integers(0, 5))
    ),
    st.lists(st.sampled_from(TARGETS), max_size=3, unique=True),
)


@settings(max_examples=25)
@given(
    st.lists(STEP, min_size=1, max_size=4),
    st.sampled_from(["replicated", "spread"]),
    st.sampled_from(["0%", "60%"]),
)
def test_verdicts_and_words_step_by_step_give_what_compiling_anew_gives(
    steps: list[tuple[set[str], list[str]]], topology: str, panic: str
) -> None:
    zones, compiler, geo = zone_of(topology, panic=panic), Compiler(), sample_geo()
    state = compiler.compile(zones, geo, Readings(Verdicts()), 1)
    before: set[str] = set()
    for down, targets in steps:
        readings = Readings(Verdicts(down))
        changed = {target for target in state.uses if target.address in before ^ down}
        state = compiler.refresh(state, changed, readings, 2)
        state = compiler.relaid(state, book_of(targets).overlay, readings, 2)
        before = down
    down, targets = steps[-1]
    overlay, readings = book_of(targets).overlay, Readings(Verdicts(down))
    state = compiler.ramped(state, 1000.0, 3)  # every ramp is over
    fresh = Compiler().compile(zones, geo, readings, 1, overlay)
    again = compiler.compile(zones, geo, readings, 1, overlay, before=state)
    assert answered(state) == answered(fresh) == answered(again)
    healths = [[app.health for app in one.apps.values()] for one in (state, fresh, again)]
    assert healths[0] == healths[1] == healths[2]
    for region in state.apps["gtm.example.com.", "a"].app.regions:
        verdicts = healths[0][0].regions
        assert verdicts.state(region) is verdicts[region].state
        assert verdicts.withheld(region) is verdicts[region].withheld


@pytest.mark.parametrize("topology", ["replicated", "spread"])
def test_a_load_that_changes_one_service_renders_that_one_alone(topology: str) -> None:
    compiler, geo = Compiler(), sample_geo()
    before = compiler.compile(zone_of(topology), geo, Readings(Verdicts()), 1)
    after = compiler.compile(zone_of(topology, 7), geo, Readings(Verdicts()), 1, before=before)
    old, new = before.snapshot.rows, after.snapshot.rows
    for one, other in zip(old, new[: len(old)], strict=True):
        assert all(map(operator.is_, one[:-1], other[:-1]))
    assert len(new) == len(old) + 2


def test_a_region_lost_alike_is_decided_once_for_all_that_it_is_lost_for() -> None:
    compiler = Compiler()
    before = compiler.compile(zone_of("spread", 40), sample_geo(), Readings(Verdicts()), 1)
    lost = {target.address for target in before.uses if target.address.startswith("10.2.")}
    failing = {target for target in before.uses if target.address in lost}
    after = compiler.refresh(before, failing, Readings(Verdicts(lost)), 2)
    assert len({id(group) for group in before.groups}) < len(before.groups)
    assert len(set(map(id, after.groups))) == len(set(map(id, before.groups)))
    (app,) = after.apps.values()
    assert app.health.regions["eu"].state is State.DOWN


def test_a_change_says_what_was_looked_at() -> None:
    compiler = Compiler()
    before = compiler.compile(zone_of("spread"), sample_geo(), Readings(Verdicts()), 1)
    changed = {target for target in before.uses if target.address == "10.2.0.1"}
    after = compiler.refresh(before, changed, Readings(Verdicts({"10.2.0.1"})), 2)
    assert before.touched == {}
    assert after.touched == {("gtm.example.com.", "a"): {"s1": {"eu"}}}


def test_ramps_that_begin_one_after_the_other_are_stepped_together_and_end() -> None:
    compiler = Compiler()
    lost = {f"10.2.{at}.{service}" for at in (0, 1) for service in range(40)}
    state = compiler.compile(zone_of("spread", 40), sample_geo(), Readings(Verdicts(lost)), 1)
    now = 100.0
    for service in range(40):
        now += 0.1
        lost -= {f"10.2.{at}.{service}" for at in (0, 1)}
        changed = {target for target in state.uses if target.address.endswith(f".{service}")}
        state = compiler.refresh(state, changed, Readings(Verdicts(lost), now), 2)
    assert len(state.ramping) == sum("eu" in group.regions for group in state.groups)
    steps, end = 0, now + 32.0
    while (wait := state.next_ramp_step(now)) is not None:
        now += wait
        state = compiler.ramped(state, now, 3)
        steps += 1
    assert now < end
    assert steps <= 45
    assert not any(group.ramps for group in state.groups)
