"""The dashboard's summary, map and what-if in a real browser, before made-up states.

The browser is Debian's: apt-get install chromium.
"""

import importlib.util
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system.browser import PHONE, chromium, looking
from tests.system.harness import free_port, until

ROOT = Path(__file__).parents[2]


class Fake:
    """The made-up server, in a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def show(self, scene: str) -> str:
        """Sets the scene; the page's address."""
        self.post(f"fake/scene?name={scene}")
        return self.url

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        self.post(f"fake/event?kind={kind}", data)

    def post(self, path: str, data: dict[str, Any] | None = None) -> None:
        body = json.dumps(data).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body, method="POST")):
            pass

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    port = free_port()
    command = [sys.executable, "-m", "tests.dashboard.fake_server", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        found = Fake(f"http://127.0.0.1:{port}/")
        until("the made-up server answers", found.answers)
        yield found
        process.terminate()


def _region(page: Page, name: str) -> Any:
    return page.locator(f"#map .region[data-region={name}]")


def test_what_is_down_and_where_its_clients_go_is_said_first(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("down")) as look:
        first = look.page.locator("#summary .statement").first
        expect(first).to_contain_text("eu-west is down for shop since")
        expect(first).to_contain_text("4 of 4 endpoints fail: HTTP 503")
        expect(first).to_contain_text(re.compile(r"go to us-east \(97.% of capacity\)"))
        expect(look.page).to_have_title("✕ eu-west down · gtm")
        expect(_region(look.page, "eu-west")).to_have_accessible_name(re.compile("eu-west: down"))


def test_with_nothing_wrong_it_says_so_and_is_calm(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("calm")) as look:
        expect(look.page.locator("#summary .statement")).to_have_count(1)
        expect(look.page.locator("#summary")).to_contain_text("Everything is up")
        expect(look.page).to_have_title("gtm")


def test_while_something_is_not_up_it_is_said_whether_capacity_holds(
    browser: Browser, fake: Fake
) -> None:
    with looking(browser, fake.show("drained")) as look:
        summary = look.page.locator("#summary")
        expect(summary).to_contain_text(re.compile(r"Capacity holds: us-east is the .*59.%"))
        expect(summary.locator(".tile", has_text="Fullest region")).to_contain_text("us-east")
        look.page.goto(fake.show("down"))
        expect(summary).to_contain_text(re.compile(r"us-east is at 97.% of its capacity"))
        look.page.goto(fake.show("all-down"))
        expect(summary).to_contain_text("Whether capacity holds is not known")


def test_reasons_are_told_without_where_and_how_long(browser: Browser, fake: Fake) -> None:
    busy = "not probed: this machine is too busy to probe in time"
    told = {
        "HTTP 503 from 192.0.2.10:443 after 41 ms, 3rd of 3": "HTTP 503",
        "no answer from [2001:db8::1]:80 within 500 ms": "no answer within 500 ms",
        busy: busy,
        f"{busy}; before that: HTTP 503 from 192.0.2.10:443 after 41 ms": "HTTP 503",
    }
    with looking(browser, fake.show("calm")) as look:
        for reason, gist in told.items():
            assert _run(look.page, "situation.js", "found.gist(given)", reason) == gist


def test_what_a_busy_machine_lets_come_and_go_is_not_told(browser: Browser, fake: Fake) -> None:
    run = """given.map(function ([now, impaired]) {
        this.lasting ??= found.createLasting();
        return this.lasting({ now, health: { impaired } }).health.impaired;
    }, {})"""
    seen = [(0, 3), (15, 0), (30, 2), (45, 2), (50, 4), (65, 0), (80, 1)]
    with looking(browser, fake.show("calm")) as look:
        assert _run(look.page, "lasting.js", run, seen) == [0, 0, 0, 0, 4, 0, 0]


def test_live_answers_by_region_go_on_where_what_was_read_ends(
    browser: Browser, fake: Fake
) -> None:
    run = "(found.append(given.traffic, given.event, 900), given.traffic.regions)"
    lists: dict[str, Any] = {key: [7] for key in ("queries", "p50_us", "p90_us", "p99_us")}
    traffic = {**lists, "at": [1], "rcodes": {}, "regions": {"eu-west": [7]}}
    # shares are of a minute, and not there in the first seconds that somebody looks
    event = {"at": 2, "regions": {"eu-west": 6.0, "us-east": 1.0}, "shares": []}
    with looking(browser, fake.show("calm")) as look:
        given = {"traffic": traffic, "event": event}
        assert _run(look.page, "charts.js", run, given) == {"eu-west": [7, 6], "us-east": [0, 1]}


def test_everything_down_is_one_sentence(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("all-down")) as look:
        first = look.page.locator("#summary .statement").first
        expect(first).to_contain_text(
            "Nothing is up for shop, catalog / search and catalog / images"
        )
        expect(first).to_contain_text("when_all_down")


def test_what_is_wrong_with_the_server_itself_is_said(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("trouble")) as look:
        summary = look.page.locator("#summary")
        expect(summary).to_contain_text("The zone files on disk are not in use")
        expect(summary).to_contain_text("zones/gtm.yaml:34:7: apps.shop.steering")
        expect(summary).to_contain_text("No failure is believed")
        expect(summary).to_contain_text("The load of ap-south is old")


def test_what_if_shows_who_moves_and_whether_capacity_holds(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("calm")) as look:
        _region(look.page, "eu-west").click()
        banner = look.page.locator("#map .banner")
        expect(banner).to_contain_text("nothing has been changed")
        expect(banner).to_contain_text(re.compile(r"us-east would be at 1\d\d % of its capacity"))
        expect(banner.get_by_role("button", name="Drain eu-west…")).to_be_visible()
        expect(look.page.locator("#map .land .is-moved").first).to_be_visible()
        us_east = look.page.locator("#map .readout[data-region=us-east]")
        expect(us_east).to_contain_text("over capacity")
        look.page.keyboard.press("Escape")
        expect(banner).to_have_count(0)
        expect(look.page.locator("#map .is-moved")).to_have_count(0)


def test_what_if_works_by_keyboard(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("calm")) as look:
        expect(_region(look.page, "ap-south")).to_be_visible()
        _region(look.page, "us-east").focus()
        look.page.keyboard.press("Tab")
        look.page.keyboard.press("Space")
        expect(look.page.locator("#map .banner")).to_contain_text("eu-west were off")
        expect(_region(look.page, "eu-west")).to_be_focused()
        expect(_region(look.page, "eu-west")).to_have_attribute("aria-pressed", "true")


def test_the_focus_stays_where_it_is_when_a_part_is_drawn_anew(
    browser: Browser, fake: Fake
) -> None:
    with looking(browser, fake.show("calm")) as look:
        switch = look.page.get_by_label("What if ap-south were off")
        switch.focus()
        look.page.keyboard.press("Space")
        expect(look.page.locator("#map .banner")).to_contain_text("ap-south were off")
        expect(switch).to_be_checked()
        expect(switch).to_be_focused()


def test_the_map_has_a_table_for_who_cannot_see_it(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("calm")) as look:
        look.page.get_by_text("Places as a table").click()
        row = look.page.get_by_role("row", name=re.compile("^United States of"))
        expect(row).to_contain_text("us-east")


def test_a_verdict_shows_without_a_new_page(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("calm")) as look:
        expect(look.page.locator("#summary")).to_contain_text("Everything is up")
        expect(look.page.locator("#bar")).to_contain_text("Live")
        at = {"at": time.time(), "zone": "gtm.example.com", "app": "shop", "service": None}
        change = {"region": "ap-south", "endpoint": None, "before": "up", "after": "down"}
        fake.tell("verdict", {**at, **change, "reason": "0 of 2 endpoints up", "by": "probe"})
        expect(look.page.locator("#summary")).to_contain_text("ap-south is down for shop")


def test_what_happened_to_the_server_arrives_live(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("calm")) as look:
        expect(look.page.locator("#summary")).to_contain_text("Everything is up")
        fake.show("down")
        expect(look.page.locator("#summary")).to_contain_text("eu-west is down for shop")
        expect(_region(look.page, "eu-west")).to_have_class(re.compile("region-down"))


def test_a_token_is_asked_for_and_kept_for_the_tab_alone(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("token")) as look:
        field = look.page.get_by_label("Token with the scope read")
        field.fill("gtm_wrong")
        look.page.get_by_role("button", name="Open").click()
        expect(look.page.get_by_role("alert")).to_contain_text("was not taken")
        look.page.get_by_label("Token with the scope read").fill("gtm_secret")
        look.page.keyboard.press("Enter")
        expect(look.page.locator("#summary")).to_contain_text("Everything is up")
        kept = "JSON.stringify([Object.values(localStorage), document.cookie])"
        assert "gtm_secret" not in str(look.page.evaluate(kept))
        look.page.reload()
        expect(look.page.locator("#summary")).to_contain_text("Everything is up")


def test_without_the_right_to_operate_nothing_offers_to(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("reader")) as look:
        expect(look.page.locator("#bar")).to_contain_text("read-only")
        _region(look.page, "us-east").click()
        expect(look.page.locator("#map .banner")).to_be_visible()
        expect(
            look.page.locator("#map").get_by_role("button", name=re.compile("^(Drain|Undrain)"))
        ).to_have_count(0)


def test_a_server_that_is_gone_is_seen_to_be(browser: Browser) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.dashboard.fake_server", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        short = Fake(f"http://127.0.0.1:{port}/")
        until("the made-up server answers", short.answers)
        with looking(browser, short.url) as look:
            expect(look.page.locator("#bar")).to_contain_text("Live")
            process.kill()
            expect(look.page.locator("#bar")).to_contain_text("Reconnecting")
            expect(look.page.locator("html")).to_have_class(re.compile("is-stale"))
            expect(look.page.get_by_role("alert")).to_contain_text("No word from the server since")
            expect(look.page).to_have_title(re.compile(r"^\? no word since"))
            look.faults.clear()  # the browser logs that nobody answers


def test_thousands_of_services_are_drawn_as_far_as_they_are_seen(
    browser: Browser, fake: Fake
) -> None:
    with looking(browser, fake.show("many")) as look:
        expect(look.page.locator("#services")).to_contain_text("All 10,003", timeout=60_000)
        assert look.page.locator("#services .row").count() < 100
        look.page.keyboard.press("/")
        look.page.keyboard.type("svc-0512-3")
        expect(look.page.locator("#services .row")).to_have_count(1)
        look.page.keyboard.press("Enter")
        expect(look.page.locator("#map-title")).to_contain_text("app-0512 / svc-0512-3")
        expect(look.page).to_have_url(re.compile("#/gtm.example.com/app-0512/svc-0512-3$"))
        expect(look.page.locator("#services .is-chosen")).to_be_in_viewport()


def test_a_button_stays_while_answers_are_counted(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("calm")) as look:
        table = look.page.locator("#endpoints table")
        shares = [
            {"zone": "gtm.example.com", "app": "shop", "service": "orders.gtm.example.com",
             "region": region, "per_second": rate}
            for region, rate in (("us-east", 3.0), ("eu-west", 1.0))
        ]  # fmt: skip
        expect(table).to_be_visible()
        table.get_by_role("button", name="Drain us-east").evaluate("one => { one.kept = true }")
        fake.tell("traffic", {"at": time.time(), "queries": 4, "regions": {}, "shares": shares})
        expect(table.get_by_role("row", name=re.compile("^us-east"))).to_contain_text("75 %")
        button = table.get_by_role("button", name="Drain us-east")
        assert button.evaluate("one => one.kept")


def test_acts_are_in_view_on_a_small_laptop(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("down"), size=(1024, 768)) as look:
        button = look.page.locator("#endpoints").get_by_role("button", name="Drain us-east")
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=1)


