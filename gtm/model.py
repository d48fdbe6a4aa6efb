"""What zone files mean: the words of gtm as frozen values, with no I/O and no policy.

Names are absolute, lower case, in presentation form with the trailing dot
(`orders.gtm.example.com.`). Durations are seconds, distances kilometres, round trips
milliseconds, unless a name says otherwise. Everything here has been checked by `zonefile/`
(which is the only maker of it outside tests), so nothing below re-checks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field, replace
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from gtm.checks import AnyCheck, Freeze
from gtm.networks import Networks
from gtm.peering import Transfer, TsigKey, Updates
from gtm.plain import Plain
from gtm.published import Published
from gtm.receivers import Receiver

K = TypeVar("K")
V = TypeVar("V")

NOBODY = Networks()

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


# --- places -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Location:
    """A point on the globe, with the political places around it as far as they are known.

    Latitude and longitude are degrees (WGS 84). `continent` is a two-letter code as GeoIP2 and
    octoDNS write it (AF AN AS EU NA OC SA), `country` an ISO 3166-1 alpha-2 code and
    `subdivision` the second part of an ISO 3166-2 code ("CA" in US-CA, "ENG" in GB-ENG).
    """

    latitude: float
    longitude: float
    continent: str | None = None
    country: str | None = None
    subdivision: str | None = None

    def code(self) -> str:
        """The geo code as octoDNS writes it: `NA-US-CA`, `EU-GB`, `EU`, or "" if none is known."""
        parts = [self.continent or "", self.country or "", self.subdivision or ""]
        return "-".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class GeoCode:
    """A set of places, octoDNS's way: a continent, a country in it, or a subdivision of that."""

    continent: str
    country: str | None = None
    subdivision: str | None = None

    def covers(self, location: Location) -> bool:
        """Whether the location lies in this place."""
        if self.country is None:
            return location.continent == self.continent
        if location.country != self.country:
            return False
        return self.subdivision is None or location.subdivision == self.subdivision

    @property
    def depth(self) -> int:
        """How small the place is: 1 continent, 2 country, 3 subdivision."""
        return 1 + (self.country is not None) + (self.subdivision is not None)

    def __str__(self) -> str:
        """The code as octoDNS writes it."""
        return "-".join(
            part for part in (self.continent, self.country, self.subdivision) if part is not None
        )


@dataclass(frozen=True, slots=True, order=True)
class AsNumber:
    """An autonomous system (RFC 4271): the networks that one operator announces."""

    number: int

    def __str__(self) -> str:
        """As operators write it: `AS64500` (RFC 5396, "asplain")."""
        return f"AS{self.number}"


# What an operator may say something of beside places: a network, or all networks of an AS.
Clients = IPv4Network | IPv6Network | AsNumber


# --- verdicts ---------------------------------------------------------------------------


class State(Enum):
    """What is believed of a thing."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


# for loops over thousands: Python looks a member up in its class ten times as slowly
UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN


class Act(Enum):
    """What an operator does about a thing: an override's act."""

    DRAIN = "drain"
    UP = "up"
    DOWN = "down"


class Verdict(NamedTuple):
    """What is believed, why in an operator's words, and since when (Unix time in seconds).

    `act` is set where an operator's word decided it, not a probe, `reported` where reports of real
    requests did: without them it would not be down. `taken` is what an `unknown` one is taken for,
    where there is a rule for that. A tuple, as a region that fails makes thousands.
    """

    state: State
    reason: str
    since: float
    act: Act | None = None
    taken: State | None = None
    reported: bool = False

    @property
    def down(self) -> bool:
        """Whether steering takes it to be down."""
        return (self.taken or self.state) is DOWN

    @property
    def withheld(self) -> bool:
        """Whether an operator took it out: then it is not even a last resort."""
        return self.act is not None and self.state is DOWN


