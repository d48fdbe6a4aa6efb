"""The dashboard before made-up states, in a real browser: legible for everyone, and never slow."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.system.browser import DESKTOP, PHONE, chromium, looking
from tests.system.harness import free_port, until

ROOT = Path(__file__).parents[2]
SCENES = ("all-down", "trouble", "reader", "token")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def fake() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.dashboard.fake_server", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}/"
        until("the made-up server answers", lambda: _answers(url))
        yield url
        process.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _choose(url: str, scene: str) -> None:
    request = urllib.request.Request(f"{url}fake/scene?name={scene}", method="POST")
    with urllib.request.urlopen(request):
        pass


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scene", SCENES)
def test_axe_finds_nothing_wrong(browser: Browser, fake: str, scene: str, scheme: str) -> None:
    _choose(fake, scene)
    with looking(browser, fake, scheme=scheme) as look:
        shown = "#gate form" if scene == "token" else "#timeline .timeline"
        expect(look.page.locator(shown)).to_be_visible()
        assert look.violations() == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_is_wider_than_the_window(
    browser: Browser, fake: str, size: tuple[int, int]
) -> None:
    _choose(fake, "trouble")
    with looking(browser, fake, size=size) as look:
        expect(look.panel("endpoints").locator(".card").first).to_be_visible()
        assert look.wide() <= 0


def test_ten_thousand_services_are_drawn_a_page_at_a_time(browser: Browser, fake: str) -> None:
    _choose(fake, "many")
    with looking(browser, fake) as look:
        expect(look.panel("services")).to_contain_text("10,0")
        expect(look.panel("endpoints").locator("details.service").first).to_be_visible()
        assert look.page.evaluate("document.querySelectorAll('*').length") < 5_000


def test_what_safety_refuses_is_said_and_can_be_forced_knowingly(
    browser: Browser, fake: str
) -> None:
    _choose(fake, "calm")
    with looking(browser, fake) as look:
        look.page.get_by_role("button", name="Drain us-east").first.click()
        dialog = look.page.get_by_role("dialog")
        expect(dialog.get_by_role("alert")).to_contain_text("Safety refuses it: this is a picture")
        button = dialog.locator("button[type=submit]")
        expect(button).to_be_disabled()
        assert look.violations() == []
        dialog.get_by_label("I know, do it all the same").check()
        expect(button).to_have_text("Drain all the same")
        expect(button).to_be_enabled()
        look.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


def test_without_the_scope_to_operate_nothing_can_be_changed(browser: Browser, fake: str) -> None:
    _choose(fake, "reader")
    with looking(browser, fake) as look:
        expect(look.panel("overrides")).to_contain_text("ap-south")
        expect(look.page.get_by_role("button", name="Take back")).to_have_count(0)
        expect(look.panel("endpoints").get_by_role("button", name="Drain")).to_have_count(0)
