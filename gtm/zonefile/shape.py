"""The zone file's shape: what pydantic checks, what JSON Schema is made from.

This is the file as people write it, short forms and all; `gtm.model` is what the program sees.
`later` names keys that a coming version reads, `elsewhere` those that stand one level off: they get
a message of their own instead of "unknown key". Endpoints, lists of regions, matches and record
values are checked where they are read (endpoints.py, steering.py, rules.py, rdata.py), as their
forms depend on what stands around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic.json_schema import SkipJsonSchema, WithJsonSchema

from gtm.model import Balance, MinUp, Policy, Stale
from gtm.zonefile.alertshape import ReceiverShape
from gtm.zonefile.checkshape import CheckShape as CheckShape
from gtm.zonefile.checkshape import (
    CheckUse,
    DampingShape,
    ExpectShape,
    LoadFieldShape,
    TlsShape,
)
from gtm.zonefile.checkshape import PassiveShape as PassiveShape
from gtm.zonefile.checkvalues import PASSIVE_PLACE
from gtm.zonefile.dnssecshape import DnssecShape, DnssecUse
from gtm.zonefile.freezeshape import FreezeShape
from gtm.zonefile.leaves import (
    ADDRESS_SCHEMA,
    AddressCount,
    BalanceWord,
    Bias,
    Codes,
    DrawWord,
    Expiry,
    Fraction,
    HowMany,
    LastResort,
    Matches,
    MinUpCount,
    NetworkList,
    Place,
    PolicyWord,
    Positive,
    Prefix4,
    Prefix6,
    RegionNames,
    RegionsLeft,
    RegionsOrCount,
    Seconds,
    Serial,
    Soft,
    StaleWord,
    Times,
    TopologyWord,
    Ttl,
    Weight,
    ZoneName,
    one_or_more,
)
from gtm.zonefile.peershape import TransferShape, TsigShape, UpdatesShape
from gtm.zonefile.publishedshape import (
    BindingShape,
    DispatchShape,
    HttpsUse,
    SrvUse,
    SvcbShape,
    SvcbUse,
)
from gtm.zonefile.shapebase import Shape as Shape
from gtm.zonefile.values import MAX_ENDPOINT_WEIGHT

# Keys of a service's mapping that are not regions; no region may have such a name.
SERVICE_SETTINGS = (
    *("steering", "check", "min_up", "balance", "answers", "ttl"),
    *("https", "svcb", "srv", "alias"),
)
SERVICE_OPTIONS = ("optional", *SERVICE_SETTINGS)

ENDPOINT_KEYS = ("address", "weight", "backup")


class RegionShape(Shape):
    """A datacenter or cloud region."""

    later: ClassVar[tuple[str, ...]] = ("weight",)

    location: Place = Field(description="[latitude, longitude], or a geo code for its centre.")
    bias: Bias = Field(default=0, description="-99 to 99: above 0 draws clients in.")
    capacity: Positive | None = Field(default=None, description="The most load it can take.")
    soft: Soft = Field(
        default=0.8, description="The part of its capacity from which on clients go elsewhere."
    )
    check: CheckUse | None = Field(
        default=None,
        description="While it is down, so is the region for every app: its gateway's check.",
    )


class PrefixShape(Shape):
    """How long the prefix of a client network is."""

    v4: Prefix4 = Field(default=24, description="Bits of an IPv4 network.")
    v6: Prefix6 = Field(default=56, description="Bits of an IPv6 network.")


class SteeringKeys(Shape):
    """The keys that policies have; `policies.py` knows which has which."""

    later: ClassVar[tuple[str, ...]] = ("soft",)
    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("answers", "balance", "min_up", "panic", "ramp", "when_all_down"),
        "the app, beside `steering`",
    )

    regions: RegionsOrCount | None = Field(
        default=None,
        description="The regions to use, first ones first; or how many an answer names (1).",
    )
    within: Fraction = Field(
        default=0.0, description="Regions that cost at most this much more than the best share."
    )
    latency_weight: Times = Field(
        default=0.0,
        description="Times its service time is what a region costs beside the round trip.",
    )
    weights: dict[str, Weight] = Field(
        default_factory=dict,
        description="By region.",
    )
    order: RegionNames | None = Field(default=None, description="For failover: first to last.")
    trickle: Fraction = Field(default=0.0, description="What the first standby gets.")
    fence: Codes | None = Field(default=None, description="Places that are never left.")
    rules: list[RuleShape] | None = Field(default=None, description="For geo: the first counts.")
    draw: DrawWord | None = Field(
        default=None, description="Whether shares are drawn for each window (default) or query."
    )
    prefix: PrefixShape | None = Field(
        default=None, description="Client networks of sticky and of balance: hash."
    )
    otherwise: SteeringUse | None = Field(
        default=None, description="How to steer when none of the regions is left."
    )


class SteeringShape(SteeringKeys):
    """How clients are steered between regions."""

    policy: PolicyWord = Field(default=Policy.NEAREST, description="How a region is chosen.")


class RuleShape(SteeringKeys):
    """How the clients that match are steered: a policy, or regions to try in their order."""

    match: Matches | None = Field(default=None, description="Default everyone.")
    policy: PolicyWord | None = Field(default=None, description="Default: `regions` in order.")


class TtlShape(Shape):
    """A TTL that health chooses."""

    min: Ttl = Field(description="The least, for when a verdict may change any moment.")
    max: Ttl = Field(description="The most, for when none can change for long.")


def _form(value: object) -> Literal["<name>", "<mapping>"]:
    return "<mapping>" if isinstance(value, dict) else "<name>"


TtlUse = Annotated[
    Annotated[Ttl, Tag("<name>")] | Annotated[TtlShape, Tag("<mapping>")],
    Discriminator(_form),
]


def _long_steering(value: object) -> object:
    return value if isinstance(value, dict) else {"policy": value}


SteeringUse = Annotated[
    SteeringShape,
    BeforeValidator(_long_steering, json_schema_input_type=PolicyWord | SteeringShape),
]

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


class SoaShape(Shape):
    """The zone's SOA record; times in seconds or as durations."""

    contact: str | None = Field(default=None, description="Mailbox; default hostmaster@ the zone.")
    negative_ttl: Ttl = Field(default=60, description="How long resolvers keep a negative answer.")
    refresh: Ttl = Field(default=7200, description="How often secondaries look for changes.")
    retry: Ttl = Field(default=900, description="How soon they look again when that failed.")
    expire: Ttl = Field(default=1209600, description="How long they answer without having looked.")
    ttl: Ttl = Field(default=3600, description="Of the SOA record itself.")
    serial: Serial | None = Field(
        default=None, description="Default: when the files were changed last."
    )


