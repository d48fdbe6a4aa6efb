"""YAML 1.2 by the letter, and files that are no zone file at all."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.errors import ZoneFileError
from gtm.zonefile import load
from gtm.zonefile.scalars import plain
from tests.unit.zonefile.zonefile_writing import HEAD, load_text, mistakes_of, zone_of


@pytest.mark.parametrize(
    "text, value",
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("off", "off"),
        ("n", "n"),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("", None),
        ("~", None),
        ("null", None),
        ("nULL", "nULL"),
        ("12", 12),
        ("-012", -12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5E-2", -0.015),
        (".", "."),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("192.0.2.1", "192.0.2.1"),
        ("9" * 31, "9" * 31),
    ],
)
def test_unquoted_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert plain(text) == value
    assert type(plain(text)) is type(value)


def test_not_a_number_is_a_number() -> None:
    assert str(plain(".NaN")) == "nan"


@given(st.integers(-(10**28), 10**28))
def test_integers_mean_what_python_means(number: int) -> None:
    assert plain(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_mean_what_python_means(number: float) -> None:
    assert plain(repr(number)) == number


@pytest.mark.parametrize("code, country", [("NO", "NO"), ("EU-NO", "NO"), ("CA-ON", "CA")])
def test_norway_and_ontario_are_places(tmp_path: Path, code: str, country: str) -> None:
    zone = zone_of(tmp_path, HEAD + f"  here: {{location: {code}}}\n")
    assert zone.regions["here"].location.country == country


UNUSABLE = {
    "empty": (b"", "a.yaml: the file is empty"),
    "comments alone": (b"# nothing\n", "a.yaml: the file is empty"),
    "a zero byte": (b"zone: a.example\n\0", "a.yaml:2:1: the file is binary"),
    "not UTF-8": (b"zone: \xff.example\n", "a.yaml:1:7: the file is not UTF-8 text"),
    "a control character": (b"zone: \x01\n", "a.yaml:1:7: a control character"),
    "two documents": (
        b"zone: a.example\n---\nzone: b.example\n",
        "a.yaml:2:1: the file holds more than one",
    ),
    "a list": (b"- a\n", "a.yaml:1:1: the file holds a list instead of keys"),
    "text": (b"zone\n", "a.yaml:1:1: the file holds `zone` instead of keys"),
    "a bracket": (b"zone: [a\n", "is not closed"),
    "a tab": (b"zone:\n\ta: 1\n", "a.yaml:2:1: "),
    "an unknown alias": (b"zone: *a\n", "a.yaml:1:7: an alias refers to nothing"),
    "a cycle": (
        b"zone: &a [*a]\n",
        "a.yaml:1:7: an alias (`*name`) refers to a value that holds it",
    ),
    "a cycle of keys": (b"zone: &a {b: *a}\n", "refers to a value that holds it"),
    "too deep": (b"zone: " + b"[" * 100_000, "values are nested too deep"),
    "a bomb": (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(
            b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)
        ),
        "stand for more than 5,000,000 values",
    ),
    "a ladder": (
        b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(1, 80)),
        "values are nested deeper than 64 levels",
    ),
}


@pytest.mark.parametrize("data, said", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_file_that_is_no_zone_file_gives_one_clear_mistake(
    tmp_path: Path, data: bytes, said: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    with pytest.raises(ZoneFileError) as caught:
        load(path)
    (mistake,) = caught.value.mistakes
    assert said in str(mistake)
    assert mistake.remedy


@pytest.mark.parametrize(
    "text, said",
    [
        ("? [a]\n: 1\n", "a.yaml:6:3: a key is a list or a mapping"),
        ("? \n: 1\n", "the key is missing"),
        ("<<: {a: 1}\n", "a.yaml:6:1: merge keys (`<<`) are not supported"),
        ("ttl: !!binary aGk=\n", "the tag !!binary can't be used"),
        ("ttl: !!int x\n", "the tag !!int can't be used"),
        ("geo: !thing {}\n", "the tag !thing is not supported"),
        ("ttl: 1\nttl: 2\n", "a.yaml:7:1: ttl: the key is written twice, first at a.yaml:6:1"),
    ],
)
def test_odd_keys_and_tags_are_refused(tmp_path: Path, text: str, said: str) -> None:
    found = mistakes_of(tmp_path, HEAD + text)
    assert any(said in one.replace(f"{tmp_path}/", "") for one in found), found


def test_an_alias_stands_for_its_value(tmp_path: Path) -> None:
    text = (
        "apps:\n  a: {topology: spread, services: {x: &x {us-east: 192.0.2.1}, y: *x}}\n"
        "ttl: !!str 5m\n"
    )
    zone = zone_of(tmp_path, HEAD + text)
    x, y = zone.apps[0].services
    assert x.endpoints == y.endpoints
    assert zone.ttl == 300


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert mistakes_of_directory(tmp_path) == [
        "a.yaml: the file is larger than 64 MiB; split the zone"
    ]


def mistakes_of_directory(directory: Path) -> list[str]:
    with pytest.raises(ZoneFileError) as caught:
        load(directory)
    return [str(mistake).replace(f"{directory}/", "") for mistake in caught.value.mistakes]


def test_the_collector_runs_again_after_loading(tmp_path: Path) -> None:
    load_text(tmp_path, HEAD)
    assert gc.isenabled()
    mistakes_of(tmp_path, "zone: [")
    assert gc.isenabled()
