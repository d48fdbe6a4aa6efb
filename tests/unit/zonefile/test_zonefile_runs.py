"""Services in the plainest form are read beside YAML: what comes of it has to be the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gtm.zonefile import runs
from gtm.zonefile.document import Document, KeyPath, parse
from gtm.zonefile.findings import Findings

# Lines that are plain, that nearly are, and that change what is around them.
LINES = st.sampled_from(
    [
        *(
            "    services:",
            "    services: {}",
            "    services: &all",
            "    services: |",
            '    services: "',
        ),
        *(
            "  shop:",
            "  other: *all",
            "  other: {services:",
            "apps:",
            "zone: a.example",
            "records:",
        ),
        *("      orders:", "      search: # plain", "      orders: {r1: [192.0.2.1]}", "      on:"),
        *("        r1: [192.0.2.1]", "        r1: 192.0.2.2", "        r2: [192.0.2.1, 192.0.2.3]"),
        *(
            '        r2: ["2001:db8::1"]',
            '        r3: "::1" # six',
            "        r3: [192.0.2.1,192.0.2.2]",
        ),
        *(
            "        r4: [1.2]",
            "        r4: [a.example.net.]",
            "        check: api",
            "        r5: []",
        ),
        *(
            "",
            "# a remark",
            "        # a remark",
            "      # a remark",
            "          - 192.0.2.1",
            "    }",
        ),
        *("       r1: [192.0.2.9]", "\tr1: [192.0.2.9]", "  gtm-run-of-services-0: 0", '"', "---"),
        *(
            "        r6: [192.0.2.1] # é",
            "    services: !!map",
            "      ? orders",
            "        r7: &x 1.1.1.1",
        ),
    ]
)
PLAIN = st.sampled_from(
    [
        "      a{}:\n        r1: [192.0.2.1]\n        r2: [192.0.2.2]",
        '      b{}:\n        r1: "::1"',
    ]
)


def read(text: str, least: int) -> tuple[Document | None, Findings]:
    """The document of a text in which so many services are a run."""
    findings = Findings()
    with mock.patch.object(runs, "LEAST", least):
        return parse("zone.yaml", text.encode(), findings), findings


def paths_in(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of everything in a value."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths_in(inner, (*path, key))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from paths_in(inner, (*path, place))


def assert_same(text: str) -> None:
    """Read with runs and without, a text says the same, in the same order, at the same places."""
    quick, found = read(text, 1)
    whole, expected = read(text, 10**9)
    assert (found.mistakes, found.warnings) == (expected.mistakes, expected.warnings)
    if quick is None or whole is None:
        assert quick is whole
        return
    assert repr(quick.value) == repr(whole.value)
    for path in paths_in(whole.value):
        assert (quick.key(path), quick.at(path)) == (whole.key(path), whole.at(path))
        lacking = (*path, "lacking")
        assert quick.key(lacking) == whole.key(lacking)


@given(st.lists(LINES, max_size=14))
def test_any_lines_are_read_as_yaml_reads_them(lines: list[str]) -> None:
    assert_same("\n".join(lines) + "\n")


@given(st.lists(st.one_of(LINES, PLAIN), max_size=12), st.booleans())
@example(parts=["      a{}:\n        r1: [192.0.2.1]"], ended=False)
def test_services_of_an_app_are_read_as_yaml_reads_them(parts: list[str], ended: bool) -> None:
    body = "\n".join(part.replace("{}", str(place)) for place, part in enumerate(parts))
    assert_same("zone: a.example\napps:\n  shop:\n    services:\n" + body + "\n" * ended)


@given(st.data())
def test_a_text_that_is_damaged_anywhere_is_read_as_yaml_reads_it(data: st.DataObject) -> None:
    text = "zone: a.example\napps:\n  shop:\n    services:\n"
    text += "".join(
        f"      a{n}:\n        r1: [192.0.2.{n}]\n        r2: 192.0.2.9\n" for n in (1, 2, 3)
    )
    text += "    topology: spread\nttl: 30\n"
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 8))
    instead = data.draw(st.text("ab1 :[],\"'#&*|>{}-?!\n\t\r.\x01é", max_size=3))
    assert_same(text[:at] + instead + text[at + length :])


BEFORE = "zone: a.example\napps:\n  shop:\n"
RUN = "      one:\n        r1: [192.0.2.1]\n      two:\n        r1: [192.0.2.2]\n"


@pytest.mark.parametrize(
    "text",
    [
        BEFORE + "    services:\n" + RUN,
        BEFORE
        + "    services:\n"
        + RUN
        + "      three:\n        check: api\n        r1: 192.0.2.3\n",
        BEFORE + "    services:\n      three: {r1: [192.0.2.3]}\n" + RUN + "ttl: 30\n",
        BEFORE + "    services:\n" + RUN + "  other:\n    services:\n" + RUN,
    ],
)
def test_plain_services_need_no_yaml(text: str) -> None:
    with mock.patch.object(runs, "put_back", side_effect=runs.put_back) as put:
        document, findings = read(text, 1)
    assert document is not None
    assert put.called
    assert not findings.mistakes
    shop = cast("dict[str, dict[str, dict[str, object]]]", document.value["apps"])["shop"]
    assert {"one": {"r1": ["192.0.2.1"]}, "two": {"r1": ["192.0.2.2"]}}.items() <= shop[
        "services"
    ].items()
    assert_same(text)


@pytest.mark.parametrize(
    "text",
    [
        BEFORE + "    services: |\n" + RUN,
        BEFORE + "    services: &x\n" + RUN + "  other:\n    services: *x\n",
        BEFORE + "    services: &x\n" + RUN + "records:\n  www: *x\n",
        "zone: a.example\nrecords:\n  shop:\n    services:\n" + RUN,
        BEFORE + "    services:\n" + RUN + RUN,
        BEFORE + "    services:\n" + RUN + "      one: {}\n",
        BEFORE + "    services:\n      one: {}\n" + RUN,
        BEFORE + "    services: {\n" + RUN + "    }\n",
        "zone: a.example\napps: {shop: {\n    services:\n" + RUN + "    }}\n",
        BEFORE + "    services:\n" + RUN + "        r2: 192.0.2.3\n          x: 1\n",
        BEFORE + "    services:\n" + RUN + "       x: 1\n",
        BEFORE + "    services:\n" + RUN + "ttl: [\n",
        BEFORE + "    services:\n      gtm-run-of-services-0: 0\n" + RUN,
    ],
)
def test_what_only_looks_like_plain_services_is_left_to_yaml(text: str) -> None:
    assert_same(text)


def test_a_mistake_among_plain_services_is_placed() -> None:
    text = BEFORE + "    services:\n" + RUN.replace("192.0.2.2", "192.0.2.999")
    document, _ = read(text, 1)
    assert document is not None
    spot = document.at(("apps", "shop", "services", "two", "r1", 0))
    assert (spot.line, spot.column) == (8, 14)
