"""The shapes of the API's JSON: what `--json` prints, and what programs may rely on.

Times are Unix seconds, round trips milliseconds, distances kilometres.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Made from the values inside, attribute by attribute."""

    model_config = ConfigDict(from_attributes=True, extra="forbid", frozen=True)


class VerdictShape(Shape):
    """What is believed of a thing: `up`, `down` or `unknown`, why, and since when."""

    state: str
    reason: str
    since: float


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