# --- regions, services, apps ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Region:
    """A datacenter or cloud region: the unit of steering and of health.

    `bias` from -99 to 99 draws clients in (above 0) or pushes them away, in Route 53's form.
    `capacity` is the most load it can take, in the unit that its load is reported in; from `soft`
    (a fraction of it) on, clients are sent elsewhere. While its own `check` is down, every app is
    down there.
    """

    name: str
    location: Location
    bias: int = 0
    capacity: float | None = None
    soft: float = 0.8
    check: AnyCheck | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address, or one host name answered as CNAME, that serves a service in a region.

    `weight` is its share among the region's endpoints; a `backup` serves when no other is up.
    """

    at: Address | str
    weight: int = 1
    backup: bool = False

    @property
    def is_host(self) -> bool:
        """Whether this is a host name."""
        return isinstance(self.at, str)

    @property
    def version(self) -> int | None:
        """4 or 6, the version of IP; None for a host name."""
        return None if isinstance(self.at, str) else self.at.version

    def __str__(self) -> str:
        """The address, or the host name with its trailing dot."""
        return str(self.at)


@dataclass(frozen=True, slots=True)
class MinUp:
    """How many endpoints a region needs up: a number, or a percentage of those it has."""

    value: int
    percent: bool = False

    def of(self, total: int) -> int:
        """The number needed out of `total`: from 1 to all; a percentage is rounded up."""
        needed = -(-total * self.value // 100) if self.percent else self.value
        return min(max(1, needed), total)

    def __str__(self) -> str:
        """As the zone file has it."""
        return f"{self.value}%" if self.percent else str(self.value)


@dataclass(frozen=True, slots=True)
class Service:
    """One API hostname and where it is served.

    `key` is the name as the zone file has it (`orders`), `name` the absolute one. `endpoints`
    maps region names to what serves there, in the file's order. An `optional` service does not
    count towards a replicated app's region verdict. The other settings stand in place of the
    app's (None: the app's holds), `ttl` in place of the zone's; `App.settled_for` joins them.
    `published` is what stands beside its addresses, if anything does.
    """

    key: str
    name: str
    endpoints: Mapping[str, tuple[Endpoint, ...]]
    optional: bool = False
    steering: Steering | None = None
    check: AnyCheck | None = None
    min_up: MinUp | None = None
    balance: Balance | None = None
    answers: int | None = None
    ttl: int | None = None
    published: Published | None = None


class Topology(Enum):
    """Whether an app's services move together or each by itself."""

    REPLICATED = "replicated"
    SPREAD = "spread"


class Policy(Enum):
    """How clients are steered between regions."""

    NEAREST = "nearest"
    LATENCY = "latency"
    GEO = "geo"
    WEIGHTED = "weighted"
    FAILOVER = "failover"
    STICKY = "sticky"
    LEAST_LOAD = "least_load"


class Draw(Enum):
    """Where a share decides: one draw for each asker and window, or one for each query."""

    WINDOW = "window"
    QUERY = "query"


class Balance(Enum):
    """How the endpoints inside a region are used."""

    ALL = "all"
    ROUND_ROBIN = "round_robin"
    HASH = "hash"
    EWMA = "ewma"
    LEAST_LOAD = "least_load"


class Everyone(Enum):
    """The match that takes every client."""

    EVERYONE = "*"


EVERYONE = Everyone.EVERYONE
Match = GeoCode | Clients | Everyone


@dataclass(frozen=True, slots=True)
class Rule:
    """Clients that match any of `match` are steered between the regions of `steering`."""

    match: tuple[Match, ...]
    steering: Steering


@dataclass(frozen=True, slots=True)
class Steering:
    """How clients are steered between regions.

    `regions` narrows the regions down (None: all that the service has), in the operator's order,
    and `fence` to those that lie in one of its places. `weights` is by region, for `weighted` and
    `sticky` (regions not named weigh 0) and, with `within`, for `nearest` (they weigh 1). `within`
    is the fraction above the best cost up to which regions share. `answered` is how many regions
    an answer names. `order` and `trickle` (a fraction for the first standby) belong to `failover`,
    `rules` to `geo`, the prefix lengths to `sticky`. `otherwise` steers when none of the regions is
    left. For `nearest` and `latency` a region costs `latency_weight` times its service time beside
    the round trip.
    """

    policy: Policy = Policy.NEAREST
    regions: tuple[str, ...] | None = None
    weights: tuple[tuple[str, int], ...] = ()
    within: float = 0.0
    answered: int = 1
    fence: tuple[GeoCode, ...] = ()
    order: tuple[str, ...] = ()
    trickle: float = 0.0
    rules: tuple[Rule, ...] = ()
    draw: Draw = Draw.WINDOW
    prefix4: int = 24
    prefix6: int = 56
    otherwise: Steering | None = None
    latency_weight: float = 0.0


class AllDown(Enum):
    """What to answer when no region is up."""

    ALL = "all"
    LAST_GOOD = "last_good"
    NODATA = "nodata"
    SERVFAIL = "servfail"
    ADDRESSES = "addresses"


