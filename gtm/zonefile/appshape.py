"""The shape of apps and of their services.

Endpoints are checked where they are read (endpoints.py), as their forms depend on what stands
around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag
from pydantic.json_schema import SkipJsonSchema

from gtm.model import Balance, MinUp
from gtm.zonefile.checkshape import CheckUse
from gtm.zonefile.checkvalues import PASSIVE_PLACE
from gtm.zonefile.leaves import (
    ADDRESS_SCHEMA,
    AddressCount,
    BalanceWord,
    Fraction,
    LastResort,
    MinUpCount,
    Seconds,
    TopologyWord,
    Ttl,
    one_or_more,
)
from gtm.zonefile.publishedshape import HttpsUse, SrvUse, SvcbUse
from gtm.zonefile.shapebase import Shape
from gtm.zonefile.steeringshape import SteeringKeys, SteeringShape, SteeringUse
from gtm.zonefile.values import MAX_ENDPOINT_WEIGHT

# Keys of a service's mapping that are not regions; no region may have such a name.
SERVICE_SETTINGS = (
    *("steering", "check", "min_up", "balance", "answers", "ttl"),
    *("https", "svcb", "srv", "alias"),
)
SERVICE_OPTIONS = ("optional", *SERVICE_SETTINGS)

ENDPOINT_KEYS = ("address", "weight", "backup")


_ENDPOINT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "description": "An address, or a host name (answered as CNAME)."},
        {
            "type": "object",
            "properties": {
                "address": ADDRESS_SCHEMA,
                "weight": {"type": "integer", "minimum": 0, "maximum": MAX_ENDPOINT_WEIGHT},
                "backup": {"type": "boolean"},
            },
            "required": ["address"],
            "additionalProperties": False,
        },
    ]
}
_OPTIONAL_SCHEMA: dict[str, Any] = {
    "type": "boolean",
    "description": "Whether a replicated app's region may be up without this service.",
}


def _service_schema(schema: dict[str, Any]) -> None:
    """Editors see the settings and `optional`; every other key is a region."""
    schema["properties"]["optional"] = _OPTIONAL_SCHEMA
    schema["additionalProperties"] = one_or_more(_ENDPOINT_SCHEMA)


class ServiceShape(Shape):
    """A service with settings of its own. Its other keys are regions, read in apps.py."""

    model_config = ConfigDict(extra="allow", strict=True, json_schema_extra=_service_schema)

    steering: SteeringUse | None = Field(default=None, description="In place of the app's.")
    check: CheckUse | None = Field(default=None, description="In place of the app's.")
    min_up: MinUpCount | None = Field(default=None, description="In place of the app's.")
    balance: BalanceWord | None = Field(default=None, description="In place of the app's.")
    answers: AddressCount | None = Field(default=None, description="In place of the app's.")
    ttl: Ttl | None = Field(default=None, description="In place of the zone's.")
    https: HttpsUse | None = Field(default=None, description="In place of the app's.")
    svcb: SvcbUse | None = Field(default=None, description="In place of the app's.")
    srv: SrvUse | None = Field(default=None, description="In place of the app's.")
    alias: bool = Field(default=False, description="Whether the zone's own name is it, too.")


def _service_form(value: object) -> Literal["<regions>", "<settings>"]:
    """Nearly all services of a large zone have regions alone, and need no shape."""
    plain = not isinstance(value, dict) or value.keys().isdisjoint(SERVICE_SETTINGS)
    return "<regions>" if plain else "<settings>"


ServiceUse = Annotated[
    Annotated[SkipJsonSchema[dict[str, Any]], Tag("<regions>")]
    | Annotated[ServiceShape, Tag("<settings>")],
    Discriminator(_service_form),
]


class AppShape(Shape):
    """A group of services that share one topology."""

    later: ClassVar[tuple[str, ...]] = ("safety", "ttl")
    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("policy", *SteeringKeys.model_fields), "`steering`"
    ) | {"passive": PASSIVE_PLACE}

    topology: TopologyWord = Field(
        description="replicated: one decision for the whole block; spread: one for each service."
    )
    steering: SteeringUse = Field(default_factory=SteeringShape, description="Default nearest.")
    check: CheckUse | None = Field(
        default=None,
        description="A check's name, http, https or icmp, a check written here, or a list.",
    )
    min_up: MinUpCount = Field(
        default=MinUp(1), description="Endpoints of a service that a region needs up."
    )
    balance: BalanceWord = Field(
        default=Balance.ALL, description="How the endpoints of a region are used."
    )
    answers: AddressCount | None = Field(
        default=None, description="Most addresses in an answer; default: all, else 1."
    )
    when_all_down: LastResort | None = Field(
        default=None, description="What to answer when no region is up; default all."
    )
    panic: Fraction = Field(
        default=0.0, description="With fewer endpoints up than this, all are taken to be up."
    )
    ramp: Seconds = Field(
        default=30.0, description="How long a region that comes up takes to its full share."
    )
    https: HttpsUse | None = Field(
        default=None, description="The HTTPS record of each service (RFC 9460)."
    )
    svcb: SvcbUse | None = Field(
        default=None, description="SVCB records below each service, by scheme, as _dns."
    )
    srv: SrvUse | None = Field(
        default=None, description="SRV records below each service, by protocol, as _grpc._tcp."
    )
    services: dict[str, ServiceUse] = Field(description="Name in the zone: regions: endpoints.")
