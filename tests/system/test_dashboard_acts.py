"""Acts on the dashboard of a real server, in a real browser, as dig then sees them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.system.browser import Look, chromium, looking
from tests.system.dashboardworld import EU, NAME, Shown, shown
from tests.system.harness import needs, run_gtm, until

TABS = 60  # pressed at the most to reach something


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dashboard")


@pytest.fixture(scope="module")
def world(folder: Path) -> Iterator[Shown]:
    with shown(folder) as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_drained(world: Shown) -> Iterator[None]:
    yield
    told = json.loads(world.gtm.command("overrides", "--json").stdout)
    for one in told["overrides"]:
        world.gtm.command("undrain", one["target"])


def dig(world: Shown) -> str:
    """What a client in Dublin is told."""
    ask = [needs("dig", "bind9-dnsutils"), "@127.0.0.1", "-p", str(world.gtm.port), "+short"]
    ask += ["+subnet=198.51.100.64/27", NAME]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()


def _button(look: Look, name: str) -> Locator:
    return look.panel("endpoints").get_by_role("button", name=name, exact=True)


def test_a_drain_done_by_mouse_shows_in_dig_and_is_taken_back(
    browser: Browser, world: Shown
) -> None:
    assert dig(world) == EU
    with looking(browser, world.url) as look:
        _button(look, "Drain eu-west").click()
        dialog = look.page.get_by_role("dialog")
        expect(dialog).to_contain_text("would move")
        assert look.violations() == []
        dialog.get_by_label("Reason").fill("kernel update")
        dialog.get_by_label("Who").fill("alice")
        dialog.get_by_role("button", name="Drain", exact=True).click()
        expect(dialog).to_be_hidden()
        expect(look.page.get_by_role("status").last).to_contain_text("region/eu-west is drained")
        until("dig is told another region", lambda: dig(world) != EU)
        expect(look.panel("overrides")).to_contain_text("drained by alice")
        expect(look.panel("overrides")).to_contain_text("kernel update")
        expect(look.panel("timeline")).to_contain_text("override of region/eu-west set")
        look.panel("overrides").get_by_role("button", name="Take back").click()
        look.page.get_by_role("dialog").get_by_role("button", name="Take back").click()
        until("dig is told eu-west again", lambda: dig(world) == EU)
        expect(look.panel("overrides")).to_be_hidden()


def test_a_drain_is_done_by_keyboard_alone_and_the_focus_returns(
    browser: Browser, world: Shown
) -> None:
    with looking(browser, world.url) as look:
        expect(_button(look, "Drain eu-west")).to_be_visible()
        look.page.keyboard.press("e")
        _tab_to(look, "Drain eu-west")
        look.page.keyboard.press("Enter")
        look.page.keyboard.type("kernel update")
        for _ in range(2):
            look.page.keyboard.press("Tab")
        look.page.keyboard.type("alice")
        look.page.keyboard.press("Enter")
        until("dig is told another region", lambda: dig(world) != EU)
        expect(_button(look, "Undrain eu-west")).to_be_focused()
        look.page.keyboard.press("Enter")
        expect(look.page.get_by_role("dialog")).to_contain_text("kernel update")
        look.page.keyboard.press("Enter")
        until("dig is told eu-west again", lambda: dig(world) == EU)
        expect(_button(look, "Drain eu-west")).to_be_focused()


def _tab_to(look: Look, name: str) -> None:
    for _ in range(TABS):
        look.page.keyboard.press("Tab")
        said = look.page.evaluate("document.activeElement.getAttribute('aria-label')")
        if said == name:
            return
    raise AssertionError(f"{name} is not reached in {TABS} tabs")


def test_what_safety_refuses_needs_a_second_word(browser: Browser, world: Shown) -> None:
    for region in ("us-east", "ap-south"):
        world.gtm.command("drain", f"app/shop/{region}", "--reason", "elsewhere", "--by", "bob")
    with looking(browser, world.url) as look:
        _button(look, "Drain eu-west").click()
        dialog = look.page.get_by_role("dialog")
        dialog.get_by_role("radio", name="app/shop/eu-west").check()
        dialog.get_by_label("Reason").fill("the last one")
        dialog.get_by_label("Who").fill("alice")
        anyway = dialog.get_by_label("I know, do it all the same")
        if not anyway.is_visible():
            dialog.locator("button[type=submit]").click()
        expect(dialog.get_by_role("alert")).to_contain_text("no region up")
        anyway.check()
        dialog.get_by_role("button", name="Drain all the same").click()
        expect(look.panel("overrides")).to_contain_text("the last one")


def test_a_token_that_may_only_read_shows_all_and_changes_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens.json"
    made = run_gtm("keys", "token", "add", "screen", "--scope", "read", "--tokens", str(tokens))
    token = next(word for word in made.stdout.split() if word.startswith("gtm_"))
    with (
        shown(tmp_path, "--tokens", str(tokens)) as world,
        looking(browser, world.url) as look,
    ):
        gate = look.panel("gate")
        expect(gate).to_be_visible()
        assert look.violations() == []
        gate.locator("input").fill("gtm_wrong")
        gate.locator("input").press("Enter")
        expect(gate.locator("input")).to_be_visible()
        gate.locator("input").fill(token)
        gate.locator("input").press("Enter")
        expect(look.panel("endpoints")).to_contain_text(EU)
        expect(_button(look, "Drain eu-west")).to_have_count(0)
        expect(look.panel("map").get_by_role("button", name="Drain")).to_have_count(0)
