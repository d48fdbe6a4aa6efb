"""The shape of `dnssec` in a zone file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from gtm.model import Algorithm
from gtm.zonefile.choices import algorithm
from gtm.zonefile.findings import Wrong, shown
from gtm.zonefile.leaves import Seconds, Ttl, one_or_more
from gtm.zonefile.shapebase import Shape

_BY_COMMAND = "the command line: `gtm keys generate ZONE` makes the keys"
_DENIAL = "no zone: gtm denies names by NSEC, signed ahead (docs/dnssec.md says why)"

_WORDS = WithJsonSchema({"enum": [one.value for one in Algorithm]})
AlgorithmWord = Annotated[Algorithm, PlainValidator(algorithm), _WORDS]
_IMPORT_SCHEMA: dict[str, Any] = {
    "type": "string",
    "description": "A DNSKEY record (257 3 13 mdsswUyr3DPW...), or a file of them beside this one.",
}
Imports = Annotated[Any, WithJsonSchema(one_or_more(_IMPORT_SCHEMA))]


class DnssecShape(Shape):
    """How the zone is signed; `{}` is a good choice."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "keys": _BY_COMMAND,
        "key": _BY_COMMAND,
        "nsec3": _DENIAL,
        "denial": _DENIAL,
    }

    algorithm: AlgorithmWord = Field(
        default=Algorithm.ECDSA_P256, description="Of keys that are made from now on."
    )
    split: bool = Field(
        default=False, description="A KSK for the DNSKEY RRset and a ZSK for the rest, or one key."
    )
    validity: Seconds = Field(default=14 * 86400.0, description="How long signatures are valid.")
    ttl: Ttl = Field(default=3600, description="Of the DNSKEY, CDS and CDNSKEY records.")
    cds: bool = Field(default=True, description="Whether CDS and CDNSKEY tell the parent its DS.")
    parent_ttl: Ttl = Field(default=86400, description="The TTL that the parent gives the DS.")
    propagation: Seconds = Field(
        default=3600.0, description="Until all servers of the zone, or of its parent, say the same."
    )
    imports: Imports = Field(
        default=None, alias="import", description="DNSKEYs of other providers (RFC 8901)."
    )


def _long(value: object) -> object:
    """`true` is short for `{}`, `false` is the same as no key; nothing is neither."""
    if value is True:
        return {}
    if value is False:
        return None
    if isinstance(value, dict):
        return value
    problem = f"{shown(value)} does not say whether the zone is signed"
    raise Wrong(problem, "write `dnssec: {}` to sign it, or `dnssec: false`")


DnssecUse = Annotated[
    DnssecShape | None,
    BeforeValidator(_long, json_schema_input_type=bool | DnssecShape),
]
