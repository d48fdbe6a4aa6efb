"""Which word holds where several are about one thing."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled, Compiler
from gtm.model import Act, Service, State, Topology
from gtm.overrides import Book, Override
from gtm.steering.readings import Readings
from tests.unit.overrides.override_worlds import (
    ADDRESSES,
    ZONES,
    book_of,
    compiled_under,
    states,
    wanted,
)
from tests.worlds import Verdicts, sample_geo

UP, DOWN = "up", "down"


@pytest.mark.parametrize(
    ("words", "place", "state"),
    [
        pytest.param([("drain", "region/eu")], ("shop", "eu"), DOWN, id="a region, a block"),
        pytest.param([("drain", "region/eu")], ("images", "eu"), DOWN, id="a region, a service"),
        pytest.param([("drain", "region/eu")], ("shop", "us"), UP, id="no other region"),
        pytest.param([("down", "app/shop/eu")], ("images", "eu"), UP, id="no other app"),
        pytest.param(
            [("up", "app/shop/eu"), ("drain", "region/eu")], ("shop", "eu"), UP, id="app > region"
        ),
        pytest.param(
            [("up", "service/images/eu"), ("drain", "app/media/eu"), ("drain", "region/*")],
            *(("images", "eu"), UP),
            id="service > app > region",
        ),
        pytest.param(
            [("drain", "endpoint/198.51.100.6"), ("up", "service/images/eu")],
            *(("images", "eu"), DOWN),
            id="endpoint > service",
        ),
        pytest.param(
            [("drain", "endpoint/192.0.2.1"), ("up", "region/us")],
            *(("search", "us"), UP),
            id="an endpoint that is not the last",
        ),
        pytest.param(
            [("up", "region/eu"), ("drain", "region/*")], ("shop", "eu"), UP, id="exact > glob"
        ),
        pytest.param(
            [("up", "service/images/eu"), ("drain", "service/*/eu"), ("drain", "service/*/*")],
            *(("images", "eu"), UP),
            id="exact > one glob > two",
        ),
        pytest.param(
            [("up", "service/*/eu"), ("drain", "app/media/eu")],
            *(("images", "eu"), UP),
            id="a service's glob > an exact app",
        ),
        pytest.param(
            [("up", "region/e*"), ("drain", "region/*u")], ("shop", "eu"), DOWN, id="the newest"
        ),
        pytest.param(
            [("drain", "region/e*"), ("up", "region/*u")], ("shop", "eu"), UP, id="the newest, up"
        ),
        pytest.param(
            [("up", "zone:gtm.example.com/region/eu"), ("drain", "region/eu")],
            *(("shop", "eu"), UP),
            id="a zone named > any zone",
        ),
        pytest.param(
            [("drain", "service/orders/eu")], ("shop", "eu"), DOWN, id="a block leaves together"
        ),
        pytest.param(
            [("drain", "service/orders/eu"), ("up", "region/eu")],
            *(("shop", "eu"), DOWN),
            id="a region does not revive a block whose service is out",
        ),
        pytest.param(
            [("up", "service/orders/eu"), ("drain", "region/eu")],
            *(("shop", "eu"), DOWN),
            id="a service does not revive its block",
        ),
    ],
)
def test_the_narrowest_then_the_most_exact_then_the_newest_word_holds(
    words: list[tuple[str, str]], place: tuple[str, str], state: str
) -> None:
    assert states(compiled_under(book_of(*words)))[place] == state


def test_forced_up_beats_the_checks_and_is_answered() -> None:
    down = {"198.51.100.1", "198.51.100.3"}
    assert states(compiled_under(Book(), down))["shop", "eu"] == DOWN
    forced = compiled_under(book_of(("up", "region/eu")), down)
    assert states(forced)["shop", "eu"] == UP
    health = forced.apps["gtm.example.com.", "shop"].health.services["orders"]["eu"]
    assert [str(endpoint) for endpoint in health.usable()] == ["198.51.100.1"]


def test_a_verdict_says_who_and_why_and_until_when() -> None:
    noon = 1_700_049_600.0  # 2023-11-15 12:00 UTC
    book = Book()
    for target, seconds in (("region/eu", 7200.0), ("region/us", None), ("region/ap", 86400.0)):
        book, _, _ = book.adding(wanted("drain", target, seconds), noon)
    regions = compiled_under(book).apps["gtm.example.com.", "shop"].health.regions
    assert {region: verdict.reason for region, verdict in regions.items()} == {
        "eu": "drained by tester until 14:00 UTC: a test",
        "us": "drained by tester: a test",
        "ap": "drained by tester until 2023-11-16 12:00 UTC: a test",
    }
    assert {verdict.act for verdict in regions.values()} == {Act.DRAIN}
    assert {verdict.since for verdict in regions.values()} == {noon}


def test_a_drained_endpoint_leaves_the_answers_and_is_no_last_resort() -> None:
    book = book_of(("drain", "endpoint/192.0.2.1"))
    orders = compiled_under(book).apps["gtm.example.com.", "shop"].health.services["orders"]
    assert [str(endpoint) for endpoint in orders["us"].usable()] == ["192.0.2.2"]
    orders = (
        compiled_under(book, {"192.0.2.2"})
        .apps["gtm.example.com.", "shop"]
        .health.services["orders"]
    )
    assert [str(endpoint) for endpoint in orders["us"].usable()] == ["192.0.2.2"]


def test_with_no_region_up_what_is_drained_is_not_answered_while_others_are_there() -> None:
    down = {"192.0.2.1", "192.0.2.2", "203.0.113.1"}
    compiled = compiled_under(book_of(("drain", "region/eu")), down)
    number = compiled.apps["gtm.example.com.", "shop"].services["orders"].steered.group
    given = {slot for plan in compiled.snapshot.plans[number] for slot in plan.slots}
    assert {compiled.groups[number].regions[slot] for slot in given} <= {"us", "ap"}
    compiled = compiled_under(book_of(("drain", "region/*")))
    given = {slot for plan in compiled.snapshot.plans[number] for slot in plan.slots}
    assert {compiled.groups[number].regions[slot] for slot in given} <= {"us", "eu", "ap"}
    assert given


# --- against an oracle ------------------------------------------------------------------

REGIONS = st.sampled_from(["us", "eu", "ap", "*", "?u", "[ea]*"])
NAMES = st.sampled_from(["orders", "payments", "search", "images", "*", "*s", "orders.gtm.*"])
TARGETS = st.one_of(
    REGIONS.map("region/{}".format),
    st.tuples(st.sampled_from(["shop", "media", "*", "*o*"]), REGIONS).map(
        lambda parts: "app/{}/{}".format(*parts)
    ),
    st.tuples(NAMES, REGIONS).map(lambda parts: "service/{}/{}".format(*parts)),
    st.sampled_from([*ADDRESSES, "192.0.2.*", "*", "198.*.1"]).map("endpoint/{}".format),
)
QUALIFIED = st.tuples(
    st.sampled_from(["", "", "zone:gtm.example.com/", "zone:other.example/", "zone:gtm.*/"]),
    TARGETS,
).map("".join)
WORDS = st.lists(st.tuples(st.sampled_from(["drain", "up", "down"]), QUALIFIED), max_size=8)
DOWNS = st.sets(st.sampled_from(ADDRESSES))


def winner(book: Book, kinds: list[str], *names: set[str] | str) -> Override | None:
    """The word that holds, found by going through all of them from the weakest criterion on."""
    best: Override | None = None
    for one in book.overrides:
        written = str(one.target).split("/")
        zone = written.pop(0).removeprefix("zone:") if ":" in written[0] else None
        kind, *parts = written
        if kind not in kinds or not fnmatchcase("gtm.example.com", zone or "*"):
            continue
        meant = [names[-1]] if kind == "region" else list(names)[-len(parts) :]
        options = [part if isinstance(part, set) else {part} for part in meant]
        if not all(
            any(fnmatchcase(option, part) for option in some)
            for some, part in zip(options, parts, strict=True)
        ):
            continue
        if best is None or strength(one) > strength(best):
            best = one
    return best


def strength(one: Override) -> tuple[int, int, float]:
    text = str(one.target)
    kind = text.split("/")[1 if text.startswith("zone:") else 0]
    zone = text.split("/")[0] if text.startswith("zone:") else "*"
    parts = [*text.removeprefix(zone).split("/"), zone]
    exact = -sum(any(sign in part for sign in "*?[") for part in parts)
    return (["region", "app", "service", "endpoint"].index(kind), exact, one.created)


def expected(book: Book, app: str, service: Service, region: str, down: set[str]) -> str:
    """The state of a service in a region, from the words and the endpoints that are down."""
    alive, out = 0, 0
    for endpoint in service.endpoints[region]:
        name = str(endpoint).rstrip(".")
        word = winner(book, ["endpoint"], name)
        if word is None:
            alive += name not in down
        else:
            alive += word.act is Act.UP
            out += word.act is not Act.UP
    names = {service.key, service.name.rstrip(".")}
    word = winner(book, ["service"], names, region)
    word = word or winner(book, ["app"], app, region) or winner(book, ["region"], region)
    if word is None or (word.act is Act.UP and out == len(service.endpoints[region])):
        return UP if alive else DOWN
    return UP if word.act is Act.UP else DOWN


@settings(max_examples=200)
@given(WORDS, DOWNS)
def test_verdicts_are_those_of_an_oracle(words: list[tuple[str, str]], down: set[str]) -> None:
    book = book_of(*words)
    found = states(compiled_under(book, down))
    for app in ZONES[0].apps:
        for region in ("us", "eu", "ap"):
            here = [one for one in app.services if region in one.endpoints]
            each = {one.key: expected(book, app.name, one, region, down) for one in here}
            if app.topology is Topology.SPREAD:
                for key, state in each.items():
                    assert found[key, region] == state
                continue
            word = winner(book, ["app"], app.name, region) or winner(book, ["region"], region)
            block = UP if all(state == UP for state in each.values()) else DOWN
            if word is not None and word.act is not Act.UP:
                block = DOWN
            assert found[app.name, region] == block


@settings(max_examples=60)
@given(st.lists(st.tuples(WORDS, DOWNS), min_size=1, max_size=3))
def test_laying_words_over_step_by_step_gives_what_compiling_anew_gives(
    steps: list[tuple[list[tuple[str, str]], set[str]]],
) -> None:
    compiler = Compiler()
    compiled = compiler.compile(ZONES, sample_geo(), Readings(Verdicts()), 1)
    before: set[str] = set()
    for words, down in steps:
        book = book_of(*words)
        changed = {target for target in compiled.uses if target.address in before ^ down}
        compiled = compiler.refresh(compiled, changed, Readings(Verdicts(down)), 1)
        compiled = compiler.relaid(compiled, book.overlay, Readings(Verdicts(down)), 1)
        before = down
    fresh = compiled_under(book, before)
    assert {key: app.health for key, app in compiled.apps.items()} == {
        key: app.health for key, app in fresh.apps.items()
    }
    assert [group.up for group in compiled.groups] == [group.up for group in fresh.groups]
    assert [group.withheld for group in compiled.groups] == [
        group.withheld for group in fresh.groups
    ]


@settings(max_examples=60)
@given(WORDS, DOWNS, WORDS, DOWNS)
def test_words_and_verdicts_that_change_at_once_come_to_the_same_and_both_are_told(
    words: list[tuple[str, str]], down: set[str], others: list[tuple[str, str]], gone: set[str]
) -> None:
    compiler, before = Compiler(), compiled_under(book_of(*words), down)
    book, readings = book_of(*others), Readings(Verdicts(gone))
    changed = {target for target in before.uses if target.address in down ^ gone}
    at_once = compiler.caught_up(before, changed, book.overlay, readings, 1)
    refreshed = compiler.refresh(before, changed, readings, 1)
    relaid = compiler.relaid(refreshed, book.overlay, readings, 1)
    assert {key: app.health for key, app in at_once.apps.items()} == {
        key: app.health for key, app in relaid.apps.items()
    }
    assert _places(at_once) == _places(refreshed) | _places(relaid)


def _places(compiled: Compiled) -> set[tuple[str, str, str]]:
    return {
        (app, service, region)
        for (_, app), services in compiled.touched.items()
        for service, regions in services.items()
        for region in regions
    }


def test_a_word_makes_no_area_table_and_touches_no_other_app() -> None:
    compiler = Compiler()
    before = compiler.compile(ZONES, sample_geo(), Readings(Verdicts()), 1)
    book = book_of(("drain", "app/shop/eu"))
    after = compiler.relaid(before, book.overlay, Readings(Verdicts()), 1)
    key = "gtm.example.com.", "media"
    assert after.apps[key] is before.apps[key]
    for old, new in zip(before.groups, after.groups, strict=True):
        assert new.decider is old.decider
    assert compiler.relaid(after, book.overlay, Readings(Verdicts()), 1) is after


def test_a_verdict_that_changes_under_a_word_keeps_to_the_word() -> None:
    compiler = Compiler()
    compiled = compiler.compile(ZONES, sample_geo(), Readings(Verdicts()), 1)
    compiled = compiler.relaid(
        compiled, book_of(("up", "region/eu")).overlay, Readings(Verdicts()), 1
    )
    down = Verdicts({"198.51.100.1"})
    compiled = compiler.refresh(compiled, set(compiled.uses), Readings(down), 1)
    assert compiled.apps["gtm.example.com.", "shop"].health.regions["eu"].state is State.UP
