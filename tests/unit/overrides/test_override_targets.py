"""What a target names, and what is said of one that names nothing."""

from __future__ import annotations

import pytest

from gtm.overrides import Book, nothing_matches, parse_target
from tests.unit.overrides.override_worlds import compiled_under, complaint

ALL = {("shop", "us"), ("shop", "eu"), ("shop", "ap")}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("region/eu-west", "region/eu-west"),
        ("app/shop/eu-west", "app/shop/eu-west"),
        ("service/Search/ap-south", "service/search/ap-south"),
        ("service/search.gtm.example.com./ap-south", "service/search.gtm.example.com/ap-south"),
        ("service/*/ap-south", "service/*/ap-south"),
        ("endpoint/192.0.2.10", "endpoint/192.0.2.10"),
        ("endpoint/2001:DB8:0::10", "endpoint/2001:db8::10"),
        ("endpoint/CDN.example.net.", "endpoint/cdn.example.net"),
        ("endpoint/192.0.2.*", "endpoint/192.0.2.*"),
        ("zone:gtm.example.com./region/eu-*", "zone:gtm.example.com/region/eu-*"),
    ],
)
def test_a_target_is_written_in_one_way(text: str, written: str) -> None:
    target = parse_target(text)
    assert str(target) == written
    assert parse_target(written) == target


@pytest.mark.parametrize(
    "text",
    [
        *("", "eu-west", "region", "region/", "region/a/b", "app/shop", "app//eu", "service/x/"),
        *("endpoint/a/b", "zone:/region/eu", "zone:a.example", "region/a b", "region/\n", "reg/x"),
        "region/" + "x" * 700,
    ],
)
def test_what_is_no_target_is_refused_with_what_to_write(text: str) -> None:
    assert complaint(text).startswith("cannot understand the target")
    assert "write " in complaint(text)


@pytest.mark.parametrize(
    ("text", "apps"),
    [
        ("region/us", {"shop", "media"}),
        ("region/*", {"shop", "media"}),
        ("region/mars", set()),
        ("app/shop/eu", {"shop"}),
        ("app/*/eu", {"shop", "media"}),
        ("service/orders/eu", {"shop"}),
        ("service/orders.gtm.example.com/eu", {"shop"}),
        ("service/search/eu", set()),
        ("endpoint/192.0.2.1", {"shop", "media"}),
        ("endpoint/cdn.*", {"media"}),
        ("zone:gtm.example.com/region/us", {"shop", "media"}),
        ("zone:*.example.com/region/us", {"shop", "media"}),
        ("zone:other.example/region/us", set()),
    ],
)
def test_a_target_hits_the_apps_that_it_names(text: str, apps: set[str]) -> None:
    compiled = compiled_under(Book())
    target = parse_target(text)
    assert {app.app.name for app in compiled.apps.values() if target.hits(app.zone, app.app)} == (
        apps
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("region/uss", "did you mean region/us?"),
        ("app/shpo/eu", "did you mean app/shop/eu?"),
        ("service/serach/ap", "did you mean service/search/ap?"),
        ("service/search/eu", "there are service/search/ap, service/search/us"),
        ("region/nowhere", "there are region/ap, region/eu, region/us"),
        ("endpoint/192.0.2.33", "endpoint/192.0.2.3"),
        ("zone:gtm.exmaple.com/region/us", "did you mean zone:gtm.example.com/region/us?"),
        ("app/qqqqq/eu", "gtm status lists what there is"),
    ],
)
def test_a_target_that_matches_nothing_names_the_nearest(text: str, hint: str) -> None:
    said = nothing_matches(parse_target(text), list(compiled_under(Book()).apps.values()))
    assert said.startswith(f"cannot find {text}: ")
    assert hint in said
