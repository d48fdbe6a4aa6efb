"""The types of the zone file's single values: each parser with its JSON Schema.

The parsers say in our words what can't be used; the schema tells editors the same.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from gtm.checks import StatusRange
from gtm.model import Balance, Draw, Location, MinUp, Policy, Stale, Topology
from gtm.zonefile import choices, names, values

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
_CODE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "description": "A geo code: EU, EU-GB, GB, NA-US-CA or US-CA.",
}
_PART_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})?\s*%$"},
        {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
    ]
}
_LOCATION_SCHEMA: dict[str, Any] = {
    "anyOf": [
        _CODE_SCHEMA,
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


def _words(kind: type[Enum]) -> WithJsonSchema:
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
HowMany = Annotated[int, PlainValidator(values.how_many), _whole(1, values.MANY)]
RegionsLeft = Annotated[int, PlainValidator(values.regions_left), _whole(0, 1000)]
ProbeHost = Annotated[str, PlainValidator(values.probe_host), WithJsonSchema({"type": "string"})]
Statuses = Annotated[
    tuple[StatusRange, ...],
    PlainValidator(values.statuses),
    WithJsonSchema(one_or_more(_STATUS_SCHEMA)),
]
PolicyWord = Annotated[Policy, PlainValidator(choices.policy), _words(Policy)]
TopologyWord = Annotated[Topology, PlainValidator(choices.topology), _words(Topology)]
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
Fraction = Annotated[float, PlainValidator(values.fraction), WithJsonSchema(_PART_SCHEMA)]
Soft = Annotated[float, PlainValidator(values.soft), WithJsonSchema(_PART_SCHEMA)]
Expiry = Annotated[float, PlainValidator(values.expiry), WithJsonSchema(_DURATION_SCHEMA)]
StaleWord = Annotated[Stale, PlainValidator(choices.stale), _words(Stale)]
HeaderName = Annotated[str, PlainValidator(values.header_name), WithJsonSchema({"type": "string"})]
JsonPointer = Annotated[
    str, PlainValidator(values.json_pointer), WithJsonSchema({"type": "string", "pattern": "^/"})
]
Times = Annotated[
    float,
    PlainValidator(values.times),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": values.MAX_TIMES}),
]
Weight = Annotated[int, PlainValidator(values.weight), _whole(0, values.MAX_WEIGHT)]
AddressCount = Annotated[
    int, PlainValidator(values.address_count), WithJsonSchema({"type": "integer", "minimum": 1})
]
Prefix4 = Annotated[int, PlainValidator(values.prefix4), _whole(1, 32)]
Prefix6 = Annotated[int, PlainValidator(values.prefix6), _whole(1, 128)]
DrawWord = Annotated[Draw, PlainValidator(choices.draw), _words(Draw)]
BalanceWord = Annotated[Balance, PlainValidator(choices.balance), _words(Balance)]

# Lists whose items are read later, each with its own place.
_NAME_SCHEMA: dict[str, Any] = {"type": "string", "description": "A region's name."}
_MATCH_SCHEMA: dict[str, Any] = {
    "type": "string",
    "description": "A geo code, a network such as 203.0.113.0/24, an AS number, or * for everyone.",
}
RegionNames = Annotated[Any, WithJsonSchema(one_or_more(_NAME_SCHEMA))]
RegionsOrCount = Annotated[
    Any,
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, one_or_more(_NAME_SCHEMA)]}),
]
Codes = Annotated[Any, WithJsonSchema(one_or_more(_CODE_SCHEMA))]
NetworkList = Annotated[
    Any,
    WithJsonSchema(
        one_or_more({"type": "string", "description": "An address, a network, or loopback."})
    ),
]
Matches = Annotated[Any, WithJsonSchema(one_or_more(_MATCH_SCHEMA))]
LastResort = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["all", "last_good", "nodata", "servfail"]},
                one_or_more(ADDRESS_SCHEMA),
            ]
        }
    ),
]
