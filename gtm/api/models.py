"""The shapes of the API's JSON: what `--json` prints, and what programs may rely on.

Times are Unix seconds, round trips milliseconds, distances kilometres.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LONGEST_TARGET = 600  # characters
LONGEST_REASON = 500
LONGEST_AUTHOR = 100
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

    `act` is `drain`, `up` or `down` where an operator's override decided it.
    """

    state: str
    reason: str
    since: float
    act: str | None = None


class EndpointStatus(VerdictShape):
    """An endpoint; `latency_ms` is its latest probe's, None if it is not probed."""

    endpoint: str
    latency_ms: float | None


class ServiceRegionStatus(VerdictShape):
    """A service in one of its regions."""

    region: str
    endpoints: list[EndpointStatus]


class ServiceStatus(Shape):
    """A service in all of its regions."""

    name: str
    regions: list[ServiceRegionStatus]


class RegionStatus(VerdictShape):
    """The app's verdict for a region."""

    region: str


class AppStatus(Shape):
    """An app: for `replicated`, `regions` is what steers; for `spread`, its services' are."""

    name: str
    topology: str
    policy: str
    regions: list[RegionStatus]
    services: list[ServiceStatus]


class ZoneStatus(Shape):
    """A zone that is served."""

    name: str
    serial: int
    files: list[str]
    apps: list[AppStatus]


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

    `geo_error` says why a geo database that was replaced is not in use.
    """

    at: float
    error: str | None
    geo_error: str | None = None
    mistakes: list[MistakeShape]


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
    """

    number: int
    act: str
    target: str
    reason: str
    author: str
    created: float
    expires: float | None
    said: str


class OverrideStatus(OverrideShape):
    """An override in force, and what would be otherwise without it."""

    changes: list[ChangeShape]


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


class OverrideRemoved(Shape):
    """An override that was taken back, and what changed by it."""

    override: OverrideShape
    changes: list[ChangeShape]
    kept: KeptStatus


class OverrideRequest(BaseModel):
    """What `POST /v1/overrides` takes; `seconds` None: until taken back."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    act: Literal["drain", "up", "down"]
    target: str = Field(max_length=LONGEST_TARGET)
    reason: Words = Field(max_length=LONGEST_REASON)
    author: Words = Field(max_length=LONGEST_AUTHOR)
    seconds: float | None = Field(default=None, gt=0, le=LONGEST_TIME)
    force: bool = False


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
    feeds: FeedsStatus | None = None


class EndpointExplained(Shape):
    """An endpoint of a region; `answered` if the region's answers hold it now."""

    endpoint: str
    state: str
    reason: str
    answered: bool


class RegionExplained(Shape):
    """A region as it stood for the client, cheapest first.

    The cost is `rtt_ms` after `bias`; `rtt_from` says whether it was measured (and for which
    area) or estimated from `distance_km`. All are None if the client's place is not known. `share`
    is the fraction of draws for such clients that the region gets.
    """

    region: str
    cost: float | None
    rtt_ms: float | None
    rtt_from: str | None
    distance_km: float | None
    bias: int
    state: str
    reason: str
    dropped: str | None
    share: float
    picked: bool
    endpoints: list[EndpointExplained]


class PlaceExplained(Shape):
    """Where the client is, and which network of which database says so."""

    network: str
    database: str | None
    code: str
    latitude: float | None
    longitude: float | None


class SteeringExplained(Shape):
    """How the region was picked, and by which steps (`notes`).

    `pick` is first, draw, random or hash; `scope` the prefix length that the decision holds for;
    `fallback` what was done with no region up, else None.
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
