"""From plain values to the file's shape, with pydantic's errors in our words.

When some keys are wrong, the rest is still handed on, so that the later steps find what is wrong
there: wrong keys are left out, and a stand-in takes the place of a required one. The result is
then only good for finding mistakes, as loading fails anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gtm.zonefile.checkvalues import NEVER_ALONE
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Wrong, listed, nearest, shown
from gtm.zonefile.levels import LEVELS
from gtm.zonefile.names import ANY_ZONE
from gtm.zonefile.shapebase import Shape

S = TypeVar("S", bound=Shape)

# Each round of leaving out can bring up what it required; no shape nests required keys deeper.
_ROUNDS = 8

# What takes the place of a required key that is wrong or missing, by top key and key: values that
# raise no further mistake.
_STAND_INS: Mapping[tuple[str, str], object] = {
    ("zone", "zone"): ANY_ZONE,
    ("apps", "topology"): "spread",
    ("apps", "services"): {},
    ("apps", "type"): "icmp",
    ("checks", "type"): "icmp",
    ("regions", "type"): "icmp",
    ("regions", "location"): [0.0, 0.0],
    ("alerts", "type"): "webhook",
    ("transfer", "to"): [],
}

# What is written by name, and how.
_NAMED: Mapping[KeyPath, str] = {
    ("alerts",): "alerts: {operators: {type: slack, url_file: /etc/gtm/slack-url}}",
    ("checks",): "checks: {web: {type: https}}",
    ("tsig",): "tsig: {secondary: {secret_file: /etc/gtm/secondary.key}}",
    ("updates",): 'updates: {acme: {names: ["_acme-challenge.*"]}}',
    ("regions",): "regions: {us-east: {location: US}}",
    ("apps",): "apps: {shop: {topology: replicated, services: {}}}",
}

_REMEDIES: Mapping[str, str] = {
    "zone": "begin the file with `zone: your.zone.example`",
    "topology": "write `topology: replicated` or `topology: spread`",
    "location": "write `location: [latitude, longitude]` or a geo code such as `location: IE`",
    "to": "write `to: [192.0.2.53]`, or `to: [{key: name}]`",
    "services": "write `services: {name: {region: [address]}}`",
}


def validate(document: Document, shape: type[S], findings: Findings) -> S | None:
    """The document as `shape`, with every mistake noted; None if nothing of it can be used."""
    try:
        return shape.model_validate(document.value)
    except ValidationError as failure:
        errors = failure.errors(include_url=False)
    explained = _explained(errors, shape)
    for error in errors:
        if error["type"] != "missing" or error["loc"] not in explained:
            _report(error, shape, document, findings)
    return _salvage(shape, document, errors)


def _explained(errors: list[ErrorDetails], shape: type[Shape]) -> set[KeyPath]:
    """The required keys whose absence an unknown key explains: it is that key misspelt, or one
    that a later version takes instead.
    """
    explained: set[KeyPath] = set()
    for error in errors:
        if error["type"] == "extra_forbidden":
            parent, key = error["loc"][:-1], str(error["loc"][-1])
            here = _shape_at(shape, parent)
            known = here.keys()
            hints = known if key in here.later else [nearest(key, known)]
            explained.update((*parent, hint.strip("`")) for hint in hints)
    return explained


def _report(
    error: ErrorDetails, shape: type[Shape], document: Document, findings: Findings
) -> None:
    path: KeyPath = error["loc"]
    kind = error["type"]
    if kind == "extra_forbidden":
        problem, remedy = _unknown_key(str(path[-1]), _shape_at(shape, path[:-1]))
        findings.wrong(document.key(path), problem, remedy)
    elif kind == "missing":
        name = str(path[-1])
        remedy = _REMEDIES.get(name) or _type_remedy(name, path) or f"write `{name}:`"
        problem = f"`{name}` is missing"
        if name == "type" and document.value_at((*path[:-1], "passive")) is not None:
            problem, remedy = NEVER_ALONE
        findings.wrong(document.key(path[:-1]), problem, remedy)
    elif kind == "dict_type" and path in _NAMED and isinstance(error["input"], list):
        problem = f"each of `{path[0]}` has a name, so they are no list"
        findings.wrong(document.at(path), problem, f"write `{_NAMED[path]}`")
    else:
        wrong = _wrong(error)
        findings.wrong(document.at(path), wrong.problem, wrong.remedy)


def _type_remedy(name: str, path: KeyPath) -> str:
    """What to write for the `type` of a check or a receiver; "" for other keys."""
    if name != "type":
        return ""
    if path[0] == "alerts":
        return "write `type: webhook`, `slack`, `pagerduty` or `alertmanager`"
    return "write `type: https`, or another type of check"


def _wrong(error: ErrorDetails) -> Wrong:
    """What is wrong with a value."""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Wrong):
        return cause
    value = shown(error["input"])
    kind = error["type"]
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return Wrong(f"{value} stands where keys are expected", "write `key: value` lines below it")
    if kind == "list_type":
        return Wrong(f"{value} stands where a list is expected", "write `[first, second]`")
    if kind == "bool_type":
        return Wrong(f"{value} is neither true nor false", "write `true` or `false`")
    if kind == "string_type":
        quoted = isinstance(error["input"], int | float)
        return Wrong(f"{value} is not text", "put it in quotes" if quoted else "write text")
    return Wrong(f"{value} can't be used here", "see docs/zone.schema.json for what can")


def _unknown_key(key: str, shape: type[Shape]) -> tuple[str, str]:
    known = shape.keys()
    if key in shape.later:
        return f"`{key}` is not supported by this version", f"remove it ({_known(known)})"
    if key in shape.elsewhere:
        return f"`{key}` is a key of {shape.elsewhere[key]}", "write it there"
    hint = nearest(key, known)
    return f"{shown(key)} is not a known key", f"write {hint}" if hint else _known(known)


def _known(words: list[str]) -> str:
    return f"known here: {listed(words)}"


def _shape_at(shape: type[Shape], path: KeyPath) -> type[Shape]:
    """The shape of the mapping at a path; list positions and forms (`<name>`) do not count."""
    parts = [p for p in path if isinstance(p, str) and not (p.startswith("<") and len(path) > 2)]
    if parts[2:3] == ["services"] and len(parts) > 4:
        del parts[2:4]  # a service's settings have the shapes of its app's
    if parts[2:3] == ["steering"]:
        parts[3:] = parts[-1:] if len(parts) > 3 else []  # steering holds itself at any depth
    if "checks" in parts[2:] and (parts[0] == "checks" or parts[2] == "check"):
        last = len(parts) - parts[::-1].index("checks")  # checks hold checks at any depth
        parts[2 if parts[0] == "checks" else 3 :] = parts[last:]
    for level, found in LEVELS.items():
        if len(level) == len(parts) and all(
            a in ("*", b) for a, b in zip(level, parts, strict=True)
        ):
            return found
    return shape


def _salvage(shape: type[S], document: Document, errors: list[ErrorDetails]) -> S | None:
    """The shape of what is left when everything wrong is left out."""
    value: Any = _copied(document.value)
    for _ in range(_ROUNDS):
        for error in reversed(errors):
            _repair(value, error["loc"], missing=error["type"] == "missing")
        try:
            return shape.model_validate(value)
        except ValidationError as failure:
            errors = failure.errors(include_url=False, include_context=False)
    return None


def _repair(value: Any, path: KeyPath, *, missing: bool) -> None:
    """Take the value at the path out of the tree, or put a stand-in where one is missing."""
    trail: list[tuple[Any, str | int]] = []
    current = value
    for part in path[:-1] if missing else path:
        if _holds(current, part):
            trail.append((current, part))
            current = current[part]
    ends = str(path[0]), str(path[-1])
    if missing and ends in _STAND_INS and isinstance(current, dict):
        current[ends[1]] = _copied(_STAND_INS[ends])
    elif trail:
        container, part = trail[-1]
        del container[part]


def _holds(container: Any, part: str | int) -> bool:
    if isinstance(container, dict):
        return part in container
    return isinstance(container, list) and isinstance(part, int) and part < len(container)


def _copied(value: Any) -> Any:
    """A copy to cut from; values shared through aliases become separate."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copied(inner) for inner in value]
    return value
