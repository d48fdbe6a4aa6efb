"""`gtm top`: what a sample holds, what keys do, and that it fits every screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gtm.api.models import EventShape, HistoryShape, ShareShape, Status, TrafficShape
from gtm.cli.toplooks import DOWN, SORTS, Looks, chosen, pressed, within
from gtm.cli.topsample import sample
from gtm.cli.topshape import TopShape
from gtm.cli.topview import frame, plain
from tests.unit.cli.cli_samples import NOW, a_status, an_app, endpoint, region, service

ZONE = "gtm.example.com"


def traffic(**rates: float) -> TrafficShape:
    """Answers a second of services in eu-west."""
    shares = [
        ShareShape(
            zone=ZONE, app="shop", service=f"{name}.{ZONE}", region="eu-west", per_second=rate
        )
        for name, rate in rates.items()
    ]
    return TrafficShape(
        now=NOW,
        step=1,
        at=[NOW - 1, NOW],
        queries=[100.0, 200.0],
        rcodes={"NOERROR": [99.0, 199.0], "SERVFAIL": [1.0, 1.0]},
        regions={"eu-west": [90.0, 190.0], "us-east": [10.0, 10.0]},
        p50_us=[12.0, None],
        p90_us=[18.0, None],
        p99_us=[1400.0, None],
        shares=shares,
        shares_left_off=0,
    )


def history(number: int = 1) -> HistoryShape:
    names = dict.fromkeys(("zone", "app", "service", "region", "endpoint", "key"), "")
    event = EventShape(
        at=NOW - 30,
        kind="region",
        severity="critical",
        said="shop in us-east is down",
        reason="connection refused",
        over=False,
        by="probe",
        before="up",
        after="down",
        **names,
    )
    return HistoryShape(now=NOW, events=[event] * number)


def status() -> Status:
    bad = service("payments", {"us-east": [endpoint("down", "refused")]}, "down")
    app = an_app([region("us-east", "down", "refused"), region("eu-west")], [bad])
    return a_status(app.model_copy(update={"services_left_off": 2}))


def a_sample(**rates: float) -> TopShape:
    return sample(status(), traffic(**rates), history())


def test_a_sample_counts_all_services_and_names_those_with_trouble_or_traffic() -> None:
    found = a_sample(orders=40.0)
    assert (found.services, found.ailing) == (3, 1)
    assert {one.service for one in found.busiest} == {f"payments.{ZONE}", f"orders.{ZONE}"}
    assert found.queries == 150.0
    assert (found.p50_us, found.p99_us) == (12.0, 1400.0)


def test_a_region_says_its_state_its_part_of_the_answers_and_why() -> None:
    down, up = a_sample().regions
    assert (down.region, down.state, down.reason) == ("us-east", "down", "refused")
    assert (up.state, up.per_second) == ("up", 140.0)
    assert up.share == pytest.approx(140 / 150)


def test_a_region_that_is_up_for_some_apps_is_partly_up() -> None:
    apps = [an_app([region("eu-west")], []), an_app([region("eu-west", "down", "gone")], [])]
    found = sample(a_status(*apps), traffic(), history()).regions
    assert [(one.state, one.apps_up, one.apps, one.reason) for one in found] == [
        ("partly", 1, 2, "gone")
    ]


def test_trouble_comes_first_then_the_busiest() -> None:
    found = a_sample(orders=40.0, search=50.0).busiest
    names = [one.service.partition(".")[0] for one in chosen(found, Looks())]
    assert names == ["payments", "search", "orders"]
    busy = [one.service.partition(".")[0] for one in chosen(found, Looks(sort="busy"))]
    assert busy == ["search", "orders", "payments"]
    assert chosen(found, Looks(filter="down us-east"))[0].service == f"payments.{ZONE}"
    assert chosen(found, Looks(filter="nothing")) == []


def after(*keys: str) -> Looks:
    looks = Looks()
    for key in keys:
        looks = pressed(looks, key)
    return looks


def test_keys_sort_filter_scroll_pause_and_quit() -> None:
    assert after("s").sort == SORTS[1]
    assert after("s", "s", "s").sort == SORTS[0]
    assert after("/", "q", "s", "\x7f", "\r") == Looks(filter="q")
    assert after("/", "q", "\x1b") == Looks()
    assert after(DOWN, "j", "k").first == 1
    assert after("k").first == 0
    assert after("p").paused
    assert not after(" ", "p").paused
    assert after("q").over
    assert after("?").help
    assert after("?", "x") == Looks()
    assert after("?", "q").over


def test_the_help_fits_a_small_terminal() -> None:
    lines = drawn(a_sample(orders=1.0), after("?"), 80, 24)
    assert any("the server goes on" in line for line in lines)
    assert not any("…" in line for line in lines if "scroll services" in line or "pause" in line)


def test_nobody_scrolls_past_the_end() -> None:
    found = a_sample(orders=1.0).busiest
    assert within(Looks(first=99), found).first == 1
    assert within(Looks(first=99), []).first == 0


@given(st.lists(st.sampled_from(["s", "/", "a", "q", "\r", "\x1b", "j", "k", "p", "?", "é", "\0"])))
def test_any_keys_lead_somewhere(keys: list[str]) -> None:
    looks = after(*keys)
    frame(a_sample(orders=1.0), looks, 80, 24)


def drawn(shape: TopShape, looks: Looks, width: int, height: int, trouble: str = "") -> list[str]:
    console = Console(width=width, height=height, color_system=None, markup=False)
    with console.capture() as capture:
        console.print(frame(shape, looks, width, height, trouble))
    return capture.get().splitlines()


def crowded() -> TopShape:
    """10,000 services, 300 of them down, and words that do not fit anywhere."""
    names = [f"a-service-with-quite-a-long-name-{n}" for n in range(300)]
    many = [service(n, {"us-east": [endpoint("down", "x" * 300)]}, "down") for n in names]
    places = [region(f"region-{n}", "up" if n % 3 else "down", "why " * 60) for n in range(40)]
    app = an_app(places, many, "spread").model_copy(update={"services_left_off": 9700})
    rates = {f"busy{n}": float(n) for n in range(500)}
    return sample(a_status(app, error="cannot load"), traffic(**rates), history(20))


@pytest.mark.parametrize(("width", "height"), [(80, 24), (132, 43), (200, 60), (60, 15), (40, 10)])
@pytest.mark.parametrize("looks", [Looks(), Looks(first=200), Looks(help=True), Looks(filter="x")])
def test_it_fits_every_screen(width: int, height: int, looks: Looks) -> None:
    for shape in (crowded(), a_sample(), sample(a_status(), traffic(), history(0))):
        lines = drawn(shape, looks, width, height, "cannot reach gtm; trying again")
        assert len(lines) <= height
        assert all(len(line) <= width for line in lines)


def test_the_head_is_whole_on_80_columns_however_many_addresses_there_are() -> None:
    places = [f"[2001:db8::{n}]:5300" for n in range(1, 7)]
    shape = a_sample().model_copy(update={"listen": ["127.0.0.1:5300", *places]})
    head = drawn(shape, Looks(), 80, 24)[0]
    assert "…" not in head
    assert "127.0.0.1:5300 and 6 more" in head
    assert "127.0.0.1:5300, [2001:db8::1]:5300" in drawn(shape, Looks(), 160, 24)[0]


def test_what_is_down_is_on_the_smallest_common_screen() -> None:
    shown = "\n".join(drawn(crowded(), Looks(), 80, 24))
    assert "300 of 10,000 have trouble" in shown
    assert "✗ down" in shown
    assert "q quit" in shown
    assert "last load refused" in shown


def test_all_is_well_in_words_too() -> None:
    calm = sample(a_status(an_app([region("eu-west")], [])), traffic(), history(0))
    shown = "\n".join(drawn(calm, Looks(), 80, 24))
    assert "✓ up" in shown
    assert "all 0 are well" in shown


def test_bad_rcodes_are_named() -> None:
    assert "SERVFAIL 0.7%" in "\n".join(drawn(a_sample(), Looks(), 80, 24))


def test_a_plain_print_has_all_regions_and_no_keys() -> None:
    shown = plain(crowded(), Looks(), 100).plain
    assert "region-39" in shown
    assert "q quit" not in shown
