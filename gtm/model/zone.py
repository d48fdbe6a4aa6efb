"""The zone: one delegated apex, its static records, and all that is said in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gtm.checks import AnyCheck, Freeze
from gtm.model.apps import App
from gtm.model.measured import LatencyRules, LoadFeed, MeasuredLatency
from gtm.model.places import Address, Clients, Location
from gtm.model.services import Region
from gtm.model.signing import Dnssec
from gtm.networks import Networks
from gtm.peering import Transfer, TsigKey, Updates
from gtm.plain import Plain
from gtm.receivers import Receiver

NOBODY = Networks()


@dataclass(frozen=True, slots=True)
class RRset:
    """The static records of one name and type. `rdata` is wire form, names not compressed.

    `type` is the number of the RR type; `ttl` is seconds.
    """

    name: str
    type: int
    ttl: int
    rdata: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Soa:
    """What the zone's SOA record says besides its name server. Times in seconds.

    `contact` is the mailbox in name form (`hostmaster.example.com.`). `negative_ttl` bounds how
    long a resolver keeps an NXDOMAIN or NODATA (RFC 2308).
    """

    contact: str
    negative_ttl: int = 60
    refresh: int = 7200
    retry: int = 900
    expire: int = 1209600
    ttl: int = 3600


@dataclass(frozen=True, slots=True)
class Nameserver:
    """A name server of the zone. `addresses` is its glue; empty when it lies outside the zone."""

    name: str
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class GeoOverride:
    """What the operator knows better than the database of the clients of a network or an AS.

    `location` is where they are (None: as the database has it). `regions` are those that they are
    given whatever the policy, first ones first, while one of them is up.
    """

    clients: Clients
    location: Location | None = None
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Zone:
    """One delegated apex and everything under it.

    `ttl` is the steered answers'; with a `min_ttl` it is the most, and health shortens it down to
    that. `rrsets` holds the static records, without SOA and NS of the
    apex, sorted by name and type. `serial` is the SOA serial. `files` are the paths that the
    zone was read from. `min_regions` is how many regions of an app an override has to leave up.
    `alerts` are who is told of what happens. `tsig` are the keys that its file and shared ones
    define, `transfer` says who may copy it (None: nobody), `updates` who may change what.
    `canary` is what answers whenever the checker itself is connected, `freeze` when failures are
    taken for its own. `plain` are static names beside `rrsets`, where there are very many.
    `dnssec` is how it is signed, None if it is not. `whoami` are the networks that may
    ask the name `whoami` what is seen of them.
    """

    name: str
    ttl: int
    soa: Soa
    nameservers: tuple[Nameserver, ...]
    regions: Mapping[str, Region]
    apps: tuple[App, ...]
    rrsets: tuple[RRset, ...] = ()
    overrides: tuple[GeoOverride, ...] = ()
    latency: tuple[MeasuredLatency, ...] = ()
    serial: int = 1
    files: tuple[str, ...] = field(default=(), compare=False)
    min_regions: int = 1
    load: LoadFeed = field(default_factory=LoadFeed)
    min_ttl: int | None = None
    alerts: tuple[Receiver, ...] = ()
    latency_feed: LatencyRules = field(default_factory=LatencyRules)
    canary: AnyCheck | None = None
    freeze: Freeze = field(default_factory=Freeze)
    plain: Plain | None = None
    whoami: Networks = NOBODY
    dnssec: Dnssec | None = None
    tsig: tuple[TsigKey, ...] = ()
    transfer: Transfer | None = None
    updates: tuple[Updates, ...] = ()
