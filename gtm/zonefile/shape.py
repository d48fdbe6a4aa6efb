"""The zone file's shape: what pydantic checks, what JSON Schema is made from.

This is the file as people write it, short forms and all; `gtm.model` is what the program sees.
`later` names keys that a coming version reads, `elsewhere` those that stand one level off: they get
a message of their own instead of "unknown key". Endpoints, lists of regions, matches and record
values are checked where they are read (endpoints.py, steering.py, rules.py, rdata.py), as their
forms depend on what stands around them. Shapes of checks, steering, apps and the like have files
of their own (*shape.py).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag
from pydantic.json_schema import WithJsonSchema

from gtm.model import Stale
from gtm.zonefile.alertshape import ReceiverShape
from gtm.zonefile.appshape import AppShape
from gtm.zonefile.checkshape import CheckShape, CheckUse
from gtm.zonefile.dnssecshape import DnssecUse
from gtm.zonefile.freezeshape import FreezeShape
from gtm.zonefile.leaves import (
    ADDRESS_SCHEMA,
    Bias,
    Expiry,
    HowMany,
    NetworkList,
    Place,
    Positive,
    RegionNames,
    RegionsLeft,
    Seconds,
    Serial,
    Soft,
    StaleWord,
    Ttl,
    ZoneName,
    one_or_more,
)
from gtm.zonefile.peershape import TransferShape, TsigShape, UpdatesShape
from gtm.zonefile.shapebase import Shape


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
