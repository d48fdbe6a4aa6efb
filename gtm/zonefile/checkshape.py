"""The shape of checks: one mapping for every type, as people write it.

Which keys belong to which type is said in `probekinds.py`, so that a key that stands with the wrong
type is told where it belongs.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from gtm.zonefile.checkleaves import (
    BodyTexts,
    CheckWord,
    Command,
    Family,
    JsonTests,
    ProbeAddress,
    ProbePath,
    ProbeText,
    Redirects,
    Source,
    Texts,
    UnknownWord,
)
from gtm.zonefile.leaves import (
    Fraction,
    HeaderName,
    HowMany,
    InARow,
    JsonPointer,
    Port,
    ProbeHost,
    Seconds,
    Statuses,
)
from gtm.zonefile.shapebase import Shape


class ExpectShape(Shape):
    """What an HTTP response must be for the probe to succeed; all of it must hold."""

    status: Statuses | None = Field(default=None, description="Codes and ranges; default 200-299.")
    body: BodyTexts | None = Field(default=None, description="Text that the body must hold.")
    match: Texts | None = Field(
        default=None, description="Regular expressions (RE2) to be found in the body."
    )
    json_: JsonTests | None = Field(
        default=None,
        alias="json",
        description="JSON pointers and the values that they must lead to; or pointers alone.",
    )


class TlsShape(Shape):
    """How TLS is spoken. Paths are of PEM files."""

    server_name: ProbeHost | None = Field(
        default=None, description="The name that is sent (SNI) and verified."
    )
    verify: bool = Field(default=True, description="Whether the certificate is verified.")
    ca: str | None = Field(default=None, description="Authorities to trust in place of those here.")
    cert: str | None = Field(default=None, description="The client's certificate.")
    key: str | None = Field(default=None, description="Its key, if it is in a file of its own.")
    warn_before: Seconds = Field(
        default=14 * 86400.0, description="How long before its end a certificate is warned of."
    )


class DampingShape(Shape):
    """When a target that changes to and fro is held down."""

    changes: HowMany = Field(default=6, description="More changes than this ...")
    within: Seconds = Field(default=600.0, description="... in this time hold it down ...")
    hold: Seconds = Field(default=60.0, description="... for this long, doubled each time ...")
    most: Seconds = Field(default=1800.0, description="... up to this.")


class PassiveShape(Shape):
    """When reports of real requests take out an endpoint that its probes still find up."""

    failures: Fraction = Field(default=0.5, description="The rate of failures above which.")
    minimum: HowMany = Field(default=20, description="Outcomes that it takes at least.")
    window: Seconds = Field(default=30.0, description="How far back outcomes count.")
    hold: Seconds = Field(default=30.0, description="How long it stays out at least.")
    most: Fraction = Field(
        default=0.5, description="The part of a service's endpoints that reports may hold out."
    )
    reporters: HowMany = Field(default=1, description="Reporters that have to say so.")


class LoadFieldShape(Shape):
    """Where a health response says the endpoint's load."""

    header: HeaderName | None = Field(default=None, description="A header; default X-GTM-Load.")
    pointer: JsonPointer | None = Field(
        default=None, description="A JSON pointer into the body, such as /load."
    )


def _whether(value: object) -> object:
    """`true` stands for a mapping with all defaults, `false` for none."""
    if value is True:
        return {}
    return None if value is False else value


TlsUse = Annotated[
    TlsShape | None, BeforeValidator(_whether, json_schema_input_type=bool | TlsShape)
]
DampingUse = Annotated[
    DampingShape | None, BeforeValidator(_whether, json_schema_input_type=bool | DampingShape)
]


def _form(value: object) -> Literal["<name>", "<mapping>", "<list>"]:
    if isinstance(value, list):
        return "<list>"
    return "<mapping>" if isinstance(value, dict) else "<name>"


ExpectUse = Annotated[
    Annotated[ProbeText, Tag("<name>")] | Annotated[ExpectShape, Tag("<mapping>")],
    Discriminator(_form),
]


