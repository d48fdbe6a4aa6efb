"""The shape of what is published of a service beside its addresses: HTTPS, SVCB, SRV."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from gtm.published import REGIONS
from gtm.zonefile import publishedvalues as values
from gtm.zonefile.leaves import Port
from gtm.zonefile.shapebase import Shape

_WORDS: dict[str, Any] = {"type": "string"}


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Protocol = Annotated[str, PlainValidator(values.protocol), WithJsonSchema(_WORDS)]
Ech = Annotated[bytes, PlainValidator(values.ech), WithJsonSchema(_WORDS)]
DohPath = Annotated[str, PlainValidator(values.dohpath), WithJsonSchema(_WORDS)]
KeyName = Annotated[
    str, PlainValidator(values.key), WithJsonSchema({"enum": list(values.MANDATORY)})
]
RegionCount = Annotated[
    int,
    PlainValidator(values.regions),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": values.MOST_REGIONS}),
]


class BindingShape(Shape):
    """An HTTPS or SVCB record (RFC 9460)."""

    alpn: Annotated[
        list[Protocol], BeforeValidator(_as_list, json_schema_input_type=Protocol | list[Protocol])
    ] = Field(default_factory=list, description="Protocols, as h2 and h3.")
    no_default_alpn: bool = Field(
        default=False, description="Whether the scheme's own protocol is not spoken."
    )
    port: Port | None = Field(default=None, description="Where it is not the scheme's own.")
    hints: bool = Field(default=True, description="Whether the addresses in use stand in it.")
    ech: Ech = Field(default=b"", description="An ECHConfigList in base64.")
    mandatory: list[KeyName] = Field(
        default_factory=list, description="Keys that a client has to understand."
    )


class SvcbShape(BindingShape):
    """An SVCB record of a scheme other than https."""

    dohpath: DohPath = Field(default="", description="For _dns: a path ending in {?dns}.")


class NoBinding(BindingShape):
    """`https: false`: none, whatever the app says."""


class DispatchShape(Shape):
    """SRV records for one protocol (RFC 2782)."""

    port: Port = Field(description="The port that it is served on.")
    regions: RegionCount = Field(default=REGIONS, description="Most regions that an answer names.")


def _binding(value: object) -> object:
    if isinstance(value, bool):
        return BindingShape(alpn=["h2"]) if value else NoBinding()
    return value


def _dispatch(value: object) -> object:
    return {"port": value} if isinstance(value, int) and not isinstance(value, bool) else value


HttpsUse = Annotated[
    BindingShape, BeforeValidator(_binding, json_schema_input_type=bool | BindingShape)
]
SvcbUse = dict[str, SvcbShape]
SrvUse = dict[
    str,
    Annotated[
        DispatchShape, BeforeValidator(_dispatch, json_schema_input_type=Port | DispatchShape)
    ],
]
