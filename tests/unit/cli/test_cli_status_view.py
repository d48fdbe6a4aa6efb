"""What `gtm status` shows of a server's state."""

from __future__ import annotations

import pytest
from rich.console import Console

from gtm.api.models import AppStatus, MistakeShape, Status
from gtm.cli.output import counted, span
from gtm.cli.statusview import status_view
from tests.unit.cli.cli_samples import (
    NOW,
    a_status,
    an_app,
    endpoint,
    happening,
    region,
    service,
)


def shown(status: Status) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(status_view(status))
    return capture.get()


def one_app(*regions: str) -> AppStatus:
    return an_app(
        [region(name) for name in regions],
        [service("orders", {name: [endpoint()] for name in regions})],
    )


def test_the_head_says_version_plane_uptime_epoch_and_queries() -> None:
    first = shown(a_status()).splitlines()[0]
    assert first == ("gtm 0.1.0, python plane, up 2 h, epoch 7, 1,234 queries on 127.0.0.1:5300")


def test_a_stale_database_is_said_to_be() -> None:
    assert "city.mmdb (City), 400,000 networks, built 1970-01-01, more than" in shown(a_status())


def test_a_refused_load_shows_every_mistake() -> None:
    mistakes = tuple(
        MistakeShape(file="z.yaml", line=line, column=1, key="", problem="bad", remedy="")
        for line in (3, 9)
    )
    text = shown(a_status(error="cannot load", mistakes=mistakes))
    assert "what was loaded before is still served" in text
    assert "z.yaml:3:1: bad" in text
    assert "z.yaml:9:1: bad" in text


def test_verdicts_are_words_as_well_as_colours() -> None:
    text = shown(a_status(one_app("us", "eu")))
    assert "the block               ✓ up  ✓ up" in text
    assert "orders.gtm.example.com  ✓ up  ✓ up" in text


def test_what_is_down_says_why_and_since_when() -> None:
    app = an_app(
        [region("us", "down", "orders: reason of orders")],
        [service("orders", {"us": [endpoint("down", "refused")]}, "down")],
    )
    text = shown(a_status(app))
    first, _ = text.split("gtm.example.com, serial")
    assert "us  ✗ down  shop: orders: reason of orders, for 12 s" in first


def test_a_reason_is_told_once() -> None:
    """It was told of the region, the service, in what happened lately, and again of the service."""
    app = an_app(
        [region("us", "down", "orders: reason of orders (and 1 more of the block)")],
        [
            service("orders", {"us": [endpoint("down", "refused")]}, "down"),
            service("payments", {"us": [endpoint("down", "refused")]}, "down"),
        ],
    )
    happened = [
        happening("region", "down", NOW - 9, "orders: reason of orders (and 1 more of the block)"),
        happening("service", "down", NOW - 9, "reason of orders"),
    ]
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(status_view(a_status(app), happened))
    text = capture.get()
    assert text.count("reason of orders") == 1
    assert text.count("reason of payments") == 1
    assert "9 s ago  orders.gtm.example.com in us is down (probe)" in text


def test_an_endpoint_that_is_down_in_a_region_that_is_up_is_told() -> None:
    app = an_app(
        [region("us")], [service("orders", {"us": [endpoint(), endpoint("down", "refused")]})]
    )
    assert "us  ✗ down  192.0.2.10 of orders.gtm.example.com: refused" in shown(a_status(app))


def test_a_block_that_lacks_a_service_says_so() -> None:
    app = an_app(
        [region("us", "down", "payments is not deployed here")],
        [service("orders", {"us": [endpoint()]})],
    )
    assert "us  ✗ down  shop: payments is not deployed here" in shown(a_status(app))


def test_a_spread_app_has_no_verdict_of_its_own() -> None:
    app = an_app([region("us")], [service("orders", {"us": [endpoint()]})], topology="spread")
    assert "the block" not in shown(a_status(app))


def test_of_many_services_those_that_are_up_are_counted() -> None:
    services = [service(f"s{number}", {"us": [endpoint()]}) for number in range(100)]
    services.append(service("ill", {"us": [endpoint("unknown")]}, "unknown"))
    text = shown(a_status(an_app([region("us")], services)))
    assert "and 100 services up in every region" in text
    assert "ill.gtm.example.com  ? unknown" in text
    assert "s7.gtm" not in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0, "0 s"), (12.4, "12 s"), (60, "1 min"), (7200, "2 h"), (3 * 86400, "3 d")],
)
def test_spans_are_short(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("number", "thing", "words"),
    [(1, "query", "1 query"), (2, "query", "2 queries"), (1000, "region", "1,000 regions")],
)
def test_things_are_counted_in_words(number: int, thing: str, words: str) -> None:
    assert counted(number, thing) == words
