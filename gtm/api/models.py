"""The shapes of the API's JSON: what `--json` prints, and what programs may rely on.

Times are Unix seconds, round trips milliseconds, distances kilometres.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LONGEST_TARGET = 600  # characters
LONGEST_REASON = 500
LONGEST_AUTHOR = 100
LONGEST_NAME = 63  # of a region
LONGEST_ZONE = 254
MOST_LOADS = 10_000  # in one request: regions of a zone, many times over
LONGEST_TIME = 10 * 365 * 86400.0  # seconds: what is to hold longer belongs in the zone file


def _words(text: str) -> str:
    """Text of one line that says something: it goes into logs and verdicts' reasons."""
    if not text.strip() or not text.isprintable():
        raise ValueError("it must be one line of text that is not empty")
    return text.strip()


Words = Annotated[str, AfterValidator(_words)]


class Shape(BaseModel):
    """Made from the values inside, attribute by attribute."""

    model_config = ConfigDict(from_attributes=True, extra="forbid", frozen=True)


class VerdictShape(Shape):
    """What is believed of a thing: `up`, `down` or `unknown`, why, and since when.

    `act` is `drain`, `up` or `down` where an operator's override decided it. `by` is who decided:
    `probe`, `reports` or `override`.
    """

    state: str
    reason: str
    since: float
    act: str | None = None
    by: str = "probe"


class CheckStatus(VerdictShape):
    """One of several checks; `depth` 1 is directly in the whole, 2 in a part of it.

    `expires` is when the certificate ends that it was shown (Unix time).
    """

    name: str
    depth: int = 1
    latency_ms: float | None = None
    expires: float | None = None


class EndpointStatus(VerdictShape):
    """An endpoint; `latency_ms` is its latest probe's, None if it is not probed.

    `checks` are those that its verdict was derived from, where there are several. `expires` is
    when its certificate ends, the first to end (Unix time), `expires_soon` whether that is near.

    `load` is what it said of its load then, `load_error` why that can't be read.
    `response_ms` is the same smoothed over the successful probes, `service_ms` the smoothed time
    that the endpoint itself takes to answer, without the network; None while not known.
    """

    endpoint: str
    latency_ms: float | None
    load: float | None = None
    load_error: str | None = None
    response_ms: float | None = None
    service_ms: float | None = None
    checks: list[CheckStatus] = []
    expires: float | None = None
    expires_soon: bool = False


class ServiceRegionStatus(VerdictShape):
    """A service in one of its regions.

    `response_ms` is the median of its endpoints' that are not down; None while none is known.
    """

    region: str
    response_ms: float | None = None
    endpoints: list[EndpointStatus]


class ServiceStatus(Shape):
    """A service in all of its regions; `policy` is its own, None where its app's holds."""

    name: str
    policy: str | None = None
    response_ms: float | None = None
    regions: list[ServiceRegionStatus]


class RegionStatus(VerdictShape):
    """The app's verdict for a region.

    `service_ms` is the service time that the app's steering goes by; None if it goes by none.
    `response_ms` is the median over all the app's endpoints there that are not down.
    `check` is the region's own, None if it has none, and `checks` what that puts together.
    """

    region: str
    service_ms: float | None = None
    response_ms: float | None = None
    check: CheckStatus | None = None
    checks: list[CheckStatus] = []


class AppStatus(Shape):
    """An app: for `replicated`, `regions` is what steers; for `spread`, its services' are."""

    name: str
    topology: str
    policy: str
    regions: list[RegionStatus]
    services: list[ServiceStatus]


class SecondaryStatus(Shape):
    """A server that is told of a zone's changes; `outcome` of the last serial, "" is not yet."""

    address: str
    serial: int | None
    outcome: str


class AddedRecords(Shape):
    """Records of one name and type that updates added; `waiting` if they can't be served now."""

    name: str
    type: str
    ttl: int
    values: list[str]
    waiting: bool


class UpdatesShape(Shape):
    """All records of a zone that updates added."""

    zone: str
    records: list[AddedRecords]


class UpdatesRemoved(Shape):
    """How many records an operator took out again."""

    zone: str
    name: str
    removed: int


class SignedStatus(Shape):
    """A signed zone's signatures: how many, when the first ends, when they are made anew.

    Times are Unix seconds. `late` says that this should have been done by now.
    """

    signatures: int
    ends: float
    due: float
    late: bool


class ZoneStatus(Shape):
    """A zone that is served; `signed` is there if it is.

    `updated_names` have records that were added over DNS.
    """

    name: str
    serial: int
    files: list[str]
    apps: list[AppStatus]
    signed: SignedStatus | None = None
    updated_names: int = 0
    secondaries: list[SecondaryStatus] = []


class GeoStatus(Shape):
    """A geo database in use; `stale` if it is older than it should be."""

    path: str
    type: str
    built: float
    networks: int
    stale: bool