class SafetyShape(Shape):
    """What an operator's override may not do unless it is forced."""

    min_regions: RegionsLeft = Field(default=1, description="Regions that an app has to keep up.")


class LoadShape(Shape):
    """How long a load that a region reported is believed, and what then."""

    expire: Expiry = Field(default=60.0, description="How long; default 60s.")
    stale: StaleWord = Field(
        default=Stale.KEEP, description="keep: go by what was known; ignore: as if it had room."
    )


class WhoamiShape(Shape):
    """Who may ask the zone's name `whoami`."""

    allow: NetworkList = Field(
        default_factory=list, description="Addresses, networks, or a word such as loopback."
    )


def _long_whoami(value: object) -> object:
    return {"allow": ["loopback"] if value else []} if isinstance(value, bool) else value


WhoamiUse = Annotated[
    WhoamiShape, BeforeValidator(_long_whoami, json_schema_input_type=bool | WhoamiShape)
]


class LatencyFeedShape(Shape):
    """What it takes for measured latency that is posted to be believed."""

    use: bool = Field(default=True, description="Whether it is used at all.")
    samples: HowMany = Field(default=30, description="Samples that a median needs.")
    reporters: HowMany = Field(default=1, description="Reporters that it needs.")
    networks: HowMany = Field(
        default=3, description="Client networks that it needs where one reporter is alone."
    )
    expire: Seconds = Field(default=86400.0, description="How long a sample counts.")


class OverrideShape(Shape):
    """What the operator knows of the clients of a network or an AS; one of the keys at least."""

    location: Place | None = Field(default=None, description="Where they are.")
    regions: RegionNames | None = Field(
        default=None, description="The regions that they are given, first ones first."
    )


class GeoShape(Shape):
    """What the operator knows better than the geo database."""

    overrides: dict[str, OverrideShape] = Field(
        default_factory=dict, description="By network or AS number."
    )


RecordValue = Annotated[Any, WithJsonSchema({"type": ["string", "object"]})]


class RecordShape(Shape):
    """Static records of one type, in octoDNS's form."""

    later: ClassVar[tuple[str, ...]] = ("dynamic", "geo", "octodns", "healthcheck", "lenient")

    type: str = Field(
        description="A AAAA CAA CNAME DNAME DS HTTPS LOC MX NAPTR NS PTR SRV SSHFP SVCB TLSA TXT "
        "URI, or TYPE65280 by number"
    )
    ttl: Ttl = Field(default=3600, description="How long resolvers keep them.")
    value: RecordValue | None = Field(default=None, description="One record's data.")
    values: list[RecordValue] | None = Field(default=None, description="The data of several.")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


RecordUse = Annotated[
    list[RecordShape],
    BeforeValidator(_as_list, json_schema_input_type=RecordShape | list[RecordShape]),
]
AddressList = Annotated[Any, WithJsonSchema(one_or_more(ADDRESS_SCHEMA))]


