"""What an override changes, and when safety refuses it."""

from __future__ import annotations

import pytest

from gtm.compile.compiler import Compiled, Compiler
from gtm.overrides import Book, because_of, changes, differences, refusal, refusals
from gtm.overrides.override import Wanted
from gtm.steering.readings import Readings
from tests.unit.overrides.override_worlds import ZONE, book_of, compiled_under, wanted
from tests.worlds import Verdicts, read_zones, sample_geo


def refused(compiled: Compiled, before: Book, asked: Wanted, down: set[str] | None = None) -> str:
    after, _, _ = before.adding(asked, 2000.0)
    look = Verdicts(down or set())
    why = refusals(differences(compiled.apps.values(), before, after, look))
    return refusal(asked, why) if why else ""


def with_safety(number: int) -> Compiled:
    text = ZONE + f"safety: {{min_regions: {number}}}\n"
    zones = read_zones({"gtm.yaml": text})
    return Compiler().compile(zones, sample_geo(), Readings(Verdicts()), 1)


@pytest.mark.parametrize("target", ["region/ap", "app/shop/us", "service/orders/eu"])
def test_an_act_that_leaves_enough_is_not_refused(target: str) -> None:
    assert refused(compiled_under(Book()), Book(), wanted("drain", target)) == ""


def test_the_last_region_of_an_app_is_refused_with_what_would_be_left() -> None:
    before = book_of(("drain", "region/us"))
    said = refused(compiled_under(before), before, wanted("drain", "app/shop/*"))
    assert said == (
        "cannot drain app/shop/*: app shop in gtm.example.com would be left with no region up "
        "(1 needed); force it (--force) to do it all the same"
    )


def test_a_spread_service_stands_for_itself() -> None:
    before = book_of(("down", "service/images/us"))
    said = refused(compiled_under(before), before, wanted("down", "region/eu"))
    assert said.startswith(
        "cannot force down region/eu: images of app media in gtm.example.com would be left with "
        "no region up (1 needed)"
    )
    assert "shop" not in said


def test_checks_count_too_what_is_down_is_not_left() -> None:
    down = {"192.0.2.3", "203.0.113.3"}
    compiled = compiled_under(Book(), down)
    said = refused(compiled, Book(), wanted("drain", "region/eu"), down)
    assert "app shop in gtm.example.com would be left with no region up" in said
    assert refused(compiled, Book(), wanted("drain", "app/shop/us"), down) == "", "it is down"


def test_an_endpoint_is_refused_where_it_is_the_last_of_the_last_region() -> None:
    before = book_of(("drain", "app/shop/us"), ("drain", "app/shop/eu"))
    compiled = compiled_under(before)
    assert "app shop" in refused(compiled, before, wanted("drain", "endpoint/203.0.113.3"))
    assert refused(compiled_under(Book()), Book(), wanted("drain", "endpoint/192.0.2.1")) == ""


@pytest.mark.parametrize(
    ("number", "target", "left"),
    [
        (0, "region/*", ""),
        (2, "app/shop/us", ""),
        (3, "app/shop/us", "left with ap and eu alone (3 needed)"),
        (2, "service/search/us", "left with ap alone (2 needed)"),
    ],
)
def test_the_zone_says_how_many_regions_have_to_be_left(
    number: int, target: str, left: str
) -> None:
    said = refused(with_safety(number), Book(), wanted("drain", target))
    assert left in said
    assert bool(said) == bool(left)


def test_what_makes_nothing_worse_is_not_refused() -> None:
    down = {"198.51.100.6", "192.0.2.3", "203.0.113.3"}
    before = book_of(("drain", "app/shop/eu"))
    compiled = compiled_under(before, down)
    assert refused(compiled, before, wanted("drain", "app/shop/eu"), down) == "", "again"
    assert refused(compiled, before, wanted("up", "region/*"), down) == ""


def test_many_apps_are_counted() -> None:
    said = refused(compiled_under(Book()), Book(), wanted("drain", "region/*"))
    assert said.count("would be left") == 3
    text = ZONE.replace(
        "images: {eu", "a: {us: 192.0.2.7}\n      b: {us: 192.0.2.7}\n      images: {eu"
    )
    zones = read_zones({"gtm.yaml": text})
    compiled = Compiler().compile(zones, sample_geo(), Readings(Verdicts()), 1)
    said = refused(compiled, Book(), wanted("drain", "region/*"))
    assert "; and 2 more; force it" in said


def test_changes_name_what_steers_and_the_endpoints() -> None:
    compiled = compiled_under(Book())
    after = book_of(("drain", "endpoint/203.0.113.5"), ("drain", "app/shop/us"))
    found = changes(differences(compiled.apps.values(), Book(), after, Verdicts()))
    assert {(one.app, one.service, one.region, one.endpoint) for one in found} == {
        ("shop", "", "us", ""),
        ("media", "search.gtm.example.com", "ap", ""),
        ("media", "search.gtm.example.com", "ap", "203.0.113.5"),
    }


def test_an_override_is_told_by_what_would_be_otherwise_without_it() -> None:
    book = book_of(("drain", "region/eu"), ("down", "app/shop/eu"))
    compiled = compiled_under(book)
    apps = compiled.apps.values()
    region, shop = book.overrides
    assert [one.service for one in because_of(region, apps, book, Verdicts())] == [
        "images.gtm.example.com"
    ]
    assert because_of(shop, apps, book, Verdicts()) == (), "the region's word says the same"
    down = Verdicts({"198.51.100.6"})
    assert because_of(region, compiled_under(book, down.down).apps.values(), book, down) == ()
