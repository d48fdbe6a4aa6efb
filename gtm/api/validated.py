"""Queries and bodies become their models here; what is wrong with one becomes a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_origin

from multidict import MultiMapping
from pydantic import BaseModel, ValidationError

from gtm.errors import UsageError

MOST_FAULTS = 5  # that a sentence names; the rest is counted

Model = TypeVar("Model", bound=BaseModel)


def query_of(model: type[Model], query: MultiMapping[str], act: str) -> Model:
    """What a query asks for; `act` is what the call does. Raises UsageError."""
    several = {
        name for name, field in model.model_fields.items() if get_origin(field.annotation) is list
    }
    found: dict[str, str | list[str]] = {}
    for key in dict.fromkeys(query):
        values = query.getall(key)
        if key not in several and len(values) > 1:
            raise UsageError(f"cannot {act}: {_cut(key)}: it is given {len(values)} times")
        found[key] = values if key in several else values[0]
    try:
        return model.model_validate(found)
    except ValidationError as error:
        keys = ", ".join(model.model_fields)
        raise UsageError(f"cannot {act}: {_faults(error)}; the keys are {keys}") from error


def body_of(model: type[Model], body: bytes, act: str) -> Model:
    """What a body asks for. Raises UsageError."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise UsageError(f"cannot {act}: {_faults(error)}") from error


def _faults(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False)
    said = [_fault(each) for each in found[:MOST_FAULTS]]
    more = [f"and {len(found) - MOST_FAULTS} more"] if len(found) > MOST_FAULTS else []
    return "; ".join([*said, *more])


def _fault(fault: Mapping[str, Any]) -> str:
    place = ".".join(_cut(str(part)) for part in fault["loc"])
    return f"{place}: {_words(fault)}" if place else _words(fault)


def _words(fault: Mapping[str, Any]) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return "there is no such key here"
        case "missing":
            return "it is missing"
        case "json_invalid":
            return "it is not JSON"
        case "value_error":
            return str(fault["msg"]).removeprefix("Value error, ")
    said = str(fault["msg"])
    return said[:1].lower() + said[1:]


def _cut(text: str) -> str:
    """What someone else wrote, short and in one line."""
    return text if len(text) <= 60 and text.isprintable() else f"{text[:60]!r}…"
