"""JSON pointers lead where RFC 6901 says."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.health.pointer import Missing, parse, resolve

# The document of RFC 6901 section 5, and what its pointers evaluate to.
DOCUMENT = json.loads(
    r'{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5,'
    r' "k\"l": 6, " ": 7, "m~n": 8}'
)
EXAMPLES = {
    "": DOCUMENT,
    "/foo": ["bar", "baz"],
    "/foo/0": "bar",
    "/": 0,
    "/a~1b": 1,
    "/c%d": 2,
    "/e^f": 3,
    "/g|h": 4,
    "/i\\j": 5,
    '/k"l': 6,
    "/ ": 7,
    "/m~0n": 8,
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("pointer", EXAMPLES)
def test_the_examples_of_the_rfc_hold(pointer: str) -> None:
    assert resolve(DOCUMENT, parse(pointer)) == EXAMPLES[pointer]


@pytest.mark.parametrize("pointer", ["/foo/2", "/foo/01", "/foo/-", "/foo/0/0", "/bar", "/foo/x"])
def test_what_is_not_there_is_missing(pointer: str) -> None:
    with pytest.raises(Missing):
        resolve(DOCUMENT, parse(pointer))


@pytest.mark.parametrize("pointer", ["foo", "/~", "/~2", "/a~"])
def test_what_is_no_pointer_is_refused(pointer: str) -> None:
    with pytest.raises(ValueError, match="JSON pointer"):
        parse(pointer)


@given(VALUES, st.data())
def test_every_place_in_a_document_has_a_pointer_that_leads_there(
    document: object, data: st.DataObject
) -> None:
    pointer, place = "", document
    while isinstance(place, dict | list) and place and data.draw(st.booleans()):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        pointer += "/" + str(key).replace("~", "~0").replace("/", "~1")
        place = place[key]
    assert resolve(document, parse(pointer)) is place


@given(VALUES, st.text())
def test_any_text_leads_somewhere_or_is_refused(document: object, pointer: str) -> None:
    with suppress(ValueError, Missing):
        resolve(document, parse(pointer))
