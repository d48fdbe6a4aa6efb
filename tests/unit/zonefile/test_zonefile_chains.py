"""CNAMEs inside a zone end somewhere, and soon enough."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns.lookup import MAX_CHAIN
from gtm.zonefile.aliases import walked
from tests.unit.zonefile.zonefile_writing import HEAD, mistakes_of, warnings_of

REMEDY = "let one of them refer to a name that has addresses"


def records(aliases: dict[str, str]) -> str:
    """CNAME records, each on a line of its own from line 7 on; targets are in the zone."""
    lines = (
        f'  "{name}": {{type: CNAME, value: {target}.gtm.example.com.}}\n'
        for name, target in aliases.items()
    )
    return HEAD + "records:\n" + "".join(lines)


def services(written: str) -> str:
    return "apps: {shop: {topology: spread, services: {" + written + "}}}\n"


def host(name: str) -> str:
    return f"{name}.gtm.example.com."


def test_a_circle_of_records_is_refused_once_and_named(tmp_path: Path) -> None:
    text = records({"in": "l2", "l1": "l2", "l2": "l3", "l3": "l1", "ok": "www"})
    assert mistakes_of(tmp_path, text) == [
        "a.yaml:8:3: records.l1: CNAMEs lead in a circle: l1.gtm.example.com. -> "
        f"l2.gtm.example.com. -> l3.gtm.example.com. -> l1.gtm.example.com.; {REMEDY}"
    ]


def test_every_circle_is_named(tmp_path: Path) -> None:
    text = records({"a": "b", "b": "a", "c": "d", "d": "c"})
    found = mistakes_of(tmp_path, text)
    assert [one.split(": ")[1] for one in found] == ["records.a", "records.c"]


def test_a_long_circle_is_cut_short_in_its_message(tmp_path: Path) -> None:
    (said,) = mistakes_of(tmp_path, records({f"c{n}": f"c{(n + 1) % 40}" for n in range(40)}))
    assert said.startswith("a.yaml:7:3: records.c0: CNAMEs lead in a circle: c0.gtm.example.com.")
    assert said.endswith(f"c9.gtm.example.com. -> ...; {REMEDY}")


def test_services_that_refer_to_each_other_are_refused(tmp_path: Path) -> None:
    text = HEAD + services(
        f"a: {{us-east: 192.0.2.1, eu-west: {host('b')}}}, "
        f"b: {{us-east: {host('A')}, eu-west: 192.0.2.2}}"
    )
    assert mistakes_of(tmp_path, text) == [
        "a.yaml:6:44: apps.shop.services.a: CNAMEs lead in a circle: a.gtm.example.com. -> "
        f"b.gtm.example.com. -> a.gtm.example.com.; {REMEDY}"
    ]


def test_services_and_records_are_followed_together(tmp_path: Path) -> None:
    text = records({"www": "a"}) + services(f"a: {{us-east: {host('www')}}}")
    assert mistakes_of(tmp_path, text) == [
        "a.yaml:7:3: records.www: CNAMEs lead in a circle: www.gtm.example.com. -> "
        f"a.gtm.example.com. -> www.gtm.example.com.; {REMEDY}"
    ]


def test_a_circle_through_a_wildcard_is_refused(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, records({"*.dev": "x.dev"})) == [
        "a.yaml:7:3: records.*.dev: CNAMEs lead in a circle: x.dev.gtm.example.com. -> "
        f"x.dev.gtm.example.com.; {REMEDY}"
    ]
    (said,) = mistakes_of(tmp_path, records({"*.dev": "www", "www": "y.x.dev"}))
    assert "y.x.dev.gtm.example.com. -> www.gtm.example.com. -> y.x.dev.gtm.example.com." in said


def test_a_wildcard_does_not_stand_in_for_names_that_exist(tmp_path: Path) -> None:
    """Nor below them (RFC 4592 section 3.3.1)."""
    text = records({"*.dev": "x.dev"})
    assert mistakes_of(tmp_path, text + "  x.dev: {type: TXT, value: a}\n") == []
    assert mistakes_of(tmp_path, text + "  a.x.dev: {type: TXT, value: a}\n") == []
    text = records({"*.dev": "y.x.dev"})
    assert mistakes_of(tmp_path, text + "  x.dev: {type: TXT, value: a}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        records({"a": "sub"}) + "  sub: {type: NS, value: a.example.}\n",
        records({"a": "ns1"}),
        records({"a": "b"}) + services("b: {us-east: 192.0.2.1}"),
        records({"a": "nowhere"}),
    ],
)
def test_what_ends_is_no_circle(tmp_path: Path, text: str) -> None:
    assert mistakes_of(tmp_path, text) == []
    assert warnings_of(tmp_path, text) == []


def test_a_chain_that_is_not_followed_to_its_end_is_a_warning_at_its_beginning(
    tmp_path: Path,
) -> None:
    chain = {f"c{n}": f"c{n + 1}" for n in range(1, 9)}
    assert warnings_of(tmp_path, records(chain)) == []
    names = " -> ".join(host(f"c{n}") for n in range(10))
    assert warnings_of(tmp_path, records({**chain, "c0": "c1"})) == [
        "a.yaml:15:3: records.c0: a chain of 9 CNAMEs begins here, and at most 8 are followed: "
        f"{names}; refer to a name nearer to the chain's end"
    ]
    service = services(f"s: {{us-east: 192.0.2.1, eu-west: {host('c1')}}}")
    (said,) = warnings_of(tmp_path, records(chain) + service)
    assert "apps.shop.services.s: a chain of 9 CNAMEs begins here" in said


def test_a_chain_of_ten_thousand_is_followed(tmp_path: Path) -> None:
    leads: dict[str, tuple[str, ...]] = {f"{n}": (f"{n + 1}",) for n in range(10_000)}
    (chain,) = walked({**leads, "10000": ()}).long
    assert len(chain) == 10_001
    (circle,) = walked({**leads, "10000": ("0",)}).circles
    assert len(circle) == 10_001


NAMES = "abcdefghijkl"


@given(st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=2)))
def test_circles_are_found_where_there_are_any(some: dict[str, set[str]]) -> None:
    leads = {name: tuple(sorted(some.get(name, ()))) for name in NAMES}
    reached = {name: set(leads[name]) for name in NAMES}  # by one step or more
    for _ in NAMES:
        reached = {n: there.union(*(reached[t] for t in there)) for n, there in reached.items()}
    walk = walked(leads)
    assert bool(walk.circles) == any(name in there for name, there in reached.items())
    for circle in walk.circles:
        steps = zip(circle, (*circle[1:], circle[0]), strict=True)
        assert all(after in leads[name] for name, after in steps)
        assert len(set(circle)) == len(circle)


def longest(name: str, leads: dict[str, tuple[str, ...]]) -> int:
    return max((1 + longest(target, leads) for target in leads[name]), default=0)


@given(
    st.lists(
        st.sets(st.integers(1, 3), max_size=2),
        min_size=1,
        max_size=14,
    )
)
def test_long_chains_are_the_longest_from_names_that_none_leads_to(steps: list[set[int]]) -> None:
    count = len(steps)
    leads = {
        str(n): tuple(str(n + step) for step in sorted(some) if n + step < count)
        for n, some in enumerate(steps)
    }
    led_to = {target for targets in leads.values() for target in targets}
    heads = {name for name in leads if name not in led_to and longest(name, leads) > MAX_CHAIN}
    found = walked(leads).long
    assert {chain[0] for chain in found} == heads
    for chain in found:
        assert len(chain) - 1 == longest(chain[0], leads)
        assert all(after in leads[name] for name, after in pairwise(chain))
