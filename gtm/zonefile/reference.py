"""Every key of the zone file as a page, from its JSON Schema; `scripts/schema` writes it to docs/.

docs/zone-format.md explains; this one leaves nothing out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gtm.zonefile.schema import json_schema

ROOT: Final = "ZoneFile"
UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
DURATION = r"(ms|s|m|h|d|w)$"  # how the pattern of a duration ends
LIST: Final = "list of "
PERCENT = r"%$"  # and that of a percentage

HEAD = (
    "# Every key of the zone file\n\n"
    "Made from the models that zone files are read with (`scripts/schema`). "
    "[zone-format.md](zone-format.md) explains them, with examples; "
    "[zone.schema.json](zone.schema.json) is the same for editors. "
    "Durations are seconds or `500ms`, `30s`, `5m`, `2h`, `14d`.\n"
)

Schema = Mapping[str, Any]


def reference() -> str:
    """The page: a section for each group of keys, in the order in which they are met."""
    groups: Schema = json_schema()["$defs"]
    return HEAD + "".join(_section(name, groups[name]) for name in _met(groups))


def _met(groups: Schema) -> list[str]:
    """The groups that a zone file can have, breadth first."""
    found = [ROOT]
    for name in found:  # which grows meanwhile
        found += [one for one in dict.fromkeys(_named(groups[name])) if one not in found]
    return found


def _named(schema: Any) -> Iterator[str]:
    """The groups that a schema leads to."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield _name(schema)
        for value in schema.values():
            yield from _named(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _named(value)


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def title(name: str) -> str:
    """What a group is called: `CheckShape` is `check`."""
    words = re.findall(r"[A-Z][a-z0-9]*", name.removesuffix("Shape"))
    return " ".join(words).lower()


def _section(name: str, group: Schema) -> str:
    rows = "".join(_row(key, schema, group) for key, schema in group.get("properties", {}).items())
    about = _sentence(group.get("description", ""))
    table = f"| key | what it may be | default | what it is |\n|---|---|---|---|\n{rows}"
    return f"\n## {title(name)}\n\n{about}\n" + (f"\n{table}" if rows else "")


def _row(key: str, schema: Schema, group: Schema) -> str:
    needed = key in group.get("required", ())
    default = "needed" if needed else _default(schema)
    about = str(schema.get("description", ""))
    return f"| `{key}` | {kind(schema)} | {default} | {_escaped(about)} |\n"


def _sentence(text: str) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join(text.partition("\n\n")[0].split())


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# --- kinds ------------------------------------------------------------------------------


def kind(schema: Schema) -> str:
    """What a value may be, in words."""
    every = list(dict.fromkeys(_kinds(schema)))
    many = [one for one in every if one.startswith(LIST)]
    single = [one for one in every if one not in many]
    for one in many:  # a list of what may stand alone too
        if single and one.removeprefix(LIST) == _joined(single):
            return f"{_joined(single)}, or a list of these"
    return _joined(every)


def _joined(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _kinds(schema: Schema) -> list[str]:
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        every = [one for each in either for one in _kinds(each)]
        duration = "duration" in every  # then a plain number is one, too
        return [one for one in every if not (duration and one == "number")]
    if "$ref" in schema:
        return [f"[{title(_name(schema))}](#{title(_name(schema)).replace(' ', '-')})"]
    if "enum" in schema or "const" in schema:
        return [f"`{_plain(value)}`" for value in schema.get("enum", [schema.get("const")])]
    if schema.get("type") == "array":
        return [LIST + kind(schema.get("items", {}))]
    if schema.get("type") == "object":
        inside = schema.get("additionalProperties")
        return [f"by name: {kind(inside)}" if isinstance(inside, Mapping) else "keys and values"]
    return _simple(schema)


def _simple(schema: Schema) -> list[str]:
    match schema.get("type"):
        case "null":
            return []
        case "boolean":
            return ["`true` or `false`"]
        case "integer" | "number" as word:
            return [("whole number" if word == "integer" else "number") + _bounds(schema)]
        case "string":
            pattern = str(schema.get("pattern", ""))
            if pattern.endswith(DURATION):
                return ["duration"]
            return ["percentage" if pattern.endswith(PERCENT) else "text"]
        case _:
            return ["anything that the type allows"]


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low:,} to {high:,}"
    return ""


# --- defaults ---------------------------------------------------------------------------


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, list):
        return ", ".join(f"`{_plain(one)}`" for one in value)
    if isinstance(value, float) and "percentage" in _kinds(schema):
        return f"`{value * 100:g}%`"
    if isinstance(value, Mapping):  # a number that may be a percentage
        return f"`{value['value']}%`" if value.get("percent") else f"`{value.get('value', '')}`"
    if isinstance(value, float | int) and "duration" in _kinds(schema) and value:
        return f"`{_span(value)}`"
    return f"`{_plain(value)}`"


def _span(seconds: float) -> str:
    """A duration as people write it."""
    for unit, size in UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds * 1000:g}ms"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