def test_a_phone_shows_all_of_it_without_sideways_scrolling(browser: Browser, fake: Fake) -> None:
    with looking(browser, fake.show("down"), size=PHONE) as look:
        expect(_region(look.page, "us-east")).to_be_visible()
        assert look.wide() <= 0
        look.page.get_by_role("button", name="shop", exact=True).click()
        look.page.get_by_role("option", name=re.compile("^search")).click()
        expect(look.page.locator("#map-title")).to_contain_text("catalog / search")


def test_regions_and_countries_are_on_the_same_projection(browser: Browser, fake: Fake) -> None:
    path = ROOT / "scripts" / "data" / "world_map.py"
    spec = importlib.util.spec_from_file_location("world_map", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    places = [
        (latitude, longitude) for latitude in (-50, 0, 37.5, 71) for longitude in (-165, 0, 179)
    ]
    with looking(browser, fake.show("calm")) as look:
        found = look.page.evaluate(
            "async (places) => { const { project } = await import('/static/projection.js');"
            " return places.map(([a, b]) => project(a, b)); }",
            places,
        )
    for (latitude, longitude), (x, y) in zip(places, found, strict=True):
        assert (x, y) == pytest.approx(script.unit((script.turned(longitude), latitude)), abs=0.01)


@pytest.mark.parametrize(
    ("reason", "gist"),
    [
        ("HTTP 503 from 192.0.2.10:443 after 41 ms, 3rd of 3", "HTTP 503"),
        (
            "no answer from [2001:db8::1]:80: connection timed out, 2nd of 2",
            "no answer: connection timed out",
        ),
        ("connection to 192.0.2.10:80 refused", "connection refused"),
        ("no connection to 192.0.2.10:443 within 2 s, 16th in a row", "no connection within 2 s"),
    ],
)
def test_a_reason_is_told_without_where_and_when(
    browser: Browser, fake: Fake, reason: str, gist: str
) -> None:
    with looking(browser, fake.url) as look:
        script = "async (r) => (await import('/static/situation.js')).gist(r)"
        assert look.page.evaluate(script, reason) == gist


def _run(page: Page, module: str, words: str, given: Any) -> Any:
    """What an expression comes to, of what a module of the page exports, `found`, and `given`."""
    load = "document.querySelector('script[type=module]').src.replace('app.js', name)"
    return page.evaluate(
        f"async ([name, given]) => {{ const found = await import({load}); return {words}; }}",
        [module, given],
    )