class MistakeShape(Shape):
    """One mistake in a zone file; line and column count from 1, 0 is the whole file."""

    file: str
    line: int
    column: int
    key: str
    problem: str
    remedy: str


class ReloadStatus(Shape):
    """How the last load went; `error` is None if it went well.

    `geo_error` says why a geo database that was replaced is not in use, `warnings` what the zones
    in use ask of the geo databases that these can't tell.
    """

    at: float
    error: str | None
    geo_error: str | None = None
    mistakes: list[MistakeShape]
    warnings: list[MistakeShape] = []


class ChangeShape(Shape):
    """A verdict that an override makes another than it would be.

    `service` is "" for the block of a replicated app; `endpoint` is "" for the verdict of a
    region. States are as in a verdict, or `drained`.
    """

    zone: str
    app: str
    service: str
    region: str
    endpoint: str
    before: str
    after: str


class OverrideShape(Shape):
    """An operator's word: `act` is `drain`, `up` or `down`; `expires` None: until taken back.

    `said` is the whole of it in words.

    A drain goes by phases: `phase` is `lowering`, `withdrawn` or `safe`, since `phase_since`;
    `next_phase` comes at `next_at` at the soonest. `ttl` is what answers are lowered to meanwhile,
    seconds. `held` says why one that is due is not withdrawn yet. They are None where nothing is.
    """

    number: int
    act: str
    target: str
    reason: str
    author: str
    created: float
    expires: float | None
    said: str
    planned: bool = False
    phase: str | None = None
    phase_since: float | None = None
    next_phase: str | None = None
    next_at: float | None = None
    ttl: int | None = None
    held: str | None = None


class OverrideStatus(OverrideShape):
    """An override in force, and what would be otherwise without it.

    `coming` is what a planned drain will change once it is withdrawn.
    """

    changes: list[ChangeShape]
    coming: list[ChangeShape] = []


class KeptStatus(Shape):
    """Where overrides are kept: None is in memory alone.

    `damage` says what was wrong with the files when the server started, `unsaved` why the latest
    change could not be saved.
    """

    path: str | None
    damage: str | None
    unsaved: str | None


class Overrides(Shape):
    """Every override in force."""

    now: float
    overrides: list[OverrideStatus]
    kept: KeptStatus


class OverrideAdded(Shape):
    """An override that was put in force.

    `replaced` had the same target; `forced_past` says what `safety` would have refused it for.
    """

    override: OverrideShape
    replaced: OverrideShape | None
    changes: list[ChangeShape]
    forced_past: list[str]
    kept: KeptStatus
    coming: list[ChangeShape] = []


class OverrideRemoved(Shape):
    """An override that was taken back, and what changed by it."""

    override: OverrideShape
    changes: list[ChangeShape]
    kept: KeptStatus


class OverrideRequest(BaseModel):
    """What `POST /v1/overrides` takes; `seconds` None: until taken back.

    `planned` is for drains: lower the TTL first; `seconds` count from when it is to be withdrawn.
    `rehearsal` says what it would change, or why it is refused, and puts nothing in force.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    act: Literal["drain", "up", "down"]
    target: str = Field(max_length=LONGEST_TARGET)
    reason: Words = Field(max_length=LONGEST_REASON)
    author: Words = Field(max_length=LONGEST_AUTHOR)
    seconds: float | None = Field(default=None, gt=0, le=LONGEST_TIME)
    force: bool = False
    planned: bool = False
    rehearsal: bool = False


class RegionLoad(Shape):
    """A region's load and capacity, in the unit of its capacity.

    `load` is what it reported last, `source` by what (`posted` or `probed`) and `age` how many
    seconds ago; `feed` is `fresh`, `stale` or `never`. `expected` is what it should have now by
    the answers given, `wanted` what the policies alone would bring and `taken` what is let in;
    None while no load is known. `fixed` is load that steering does not control, `used` the part
    of the capacity in use.
    """

    region: str
    zones: list[str]
    capacity: float | None
    soft: float
    feed: str
    load: float | None
    source: str | None
    age: float | None
    expected: float | None
    wanted: float | None
    taken: float | None
    fixed: float
    used: float | None
    spilling: bool


class LoadPosted(BaseModel):
    """A region's load; `zone` where zones describe a region of that name differently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    region: str = Field(max_length=LONGEST_NAME)
    load: float = Field(ge=0, allow_inf_nan=False)
    zone: str | None = Field(default=None, max_length=LONGEST_ZONE)


