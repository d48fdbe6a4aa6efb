"""The shapes of `tsig`, `transfer` and `updates` in a zone file."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from gtm.peering import DEFAULT_TYPES, Algorithm, Party, Secondary, View
from gtm.zonefile import peervalues
from gtm.zonefile.alertshape import SecretPath, Variable
from gtm.zonefile.leaves import one_or_more
from gtm.zonefile.shapebase import Shape

_TEXT: dict[str, Any] = {"type": "string"}


def _text_or(properties: tuple[str, ...], required: tuple[str, ...] = ()) -> dict[str, Any]:
    mapping = {
        "type": "object",
        "properties": dict.fromkeys(properties, _TEXT),
        "additionalProperties": False,
    }
    return {"anyOf": [_TEXT, mapping | ({"required": list(required)} if required else {})]}


AlgorithmWord = Annotated[
    Algorithm,
    PlainValidator(peervalues.algorithm),
    WithJsonSchema({"enum": [one.value for one in Algorithm]}),
]
PartyUse = Annotated[
    Party, PlainValidator(peervalues.party), WithJsonSchema(_text_or(("network", "key")))
]
SecondaryUse = Annotated[
    Secondary,
    PlainValidator(peervalues.secondary),
    WithJsonSchema(_text_or(("address", "key"), ("address",))),
]
ViewWord = Annotated[
    View, PlainValidator(peervalues.view), WithJsonSchema({"enum": [one.value for one in View]})
]
NameGlobs = Annotated[
    tuple[str, ...], PlainValidator(peervalues.name_globs), WithJsonSchema(one_or_more(_TEXT))
]
ChangeableTypes = Annotated[
    frozenset[int],
    PlainValidator(peervalues.changeable_types),
    WithJsonSchema(one_or_more(_TEXT)),
]


class TsigShape(Shape):
    """A key that messages are signed with (RFC 8945). The secret is base64, and not in here."""

    algorithm: AlgorithmWord = Field(
        default=Algorithm.SHA256, description="hmac-sha256, hmac-sha384 or hmac-sha512."
    )
    secret_file: SecretPath | None = Field(default=None, description="A file with the secret.")
    secret_env: Variable | None = Field(default=None, description="A variable that holds it.")


class TransferShape(Shape):
    """Who may copy the zone (AXFR), and who is told that it changed (NOTIFY)."""

    to: list[PartyUse] = Field(description="Networks, {key: name}, or {network, key} for both.")
    notify: list[SecondaryUse] = Field(
        default_factory=list, description="Addresses, with a port or not, or {address, key}."
    )
    when_transferred: ViewWord = Field(
        default=View.FALLBACK,
        description="Steered names in copies: fallback, as for clients nobody can place; all.",
    )


class UpdatesShape(Shape):
    """What the holder of a key may change (RFC 2136)."""

    names: NameGlobs = Field(
        default=("*",), description='Names in the zone, or globs; "" is the zone itself.'
    )
    types: ChangeableTypes = Field(default=DEFAULT_TYPES, description="Record types.")
