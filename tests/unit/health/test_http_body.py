"""What is said of bodies, however large, deep or hostile."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import BodyTest, Contains, Matches, Points
from gtm.health.body import BODY_LIMIT, Body, Content, read, same, wrong


async def fault_of(stream: Content, tests: tuple[BodyTest, ...]) -> str | None:
    return wrong(await read(stream, tests), tests)


def said(octets: bytes, *tests: BodyTest) -> str | None:
    return wrong(Body(octets, whole=True), tests)


@dataclass
class Stream:
    """A body without an end; counts what was read of it."""

    piece: bytes
    start: bytes = b""
    read_of_it: int = 0
    asked: list[int] = field(default_factory=list)

    async def read(self, n: int) -> bytes:
        self.asked.append(n)
        piece, self.start = (self.start or self.piece)[:n], b""
        self.read_of_it += len(piece)
        return piece


@dataclass
class Pieces:
    pieces: list[bytes]

    async def read(self, n: int) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if len(piece) > n:
            self.pieces.insert(0, piece[n:])
        return piece[:n]


def test_each_test_says_what_is_missing() -> None:
    body = b'{"status": "down", "nodes": [1, 2], "n": null, "off": false}'
    assert said(body, Contains('"down"'), Matches("d..n"), Points("/nodes/1")) is None
    assert said(body, Contains("ready")) == 'without "ready" in its body'
    assert said(body, Matches("^up$")) == 'with a body that does not match "^up$"'
    assert said(body, Points("/status", '"up"')) == 'with "down" at /status in its body, not "up"'
    assert said(body, Points("/status", '"down"'), Points("/nodes", "[1, 2.0]")) is None
    assert said(body, Points("/nodes", "[1]")) == "with a list at /nodes in its body, not [1]"
    assert said(body, Points("/gone")) == "with no /gone in its body"
    assert said(body, Points("/n")) == "with null at /n in its body"
    assert said(body, Points("/off")) == "with false at /off in its body"
    assert said(body, Points("/off", "false"), Points("/n", "null"), Points("")) is None


def test_the_first_test_that_fails_is_the_reason() -> None:
    assert said(b"x", Contains("x"), Contains("y"), Contains("z")) == 'without "y" in its body'


@pytest.mark.parametrize(
    "octets",
    [b"", b"{", b"nil", b"NaN", b"[Infinity]", b"\xff", b'"\xed\xa0\x80"', b"1" * 5000, b"{}{}"],
)
def test_what_is_not_json_is_said_to_be_so(octets: bytes) -> None:
    assert said(octets, Points("/status")) == "with a body that is not JSON"


def test_json_nested_without_end_is_a_failure_and_no_crash() -> None:
    for start in (b"[", b'{"a":'):
        octets = (start * BODY_LIMIT)[:BODY_LIMIT]
        assert said(octets, Points("/a")) == "with a body that is JSON nested too deep to be read"


@pytest.mark.parametrize(
    "evil", ["(a+)+$", "(a|aa)+$", "(.*a){20}b", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_a_hostile_body_makes_no_pattern_slow(evil: str) -> None:
    # with a backtracking engine each of these takes longer than anybody would wait
    octets = b"a" * (BODY_LIMIT - 1) + b"!"
    assert said(octets, Matches(evil)) == f'with a body that does not match "{evil}"'


def test_patterns_are_looked_for_in_bodies_that_are_no_text() -> None:
    assert said(b"\xff\xfe ready \x00", Matches("read[iy]")) is None
    assert said("prêt".encode(), Matches("pr.t$")) is None


async def test_a_body_without_end_is_read_to_the_limit_and_not_beyond() -> None:
    stream = Stream(b"x" * 65536)
    tracemalloc.start()
    try:
        fault = await fault_of(stream, (Contains("ready"), Matches("ready")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert fault == 'without "ready" in its body'
    assert stream.read_of_it == BODY_LIMIT
    assert peak < 8 * BODY_LIMIT


async def test_a_text_is_enough_to_stop_reading() -> None:
    stream = Stream(b"x" * 100, start=b"ready")
    assert await fault_of(stream, (Contains("rea"), Contains("ady"))) is None
    assert stream.read_of_it == 5


async def test_json_that_goes_on_after_the_limit_is_not_guessed_at() -> None:
    fault = await fault_of(Stream(b" " * 1000, start=b'{"ok": true}'), (Points("/ok"),))
    assert fault == "with a body larger than 64 KiB, too large to be read as JSON"


@given(st.lists(st.binary(max_size=6)), st.text(alphabet="ab", min_size=1, max_size=4))
async def test_pieces_are_put_together(pieces: list[bytes], text: str) -> None:
    whole = b"".join(pieces)
    fault = await fault_of(Pieces([each for each in pieces if each]), (Contains(text),))
    assert (fault is None) == (text.encode() in whole)


@given(st.binary(), st.sampled_from(["", "/", "/a", "/0/a"]))
def test_any_octets_can_be_pointed_into(octets: bytes, pointer: str) -> None:
    said(octets, Points(pointer), Points(pointer, "1"))


def test_equality_is_that_of_json() -> None:
    assert same(1, 1.0)
    assert not same(1, True)
    assert not same(0, False)
    assert not same([0], [False])
    assert not same({"a": 1}, {"a": 1, "b": 2})
    assert not same("1", 1)
    assert same({"a": [1, {"b": None}]}, json.loads('{"a": [1.0, {"b": null}]}'))