class SharedFile(Shape):
    """A file without `zone`: regions, checks, alerts and keys shared by the zones beside it."""

    regions: dict[str, RegionShape] = Field(
        default_factory=dict, description="Where datacenters are, by name."
    )
    checks: dict[str, CheckShape] = Field(
        default_factory=dict, description="How things are probed, by name."
    )
    alerts: dict[str, ReceiverShape] = Field(default_factory=dict, description="Who is told.")
    tsig: dict[str, TsigShape] = Field(
        default_factory=dict, description="Keys that transfers and updates are signed with."
    )


class ZoneFile(SharedFile):
    """A zone file: one delegated apex and everything under it."""

    zone: ZoneName = Field(description="The apex that the parent zone delegates here.")
    ttl: TtlUse = Field(
        default=30, description="TTL of steered answers; {min, max} lets health choose."
    )
    nameservers: dict[str, AddressList] | None = Field(
        default=None, description="Name (relative unless it ends with a dot): glue addresses."
    )
    soa: SoaShape = Field(default_factory=SoaShape, description="The zone's SOA record.")
    apps: dict[str, AppShape] = Field(
        default_factory=dict, description="Groups of services that share a topology, by name."
    )
    safety: SafetyShape = Field(
        default_factory=SafetyShape, description="What operators may not do unless they insist."
    )
    load: LoadShape = Field(
        default_factory=LoadShape, description="Where the loads of regions come from."
    )
    geo: GeoShape = Field(
        default_factory=GeoShape, description="What is known better than the databases."
    )
    latency: dict[str, dict[str, Positive]] = Field(
        default_factory=dict, description="Geo code: region: measured round trip in ms."
    )
    latency_feed: LatencyFeedShape = Field(
        default_factory=LatencyFeedShape, description="How posted latency is used."
    )
    canary: CheckUse | None = Field(
        default=None, description="What answers whenever the checker itself is connected."
    )
    freeze: FreezeShape = Field(
        default_factory=FreezeShape, description="When the checker itself is taken to be cut off."
    )
    transfer: TransferShape | None = Field(default=None, description="Default: nobody.")
    updates: dict[str, UpdatesShape] = Field(
        default_factory=dict, description="By key: what its holder may change."
    )
    whoami: WhoamiUse | None = Field(
        default=None, description="Who may ask the name `whoami` what is seen of them."
    )
    dnssec: DnssecUse = Field(default=None, description="{} or true signs the zone.")
    records_file: str | None = Field(default=None, description="A master file beside this one.")
    records: dict[str, RecordUse] = Field(
        default_factory=dict, description='Static records by name; "" is the zone itself.'
    )


def _of_check(at: tuple[str, ...]) -> dict[tuple[str, ...], type[Shape]]:
    """The shapes inside a check."""
    return {
        (*at, "expect"): ExpectShape,
        (*at, "tls"): TlsShape,
        (*at, "damping"): DampingShape,
        (*at, "passive"): PassiveShape,
        (*at, "load"): LoadFieldShape,
    }


# Where each shape stands in the file: `*` is any key.
LEVELS: Mapping[tuple[str, ...], type[Shape]] = {
    ("ttl", "*"): TtlShape,  # below its form: `<mapping>`
    ("regions", "*"): RegionShape,
    ("checks", "*"): CheckShape,
    **_of_check(("checks", "*")),
    ("alerts", "*"): ReceiverShape,
    ("tsig", "*"): TsigShape,
    ("transfer",): TransferShape,
    ("updates", "*"): UpdatesShape,
    ("soa",): SoaShape,
    ("apps", "*"): AppShape,
    ("apps", "*", "services", "*"): ServiceShape,
    ("apps", "*", "steering"): SteeringShape,
    ("apps", "*", "steering", "prefix"): PrefixShape,
    ("apps", "*", "steering", "otherwise"): SteeringShape,
    ("apps", "*", "steering", "rules"): RuleShape,
    ("apps", "*", "check"): CheckShape,
    **_of_check(("apps", "*", "check")),
    ("apps", "*", "https"): BindingShape,
    ("apps", "*", "svcb", "*"): SvcbShape,
    ("apps", "*", "srv", "*"): DispatchShape,
    ("regions", "*", "check"): CheckShape,
    **_of_check(("regions", "*", "check")),
    ("safety",): SafetyShape,
    ("load",): LoadShape,
    ("latency_feed",): LatencyFeedShape,
    ("canary",): CheckShape,
    **_of_check(("canary",)),
    ("freeze",): FreezeShape,
    ("dnssec",): DnssecShape,
    ("geo",): GeoShape,
    ("whoami",): WhoamiShape,
    ("geo", "overrides", "*"): OverrideShape,
    ("records", "*"): RecordShape,
}