class LoadRequest(BaseModel):
    """What `POST /v1/load` takes: many loads; or one, as a LoadPosted by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    loads: list[LoadPosted] = Field(min_length=1, max_length=MOST_LOADS)


class LoadTaken(Shape):
    """A load that is believed from now on, and for which zones."""

    region: str
    zones: list[str]
    load: float


class LoadsTaken(Shape):
    """What `POST /v1/load` took."""

    taken: list[LoadTaken]


class EventShape(Shape):
    """Something that happened; see docs/alerts.md. `by` is who decided, `over` is the good end.

    Names are "" where they do not apply; `said` is what happened in words, `reason` why.
    """

    at: float
    kind: str
    severity: str
    key: str
    said: str
    reason: str
    over: bool
    by: str
    before: str
    after: str
    zone: str
    app: str
    service: str
    region: str
    endpoint: str


class HistoryShape(Shape):
    """What happened, newest first. `damage` and `unsaved` say what is wrong with its files."""

    now: float
    events: list[EventShape]
    damage: str | None = None
    unsaved: str | None = None


class ReporterStatus(Shape):
    """Who reports: items ever, and when the last came (Unix time)."""

    reporter: str
    items: int
    last: float


class HeldStatus(Shape):
    """An endpoint that reports hold out, or would if they might, and why (not)."""

    endpoint: str
    reason: str
    since: float | None


class FeedsStatus(Shape):
    """What gateways and clients tell. Counts are since the start.

    `reporters` are the latest of `heard`; `pairs` of an area and a region have samples.
    """

    reports: int
    reports_refused: int
    samples: int
    pairs: int
    heard: int
    reporters: list[ReporterStatus]
    held: list[HeldStatus]
    not_followed: list[HeldStatus]


class HealthStatus(Shape):
    """How the checking itself is doing: counts of targets, and what is wrong in words.

    `frozen` is why no failure is believed, since `frozen_since` (Unix time); None while they are.
    """

    targets: int
    stale: int
    impaired: int
    disbelieved: int
    held: int
    frozen: str | None = None
    frozen_since: float | None = None
    memory: str | None = None


class CertificateStatus(Shape):
    """The certificate of DNS over TLS and HTTPS; `expires` is Unix time.

    `error` says why what is on disk is not what is served.
    """

    path: str
    names: list[str]
    expires: float
    error: str | None = None


class Status(Shape):
    """Everything `gtm status` shows."""

    version: str
    plane: str
    ready: bool
    epoch: int
    started: float
    now: float
    listen: list[str]
    queries: int
    reload: ReloadStatus
    geo: list[GeoStatus]
    zones: list[ZoneStatus]
    overrides: list[OverrideStatus] = []
    kept: KeptStatus | None = None
    loads: list[RegionLoad] = []
    history: list[EventShape] = []
    feeds: FeedsStatus | None = None
    health: HealthStatus | None = None
    certificate: CertificateStatus | None = None


class EndpointExplained(Shape):
    """An endpoint of a region; `answered` if the region's answers hold it now.

    `share` is the fraction of the region's answers of its family that begin with it.
    `response_ms` and `load` are what the share goes by, None where it does not. `checks` and
    `expires` are as in its status.
    """

    endpoint: str
    state: str
    reason: str
    answered: bool
    act: str | None = None
    share: float = 0.0
    response_ms: float | None = None
    load: float | None = None
    checks: list[CheckStatus] = []
    expires: float | None = None


class RegionExplained(Shape):
    """A region as it stood for the client, cheapest first.

    The cost is `rtt_ms` and what the region's service time adds (`service_ms`, as the policy
    weighs it) after `bias`; `rtt_from` says whether it was measured (and for which
    area) or estimated from `distance_km`. All are None if the client's place is not known. `share`
    is the fraction of draws for such clients that the region gets. `act` is as in a verdict.
    """

    region: str
    cost: float | None
    rtt_ms: float | None
    rtt_from: str | None
    service_ms: float | None = None
    distance_km: float | None
    bias: int
    state: str
    reason: str
    dropped: str | None
    share: float
    picked: bool
    endpoints: list[EndpointExplained]
    act: str | None = None


class PlaceExplained(Shape):
    """Where the client is, and which network of which database says so; the AS likewise."""

    network: str
    database: str | None
    code: str
    latitude: float | None
    longitude: float | None
    asn: str | None = None
    organisation: str | None = None
    asn_network: str | None = None
    asn_database: str | None = None


class SteeringExplained(Shape):
    """How the region was picked, and by which steps (`notes`).

    `pick` is first, draw, random or hash; `scope` the prefix length that the decision holds for;
    `fallback` what was done with no region up, else None; `ttl` the answer's in seconds, and
    `ttl_reason` why.
    `fallback` what was done with no region up, else None. `override` names the network or AS of
    the zone's override that names regions for the client.
    """

    service: str
    app: str
    topology: str
    policy: str
    notes: list[str]
    area: int
    areas: int
    scope: int
    pick: str
    regions_picked: list[str]
    fallback: str | None
    regions: list[RegionExplained]
    ttl: int
    ttl_reason: str
    override: str | None = None


class ExplanationShape(Shape):
    """Why a client gets an answer; `steering` is None where no service was involved."""

    name: str
    type: str
    client: str
    epoch: int
    zone: str | None
    place: PlaceExplained
    steering: SteeringExplained | None
    rcode: str
    answer: list[str]
    scope: int
    summary: str


class ErrorShape(Shape):
    """What went wrong, as a sentence."""

    error: str
