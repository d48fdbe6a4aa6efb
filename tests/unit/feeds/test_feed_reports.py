"""Reports take out what probes find up, within bounds, and probes alone put it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.feeds.known import Known
from gtm.model import State
from tests.unit.feeds.feed_worlds import SERVICE, Probed, Scene, read, zone_text

FIRST = "192.0.1.0"


def scene(**options: object) -> Scene:
    return Scene(read(zone_text(**options)))  # type: ignore[arg-type]


def take_out(stage: Scene, address: str = FIRST) -> None:
    stage.tell(address, ok=20, failed=30, timeouts=10, by="gw-1")
    stage.tell(address, ok=20, failed=40, by="gw-2")
    stage.step()


def test_an_endpoint_that_fails_for_several_is_taken_out_with_its_reason() -> None:
    stage = scene()
    take_out(stage)
    reason = "67 % of 120 requests failed in 30 s, reported by gw-1, gw-2; its probes succeed"
    assert stage.changes == [(FIRST, State.DOWN, reason)]
    assert stage.down() == {FIRST}


def test_reports_that_say_all_is_well_put_nothing_back() -> None:
    stage = scene()
    take_out(stage)
    for _ in range(500):
        stage.tell(FIRST, ok=1000, by="gw-1")
        stage.tell(FIRST, ok=1000, by="gw-2")
        stage.step(1)
    assert stage.down() == {FIRST}


def test_rise_probes_since_the_reports_were_bad_put_it_back_after_its_hold() -> None:
    stage = scene(passive="{window: 10s, hold: 40s}")
    take_out(stage)
    stage.probe(FIRST)
    stage.probe(FIRST)
    stage.step(1)
    assert stage.down() == {FIRST}, "the reports of the window are still bad"
    stage.step(12)
    stage.probe(FIRST)
    stage.step(1)
    assert stage.down() == {FIRST}, "one probe since"
    stage.probe(FIRST)
    stage.step(1)
    assert stage.down() == {FIRST}, "held"
    stage.step(30)
    assert stage.down() == set()
    assert stage.changes[-1] == (FIRST, State.UP, "probed up")


def test_a_probe_that_fails_begins_the_row_anew() -> None:
    stage = scene(passive="{window: 10s, hold: 10s}")
    take_out(stage)
    stage.step(15)
    for ok in (True, False, True):
        stage.probe(FIRST, ok)
        stage.step(1)
    assert stage.down() == {FIRST}
    stage.probe(FIRST)
    stage.step(1)
    assert stage.down() == set()


def test_one_that_probes_find_down_is_theirs_alone() -> None:
    stage = scene()
    take_out(stage)
    stage.probed[stage.target(FIRST)] = Probed(State.DOWN, 0, 9)
    stage.step(1)
    assert not stage.reports.held
    assert stage.reports.verdict(stage.target(FIRST)).reason == "probed down"
    stage.probed[stage.target(FIRST)] = Probed(State.UP, 2, 11)
    assert stage.down() == set()


def test_one_whose_probes_are_unknown_is_not_taken_out_and_not_put_back_by_it() -> None:
    stage = scene()
    stage.probed[stage.target(FIRST)] = Probed(State.UNKNOWN, 0, 0)
    take_out(stage)
    assert stage.down() == set()
    stage.probed[stage.target(FIRST)] = Probed()
    take_out(stage)
    assert stage.down() == {FIRST}
    stage.probed[stage.target(FIRST)] = Probed(State.UNKNOWN, 0, 0)
    stage.step(1)
    assert stage.down() == {FIRST}


def test_it_stays_out_twice_as_long_when_it_fails_again_soon() -> None:
    stage = scene(passive="{window: 10s, hold: 20s}")
    lengths = []
    for _ in range(3):
        take_out(stage)
        begun = stage.now
        while stage.down():
            stage.probe(FIRST)
            stage.step(1)
        lengths.append(stage.now - begun)
    assert lengths == [20, 40, 80]


def test_one_mad_gateway_that_reports_all_failed_takes_nothing_out() -> None:
    stage = scene(regions=3, each=3)
    for _ in range(10):
        for target in stage.known.targets:
            service = f"{'orders' if target.address.startswith('192.0.1.') else 'payments'}"
            stage.tell(target.address, failed=1000, by="mad", service=f"{service}.gtm.example.com")
            stage.tell(target.address, ok=3, by="honest", service=f"{service}.gtm.example.com")
        stage.step(1)
    assert stage.down() == set()


def test_a_gateway_that_is_cut_off_and_alone_takes_nothing_out() -> None:
    stage = scene(regions=3, each=3)
    for target in stage.known.targets:
        if target.address.startswith("192.0.1."):
            stage.tell(target.address, failed=1000)
    stage.step()
    assert stage.down() == set()


def test_reports_hold_out_at_most_their_part_of_a_service_and_say_what_they_could_not() -> None:
    stage = scene(regions=2, each=2)
    for end in ("192.0.1.0", "192.0.1.1", "192.0.1.10", "192.0.1.11"):
        for by in ("gw-1", "gw-2", "gw-3"):
            stage.tell(end, failed=100, by=by)
    for _ in range(5):
        stage.step(1)
    assert len(stage.down()) == 2
    assert len(stage.refusals) == 2, "each said once"
    assert "reports hold 2 of 4 endpoints of orders out already" in stage.refusals[0][1]


def test_the_last_region_is_never_taken_out() -> None:
    stage = scene(regions=2, each=1, passive="{most: 100%}")
    for end in ("192.0.1.0", "192.0.1.10"):
        for by in ("gw-1", "gw-2"):
            stage.tell(end, failed=100, by=by)
    stage.step()
    assert len(stage.down()) == 1
    assert "orders would have 0 of the 2 regions left" in stage.refusals[0][1]


def test_a_block_keeps_its_regions_whichever_services_are_reported() -> None:
    stage = scene(regions=3, each=1, topology="replicated")
    for end, service in (
        ("192.0.1.0", SERVICE),
        ("192.0.2.10", "payments.gtm.example.com"),
        ("192.0.2.20", "payments.gtm.example.com"),
    ):
        for by in ("gw-1", "gw-2"):
            stage.tell(end, failed=100, by=by, service=service)
        stage.step()
    assert stage.down() == {"192.0.1.0"}, "each in another region would leave the block nowhere"


def test_a_service_with_one_endpoint_keeps_it() -> None:
    stage = scene(regions=1, each=1)
    take_out(stage)
    assert stage.down() == set()


@pytest.mark.parametrize(
    ("service", "region", "endpoint", "words"),
    [
        ("nothing.example.com", "r0", FIRST, "there is no service 'nothing.example.com'"),
        (SERVICE, "mars", FIRST, "is not in a region 'mars'; it is in r0, r1"),
        (SERVICE, "r0", "192.0.9.9", "has no endpoint '192.0.9.9' in r0; there are 192.0.1.0"),
    ],
)
def test_what_is_not_served_is_refused_by_name(
    service: str, region: str, endpoint: str, words: str
) -> None:
    found = scene().known.find(service, region, endpoint)
    assert isinstance(found, str)
    assert words in found


def test_a_check_without_passive_refuses_reports_in_words() -> None:
    zone = read(zone_text().replace(", passive: {}", ""))
    assert "its check has no `passive`" in str(Known([zone]).find(SERVICE, "r0", FIRST))


def test_names_are_taken_in_any_case_with_or_without_the_dot() -> None:
    stage = scene()
    assert stage.known.find("ORDERS.gtm.example.com.", "r0", FIRST) == stage.target(FIRST)


def test_a_reload_that_changes_only_how_it_is_judged_keeps_what_is_held_out() -> None:
    stage = scene()
    take_out(stage)
    stage.zone = read(zone_text(passive="{minimum: 30}"))
    stage.known = Known([stage.zone])
    stage.reports.follow(stage.known)
    assert stage.down() == {FIRST}


def test_a_reload_that_removes_passive_puts_back_what_was_held_out() -> None:
    stage = scene()
    take_out(stage)
    stage.reports.follow(Known([read(zone_text().replace(", passive: {}", ""))]))
    assert not stage.reports.held


STORY = st.lists(
    st.tuples(
        st.sampled_from(["tell", "probe", "fail", "wait", "down", "up"]),
        st.integers(0, 3),
        st.sampled_from(["gw-1", "gw-2", "gw-3"]),
        st.integers(0, 200),
        st.integers(0, 200),
    ),
    max_size=60,
)


@given(STORY)
def test_whatever_is_told_half_stays_and_nothing_comes_back_without_its_probes(
    story: list[tuple[str, int, str, int, int]],
) -> None:
    stage = scene(passive="{window: 10s, hold: 5s}")
    ends = ["192.0.1.0", "192.0.1.1", "192.0.1.10", "192.0.1.11"]
    rows = dict.fromkeys(ends, 0)
    for act, at, by, ok, failed in story:
        end, before = ends[at], set(stage.reports.held)
        if act == "tell":
            stage.tell(end, ok=ok, failed=failed, by=by)
        elif act in ("probe", "fail"):
            stage.probe(end, act == "probe")
            rows[end] = rows[end] + 1 if act == "probe" else 0
        elif act == "wait":
            stage.now += failed / 10
        else:
            stage.probed.setdefault(stage.target(end), Probed()).state = State(act)
        stage.step(0.1)
        held = set(stage.reports.held)
        for target in held - before:
            rows[target.address] = 0
        for target in before - held:
            probed_down = stage.probed[target].state is State.DOWN
            assert probed_down or rows[target.address] >= 2
        assert len(held) <= 2
