"""A real browser that looks at the dashboard: Debian's Chromium, driven by Playwright.

Install it with: apt-get install chromium. Nothing else is downloaded: `pip install gtm[dev]` brings
Playwright and axe-core, and the browser is the one of the system.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

PATIENCE = 20_000  # milliseconds that anything may take on a slow machine
DESKTOP, PHONE = (1440, 900), (390, 844)
AXE = "axe.min.js"  # in the package axe_playwright_python
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=PATIENCE)


@dataclass
class Look:
    """A page that somebody looks at, and what it did that it must not."""

    page: Page
    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def panel(self, name: str) -> Locator:
        """The panel of that id."""
        return self.page.locator(f"#{name}")

    def wide(self) -> float:
        """By how many pixels the page is wider than its window."""
        found: float = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return found

    def violations(self) -> list[str]:
        """What axe-core finds wrong with the page as it is: a line for each."""
        self.page.evaluate(files("axe_playwright_python").joinpath(AXE).read_text("utf-8"))
        run = f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})"
        found: dict[str, Any] = self.page.evaluate(run)
        return [
            f"{one['id']} ({one['impact']}): {node['html'][:160]}: {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; tests that need it are skipped, saying how to install it, without one."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    # in containers, where tests run as root, Chromium's own sandbox can't be set up
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def looking(
    browser: Browser,
    url: str,
    *,
    scheme: str = "light",
    size: tuple[int, int] = DESKTOP,
    token: str = "",
) -> Iterator[Look]:
    """A fresh page at `url`. Afterwards: no error was logged, and nothing asked of other hosts."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=size == PHONE,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    if token:
        context.add_init_script(f"sessionStorage.setItem('gtm-token', {json.dumps(token)})")
    look = Look(context.new_page())
    look.page.on("console", lambda message: _heard(look, message))
    look.page.on("pageerror", lambda error: look.faults.append(str(error)))
    look.page.on("request", lambda request: look.hosts.add(urlsplit(request.url).netloc))
    try:
        look.page.goto(url)
        yield look
        assert look.faults == []
        assert look.hosts <= {urlsplit(url).netloc, ""}
    finally:
        context.close()


def _heard(look: Look, message: ConsoleMessage) -> None:
    # a refusal that the page shows in words is logged by the browser all the same
    refused = message.text.startswith("Failed to load resource") and " 40" in message.text
    if message.type in {"error", "warning"} and not refused:
        look.faults.append(message.text)
