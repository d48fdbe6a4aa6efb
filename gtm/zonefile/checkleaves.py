"""The types of the single values of checks: each parser with its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from gtm.checks import Points, Unknown
from gtm.model import Address
from gtm.zonefile import checkvalues
from gtm.zonefile.leaves import ADDRESS_SCHEMA, one_or_more

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_PATH: dict[str, Any] = {"type": "string", "pattern": "^/"}
_POINTER: dict[str, Any] = {"type": "string", "pattern": "^(/|$)"}

CheckWord = Annotated[
    checkvalues.CheckType,
    PlainValidator(checkvalues.check_type),
    WithJsonSchema({"enum": [each.value for each in checkvalues.CheckType]}),
]
UnknownWord = Annotated[
    Unknown,
    PlainValidator(checkvalues.unknown),
    WithJsonSchema({"enum": [each.value for each in Unknown]}),
]
BodyTexts = Annotated[
    tuple[str, ...], PlainValidator(checkvalues.body_texts), WithJsonSchema(one_or_more(_TEXT))
]
Texts = Annotated[
    tuple[str, ...], PlainValidator(checkvalues.texts), WithJsonSchema(one_or_more(_TEXT))
]
Command = Annotated[
    tuple[str, ...],
    PlainValidator(checkvalues.command),
    WithJsonSchema({"type": "array", "items": _TEXT, "minItems": 1}),
]
JsonTests = Annotated[
    tuple[Points, ...],
    PlainValidator(checkvalues.json_tests),
    WithJsonSchema({"anyOf": [{"type": "object", "minProperties": 1}, one_or_more(_POINTER)]}),
]
ProbeAddress = Annotated[
    str,
    PlainValidator(checkvalues.probe_address),
    WithJsonSchema({"type": "string", "description": "An address or a host name."}),
]
Source = Annotated[Address, PlainValidator(checkvalues.source), WithJsonSchema(ADDRESS_SCHEMA)]
Family = Annotated[int, PlainValidator(checkvalues.family), WithJsonSchema({"enum": [4, 6]})]
ProbePath = Annotated[str, PlainValidator(checkvalues.probe_path), WithJsonSchema(_PATH)]
ProbeText = Annotated[bytes, PlainValidator(checkvalues.probe_text), WithJsonSchema(_TEXT)]
Redirects = Annotated[
    int,
    PlainValidator(checkvalues.redirects),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": checkvalues.MOST_REDIRECTS}),
]
