"""The page of all keys: complete, and as committed."""

from __future__ import annotations

import re

import pytest

from gtm.zonefile.reference import kind, reference, title
from gtm.zonefile.schema import json_schema
from tests.worlds import ROOT


def test_the_committed_page_is_current() -> None:
    committed = (ROOT / "docs" / "zone-keys.md").read_text("utf-8")
    assert committed.strip() == reference().strip(), "run scripts/schema"


def test_every_key_of_every_group_is_there_and_says_what_it_is() -> None:
    page = reference()
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    groups = {name: one for name, one in json_schema()["$defs"].items() if name != "SharedFile"}
    assert set(sections) == {title(name) for name in groups}
    for name, group in groups.items():
        row = r"^\| `(\w+)` \| .+? \| .*? \| .+? \|$"
        assert re.findall(row, sections[title(name)], re.MULTILINE) == list(
            group.get("properties", {})
        )


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "boolean"}, "`true` or `false`"),
        ({"enum": ["a", "b", "c"]}, "`a`, `b` or `c`"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        (
            {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "(ms|s|m|h|d|w)$"}]},
            "duration",
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "text, or a list of these",
        ),
        (
            {"type": "object", "additionalProperties": {"$ref": "#/$defs/LoadFieldShape"}},
            "by name: [load field](#load-field)",
        ),
        ({"type": "integer", "minimum": 1, "maximum": 65535}, "whole number, 1 to 65,535"),
    ],
)
def test_kinds_are_said_in_words(schema: dict[str, object], words: str) -> None:
    assert kind(schema) == words
