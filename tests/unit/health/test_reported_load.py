"""The load in a health response: where it is found, and what is said where it is not."""

from __future__ import annotations

import pytest

from gtm.checks import LoadField
from gtm.health.body import Body
from gtm.health.reported import from_body, from_headers


def test_the_usual_header_is_read_and_may_be_absent() -> None:
    assert from_headers({"X-GTM-Load": " 12.5 "}, None).load == 12.5
    assert from_headers({}, None) == from_headers({"Other": "1"}, None)
    assert from_headers({}, None).unread is None


def test_a_header_that_the_check_names_has_to_be_there() -> None:
    field = LoadField(header="X-Connections")
    assert from_headers({"X-Connections": "3"}, field).load == 3.0
    assert from_headers({}, field).unread == "the response has no header X-Connections"


@pytest.mark.parametrize("text", ["", "many", "nan", "inf", "-1", "1e400", "1e16", "0x10"])
def test_what_is_no_load_is_said(text: str) -> None:
    found = from_headers({"X-GTM-Load": text}, None)
    assert found.load is None
    assert found.unread is not None
    assert "is not a load" in found.unread


@pytest.mark.parametrize(
    ("pointer", "load"),
    [("/load", 1.0), ("/a/1/b", 2.0), ("/x~1y", 3.0), ("/m~0n", 4.0), ("/", 5.0), ("/text", 6.0)],
)
def test_json_pointers_lead_to_loads(pointer: str, load: float) -> None:
    body = b'{"load": 1, "a": [0, {"b": 2}], "x/y": 3, "m~n": 4, "": 5, "text": "6"}'
    assert from_body(Body(body, whole=True), pointer).load == load


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "nothing at /load/0"),
        (b'{"load": [true]}', "is not a load"),
        (b'{"load": [null]}', "is not a load"),
        (b'{"load": {"0": -1}}', "is not a load"),
        (b'{"load": []}', "nothing at"),
    ],
)
def test_bodies_without_a_load_are_said(body: bytes, words: str) -> None:
    found = from_body(Body(body, whole=True), "/load/0")
    assert found.load is None
    assert found.unread is not None
    assert words in found.unread
