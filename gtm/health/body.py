"""What must be in the body of an HTTP answer: text, a pattern, or what a JSON pointer leads to.

Bodies come from outside and may be hostile: no more than `BODY_LIMIT` is read, patterns are
RE2's, whose time grows with the length of the body alone, and JSON may be nested or numbered
beyond what can be read without harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import re2

from gtm.checks import BodyTest, Contains, Matches, Points
from gtm.health.pointer import Missing, parse, resolve

# A health page is short. What a check names must stand in its first 64 KiB.
BODY_LIMIT = 64 * 1024

# Memory that RE2 may take for one pattern and its automaton: its own default.
PATTERN_MEMORY = 8 << 20

# How much of a value found in a body stands in a reason.
SHOWN = 60


class Content(Protocol):
    """A body that comes in pieces, such as aiohttp's StreamReader."""

    async def read(self, n: int) -> bytes:
        """At most n octets; none at the end."""
        ...


class Pattern(Protocol):
    """What is used of RE2's patterns."""

    def search(self, text: bytes, /) -> object | None:
        """Where it is first found."""
        ...


@dataclass(frozen=True, slots=True)
class Body:
    """The start of a body; `whole` if that is all of it."""

    octets: bytes
    whole: bool


async def read(content: Content, tests: tuple[BodyTest, ...], *, whole: bool = False) -> Body:
    """As much of a body as the tests need, or its start.

    A body that never ends is left as soon as all texts that are looked for have come, unless a
    pattern or a pointer needs the rest, or all of it is wanted (`whole`).
    """
    early = tuple(one.text.encode() for one in tests if isinstance(one, Contains))
    done = _seeker(early) if len(early) == len(tests) and not whole else None
    return await _read(content, done)


def wrong(body: Body, tests: tuple[BodyTest, ...]) -> str | None:
    """The first test that does not hold, to go after "HTTP 200 from ..."; None if all do."""
    faults = (_fault(body, one) for one in tests)
    return next((fault for fault in faults if fault is not None), None)


@lru_cache(maxsize=1024)
def pattern(text: str) -> Pattern:
    """A compiled pattern. Raises re2.error with what is wrong, where RE2 can't read it."""
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False  # it would write to stderr by itself
    compiled: Pattern = re2.compile(text, options)
    return compiled


async def _read(content: Content, done: Callable[[bytearray], bool] | None) -> Body:
    body = bytearray()
    while len(body) < BODY_LIMIT:
        piece = await content.read(BODY_LIMIT - len(body))
        if not piece:
            return Body(bytes(body), whole=True)
        body += piece
        if done is not None and done(body):
            return Body(bytes(body), whole=False)
    return Body(bytes(body), whole=False)


def _seeker(texts: tuple[bytes, ...]) -> Callable[[bytearray], bool]:
    """Tells whether all texts have come; looks at each octet of a growing body about once."""
    missing, seen = list(texts), 0

    def done(body: bytearray) -> bool:
        nonlocal seen
        missing[:] = [text for text in missing if body.find(text, max(0, seen - len(text) + 1)) < 0]
        seen = len(body)
        return not missing

    return done


def _fault(body: Body, test: BodyTest) -> str | None:
    if isinstance(test, Contains):
        found = test.text.encode() in body.octets
        return None if found else f'without "{test.text}" in its body'
    if isinstance(test, Matches):
        found = pattern(test.pattern).search(body.octets) is not None
        return None if found else f'with a body that does not match "{test.pattern}"'
    return _not_pointed_at(body, test)


def _not_pointed_at(body: Body, test: Points) -> str | None:
    if not body.whole:
        return f"with a body larger than {BODY_LIMIT // 1024} KiB, too large to be read as JSON"
    try:
        document = load(body.octets)
    except ValueError as error:
        return f"with a body that {error}"
    where = test.pointer or "the top"
    try:
        found = resolve(document, parse(test.pointer))
    except Missing:
        return f"with no {test.pointer} in its body"
    if test.value is None:
        well = found is not None and found is not False
        return None if well else f"with {shown(found)} at {where} in its body"
    if same(found, json.loads(test.value)):
        return None
    return f"with {shown(found)} at {where} in its body, not {test.value}"


def load(octets: bytes) -> object:
    """A JSON document (RFC 8259) from outside. Raises ValueError that goes after "a body that"."""
    try:
        return json.loads(octets.decode("utf-8"), parse_constant=_no_number)
    except RecursionError:
        raise ValueError("is JSON nested too deep to be read") from None
    except ValueError:
        raise ValueError("is not JSON") from None


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not JSON")  # Python reads NaN and Infinity unless told not to


def same(one: object, other: object) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not.

    Goes no deeper than the shallower of the two.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def shown(value: object) -> str:
    """A JSON value for a person: small ones as they are, others by their kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value[:SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= 2 * SHOWN else f"{text[: 2 * SHOWN]}…"
