"""The types of the zone file's single values: each parser with its JSON Schema.

The parsers say in our words what can't be used; the schema tells editors the same.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from gtm.model import CheckType, Location, MinUp, Policy, StatusRange, Topology
from gtm.zonefile import names, values

_DURATION_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d|w)$"},
    ]
}
ADDRESS_SCHEMA: dict[str, Any] = {"type": "string", "description": "An IPv4 or IPv6 address."}
_STATUS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": r"^[0-9]{3}\s*-\s*[0-9]{3}$"},
    ]
}
_LOCATION_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "description": "A geo code: EU, EU-GB, GB, NA-US-CA or US-CA."},
        {
            "type": "array",
            "description": "[latitude, longitude] in degrees.",
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 2,
        },
    ]
}


def one_or_more(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value or a list of such values."""
    return {"anyOf": [schema, {"type": "array", "items": schema}]}


def _whole(low: int, high: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": low, "maximum": high})


def _words(kind: type[CheckType] | type[Policy] | type[Topology]) -> WithJsonSchema:
    return WithJsonSchema({"enum": [member.value for member in kind]})


ZoneName = Annotated[str, PlainValidator(names.zone_name), WithJsonSchema({"type": "string"})]
Seconds = Annotated[float, PlainValidator(values.seconds), WithJsonSchema(_DURATION_SCHEMA)]
Ttl = Annotated[int, PlainValidator(values.ttl), WithJsonSchema(_DURATION_SCHEMA)]
Place = Annotated[Location, PlainValidator(values.location), WithJsonSchema(_LOCATION_SCHEMA)]
Bias = Annotated[int, PlainValidator(values.bias), _whole(-99, 99)]
Positive = Annotated[
    float,
    PlainValidator(values.positive),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Port = Annotated[int, PlainValidator(values.port), _whole(1, 65535)]
InARow = Annotated[int, PlainValidator(values.in_a_row), _whole(1, 100)]
Regions = Annotated[int, PlainValidator(values.regions), _whole(0, 1000)]
UrlPath = Annotated[
    str, PlainValidator(values.url_path), WithJsonSchema({"type": "string", "pattern": "^/"})
]
ProbeHost = Annotated[str, PlainValidator(values.probe_host), WithJsonSchema({"type": "string"})]
Statuses = Annotated[
    tuple[StatusRange, ...],
    PlainValidator(values.statuses),
    WithJsonSchema(one_or_more(_STATUS_SCHEMA)),
]
BodyText = Annotated[
    str, PlainValidator(values.body_text), WithJsonSchema({"type": "string", "minLength": 1})
]
CheckWord = Annotated[CheckType, PlainValidator(values.check_type), _words(CheckType)]
PolicyWord = Annotated[Policy, PlainValidator(values.policy), _words(Policy)]
TopologyWord = Annotated[Topology, PlainValidator(values.topology), _words(Topology)]
MinUpCount = Annotated[
    MinUp,
    PlainValidator(values.min_up),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": r"^[0-9]{1,3}\s*%$"},
            ]
        }
    ),
]
Serial = Annotated[int, PlainValidator(values.serial), _whole(1, 2**32 - 1)]