class CheckShape(Shape):
    """How a thing is probed, or `checks` put together."""

    type: CheckWord = Field(
        description="http, https, tcp, grpc, dns, icmp, exec or file; all, any or quorum of checks."
    )

    port: Port | None = Field(default=None, description="Default 80 for http, 443 for https.")
    address: ProbeAddress | None = Field(
        default=None, description="What is probed in place of the endpoint."
    )
    source: Source | None = Field(default=None, description="The local address to probe from.")
    family: Family | None = Field(
        default=None, description="4 or 6: of a host name, the addresses of that version alone."
    )

    interval: Seconds = Field(default=10.0, description="From one probe's start to the next's.")
    fast_interval: Seconds | None = Field(
        default=None, description="The interval while the state may be changing."
    )
    timeout: Seconds | None = Field(
        default=None,
        description="For a whole probe; default 3s, or the interval if that is shorter.",
    )
    connect_timeout: Seconds | None = Field(
        default=None, description="For the connection alone, with its TLS handshake."
    )

    rise: InARow = Field(default=2, description="Successes in a row to come up.")
    fall: InARow = Field(default=3, description="Failures in a row to go down.")
    ok: InARow = Field(default=1, description="Successes in a row that forget failures.")
    max_latency: Seconds | None = Field(
        default=None, description="A probe that takes longer has failed."
    )
    damping: DampingUse = Field(default=None, description="Holds down what changes to and fro.")
    unknown: UnknownWord | None = Field(
        default=None, description="What to steer by when probes are too old; default keep."
    )
    stale_after: Seconds | None = Field(
        default=None, description="When probes are too old; default 3 intervals and a timeout."
    )
    passive: PassiveShape | None = Field(
        default=None, description="When reports take an endpoint out; default never."
    )

    method: str | None = Field(default=None, description="For http and https; default GET.")
    path: ProbePath | None = Field(
        default=None, description="Path to ask for; default /. For file: the file."
    )
    host: ProbeHost | None = Field(
        default=None, description="Host header and TLS server name; default: the service's name."
    )
    headers: dict[str, str] | None = Field(default=None, description="Headers of the request.")
    expect: ExpectUse | None = Field(
        default=None, description="What a good response looks like. For tcp: text that must come."
    )
    redirects: Redirects | None = Field(
        default=None, description="How many redirects are followed within the endpoint; default 0."
    )
    keep_alive: bool | None = Field(
        default=None, description="Whether a connection is used again; default false."
    )
    load: LoadFieldShape | None = Field(
        default=None, description="Where the response says the load; default header X-GTM-Load."
    )
    verify: bool | None = Field(
        default=None, description="Whether https verifies the certificate; default true."
    )
    tls: TlsUse = Field(default=None, description="How TLS is spoken; for tcp and grpc, whether.")

    send: ProbeText | None = Field(default=None, description="For tcp: text to send.")
    service: str | None = Field(default=None, description="For grpc; default the whole server.")
    name: str | None = Field(default=None, description="For dns: the name to ask for.")
    record: str | None = Field(default=None, description="For dns: the type; default A.")
    answers: Texts | None = Field(default=None, description="For dns: records that must come.")
    rcode: str | None = Field(default=None, description="For dns: default NOERROR.")
    tcp: bool | None = Field(default=None, description="For dns: ask over TCP.")
    size: int | None = Field(default=None, description="For icmp: octets of data; default 56.")
    command: Command | None = Field(
        default=None, description="For exec: the program and its arguments, without a shell."
    )
    max_age: Seconds | None = Field(
        default=None, description="For file: how old it may be to be believed."
    )

    checks: list[CheckItem] | None = Field(
        default=None, description="For all, any and quorum: the checks."
    )
    needed: HowMany | None = Field(default=None, description="For quorum: how many must be up.")


CheckItem = Annotated[
    Annotated[str, Tag("<name>")] | Annotated[CheckShape, Tag("<mapping>")],
    Discriminator(_form),
]
CheckUse = Annotated[
    Annotated[str, Tag("<name>")]
    | Annotated[CheckShape, Tag("<mapping>")]
    | Annotated[list[CheckItem], Tag("<list>")],
    Discriminator(_form),
]

CheckShape.model_rebuild(_types_namespace={"CheckItem": CheckItem})

Used = str | CheckShape | list[str | CheckShape]
"""What `CheckUse` is read to."""