@dataclass(frozen=True, slots=True)
class WhenAllDown:
    """The answer of last resort; `addresses` are for AllDown.ADDRESSES alone."""

    mode: AllDown = AllDown.ALL
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class App:
    """A group of services that share one topology. `check` None: endpoints count as up.

    `answers` bounds the addresses of a response (None: all of them for `all`, else one). Below
    `panic` (a fraction of the endpoints) verdicts are not believed. `ramp` is how long a region
    that comes up takes to its full share; 0 is at once. `regions` are those that serve anything of
    it, in the order they first appear, `optional` the keys of the services that are, `timed` says
    whether any has a TTL of its own; `known` are all three, where they are known already.
    """

    name: str
    topology: Topology
    services: tuple[Service, ...]
    steering: Steering = Steering()
    check: AnyCheck | None = None
    min_up: MinUp = MinUp(1)
    balance: Balance = Balance.ALL
    answers: int | None = None
    when_all_down: WhenAllDown = WhenAllDown()
    panic: float = 0.0
    ramp: float = 30.0
    known: InitVar[tuple[tuple[str, ...], frozenset[str], bool] | None] = None
    regions: tuple[str, ...] = field(init=False, repr=False, compare=False)
    optional: frozenset[str] = field(init=False, repr=False, compare=False)
    timed: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self, known: tuple[tuple[str, ...], frozenset[str], bool] | None) -> None:
        """Looks through the services once: there may be thousands."""
        if known is None:
            regions = dict.fromkeys(name for each in self.services for name in each.endpoints)
            optional = frozenset(each.key for each in self.services if each.optional)
            known = tuple(regions), optional, any(each.ttl is not None for each in self.services)
        object.__setattr__(self, "regions", known[0])
        object.__setattr__(self, "optional", known[1])
        object.__setattr__(self, "timed", known[2])

    def settled_for(self, service: Service) -> App:
        """The app as it holds for one of its services: with the service's settings for its own.

        Whatever asks for a setting on behalf of a service asks this; it is the app itself where
        the service has no setting of its own.
        """
        own = {key: value for key in OWN if (value := getattr(service, key)) is not None}
        return (
            replace(self, **own, known=(self.regions, self.optional, self.timed)) if own else self
        )

    def steerings(self) -> Iterator[Steering]:
        """The app's steering, and those that services have of their own."""
        yield self.steering
        yield from (each.steering for each in self.services if each.steering is not None)


OWN = ("steering", "check", "min_up", "balance", "answers")  # of an app that a service may have


# --- the zone ---------------------------------------------------------------------------


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
class MeasuredLatency:
    """Measured round trips from a client area to regions, milliseconds by region name.

    `said` has, for regions whose value comes from the latency feed, what it was made from, in
    words; what the zone file says stands without.
    """

    area: GeoCode
    milliseconds: Mapping[str, float]
    said: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class LatencyRules:
    """What it takes for the latency feed to be believed. `use` False: it never is.

    A median counts that has at least `samples` of at least `reporters`; with one reporter alone
    they must come from `networks` client networks. A sample counts for `expire` seconds.
    """

    samples: int = 30
    reporters: int = 1
    networks: int = 3
    expire: float = 86400.0
    use: bool = True


class Stale(Enum):
    """What is believed of a region whose load is no longer reported: what was known, or nothing."""

    KEEP = "keep"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class LoadFeed:
    """How long a reported load is believed (seconds), and what then."""

    expire: float = 60.0
    stale: Stale = Stale.KEEP


class Algorithm(Enum):
    """How keys of a zone sign (RFC 8624 section 3.1: the two to be chosen for new zones)."""

    ECDSA_P256 = "ecdsa-p256"
    ED25519 = "ed25519"

    @property
    def number(self) -> int:
        """As DNSKEY and RRSIG have it (RFC 6605 section 3, RFC 8080 section 3)."""
        return 13 if self is Algorithm.ECDSA_P256 else 15


@dataclass(frozen=True, slots=True)
class Dnssec:
    """How a zone is signed, all but its keys: those are in a folder of the server.

    New keys are of `algorithm`; `split` makes two of them, a KSK that signs the DNSKEY RRset and a
    ZSK that signs the rest, in place of one that signs all. Signatures are valid for `validity`
    seconds. `ttl` is that of DNSKEY, CDS and CDNSKEY; without `cds` the last two are not published.
    What roll-overs wait for beside TTLs of the zone: `parent_ttl`, that of the DS at the parent,
    and `propagation`, the seconds until all servers of a zone serve a change. `imports` is DNSKEY
    data (wire form) of other providers that sign the same zone (RFC 8901).
    """

    algorithm: Algorithm = Algorithm.ECDSA_P256
    split: bool = False
    validity: float = 14 * 86400.0
    ttl: int = 3600
    cds: bool = True
    parent_ttl: int = 86400
    propagation: float = 3600.0
    imports: tuple[bytes, ...] = ()


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
    load: LoadFeed = LoadFeed()
    min_ttl: int | None = None
    alerts: tuple[Receiver, ...] = ()
    latency_feed: LatencyRules = LatencyRules()
    canary: AnyCheck | None = None
    freeze: Freeze = field(default_factory=Freeze)
    plain: Plain | None = None
    whoami: Networks = NOBODY
    dnssec: Dnssec | None = None
    tsig: tuple[TsigKey, ...] = ()
    transfer: Transfer | None = None
    updates: tuple[Updates, ...] = ()


def frozen_mapping(values: Mapping[K, V]) -> Mapping[K, V]:
    """A read-only copy, in the same order."""
    return MappingProxyType(dict(values))
