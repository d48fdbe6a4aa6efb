"""The dashboard of a real server in a real browser: what it shows, and that it stays true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.system.browser import DESKTOP, PHONE, Look, chromium, looking
from tests.system.dashboardworld import EU, EU_CLIENT, NAME, Shown, shown

PANELS = ("summary", "map", "endpoints", "traffic", "timeline", "explain")
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in (DESKTOP, PHONE)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with shown(tmp_path_factory.mktemp("dashboard")) as found:
        yield found


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_every_panel_is_there_and_axe_finds_nothing(
    browser: Browser, world: Shown, scheme: str, size: tuple[int, int]
) -> None:
    with looking(browser, world.url, scheme=scheme, size=size) as look:
        for panel in PANELS:
            expect(look.panel(panel)).to_be_visible()
        expect(look.panel("endpoints")).to_contain_text("127.0.0.22")
        expect(look.panel("traffic").locator("canvas")).to_have_count(3)
        assert look.wide() <= 0
        assert look.violations() == []


def test_a_backend_that_fails_and_returns_is_seen_without_loading_the_page_again(
    browser: Browser, world: Shown
) -> None:
    with looking(browser, world.url) as look:
        expect(_row(look, "eu-west")).to_contain_text("up")
        look.page.evaluate("window.untouched = true")
        world.backends[EU].kill()
        expect(_row(look, "eu-west")).to_contain_text("down")
        expect(look.panel("timeline")).to_contain_text("shop in eu-west is down")
        expect(look.panel("summary")).to_contain_text("eu-west")
        world.backends[EU].start()
        expect(_row(look, "eu-west")).to_contain_text("up")
        expect(look.panel("timeline")).to_contain_text("shop in eu-west is up")
        assert look.page.evaluate("window.untouched")


def test_latency_of_probes_is_drawn_and_told_in_words(browser: Browser, world: Shown) -> None:
    with looking(browser, world.url) as look:
        spark = look.panel("endpoints").locator("svg.spark").first
        expect(spark).to_be_visible()
        expect(spark).to_have_attribute("aria-label", re.compile(r"the last \d+ probes?: .* ms"))


def test_queries_are_counted_as_they_come(browser: Browser, world: Shown) -> None:
    with looking(browser, world.url) as look:
        legend = look.panel("traffic").locator(".chart-legend").first
        expect(legend).to_contain_text("NOERROR")
        for _ in range(200):
            world.gtm.ask(NAME)
        expect(legend.locator("li", has_text="NOERROR").locator("b")).not_to_have_text("0/s")


def test_an_explanation_is_that_of_the_command_line(browser: Browser, world: Shown) -> None:
    told = world.gtm.command("explain", NAME, "--client", EU_CLIENT, "--json")
    found = json.loads(told.stdout)
    with looking(browser, world.url) as look:
        panel = look.panel("explain")
        panel.get_by_label("Name", exact=True).fill(NAME)
        panel.get_by_label("Client address").fill(EU_CLIENT)
        panel.get_by_label("Client address").press("Enter")
        expect(panel.locator(".explain-summary")).to_have_text(found["summary"])
        expect(panel.locator(".explain-records")).to_have_text("\n".join(found["answer"]))
        for region in found["steering"]["regions"]:
            row = panel.locator("tr", has=look.page.get_by_role("rowheader", name=region["region"]))
            expect(row.first).to_contain_text(f"{region['cost']:.1f} ms")
            expect(row.first).to_contain_text(region["state"])
        assert look.violations() == []
        assert f"client={EU_CLIENT}" in look.page.url


def test_a_link_to_an_explanation_shows_it(browser: Browser, world: Shown) -> None:
    with looking(browser, f"{world.url}#explain?name={NAME}&client={EU_CLIENT}") as look:
        expect(look.panel("explain").locator(".explain-summary")).to_contain_text("eu-west")


def test_what_can_not_be_explained_is_said_kindly(browser: Browser, world: Shown) -> None:
    with looking(browser, world.url) as look:
        look.page.get_by_label("Client address").fill("nowhere")
        look.page.get_by_label("Client address").press("Enter")
        alert = look.panel("explain").get_by_role("alert")
        expect(alert).to_contain_text("nowhere")
        expect(alert).to_contain_text("cannot")


def test_what_if_shows_who_would_move(browser: Browser, world: Shown) -> None:
    with looking(browser, world.url) as look:
        look.panel("map").get_by_label("What if eu-west were off").check()
        expect(look.panel("map")).to_contain_text("of clients would move")
        assert look.violations() == []


def _row(look: Look, region: str) -> Locator:
    rows = look.panel("endpoints").locator(".regions tbody tr")
    return rows.filter(has_text=region)
