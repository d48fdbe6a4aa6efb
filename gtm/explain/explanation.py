"""What an explanation says, as values."""

from __future__ import annotations

from dataclasses import dataclass

from gtm.model import Verdict
from gtm.steering.cost import Cost
from gtm.steering.watched import Part


@dataclass(frozen=True, slots=True)
class ClientPlace:
    """Where the client is: the database's network around it, and the location in that.

    `asn` and `organisation` are of the AS that announces `asn_network`, by `asn_database`.
    """

    network: str
    database: str | None
    code: str
    latitude: float | None
    longitude: float | None
    asn: str | None = None
    organisation: str | None = None
    asn_network: str | None = None
    asn_database: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint of the region, with its verdict.

    `share` is the fraction of the region's answers of its family that begin with it. `response` is
    the smoothed response time (milliseconds) that its share goes by, `load` the load; None where
    it goes by none, or none is known. `checks` are those that the verdict was derived from, where
    there are several; `expires` is when its certificate ends (Unix time).
    """

    endpoint: str
    verdict: Verdict
    answered: bool
    share: float = 0.0
    response: float | None = None
    load: float | None = None
    checks: tuple[Part, ...] = ()
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class RegionView:
    """A region as it stood for this client, in the order of cost.

    `cost` is None where the client's place is not known; `dropped` says why the region was not
    to be had, None if it was. `share` is the fraction of draws for such clients that it gets.
    `measured_from` says what a round trip of the latency feed was made from.
    """

    region: str
    cost: Cost | None
    verdict: Verdict
    dropped: str | None
    share: float
    picked: bool
    endpoints: tuple[EndpointView, ...]
    measured_from: str = ""


@dataclass(frozen=True, slots=True)
class Steering:
    """How a service's region was picked: `pick` as a plan does it, `notes` what led there.

    `regions_picked` are the regions of the answer, `fallback` what was done with none up. `ttl` is
    the answer's in seconds, `ttl_reason` why it is that. `override` names the clients whose regions
    an override of the zone pins, if it holds here.
    """

    service: str
    app: str
    topology: str
    policy: str
    notes: tuple[str, ...]
    area: int
    areas: int
    scope: int
    pick: str
    regions_picked: tuple[str, ...]
    fallback: str | None
    regions: tuple[RegionView, ...]
    ttl: int
    ttl_reason: str
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, and how it came about; `steering` is None where no service was involved."""

    name: str
    type: str
    client: str
    epoch: int
    zone: str | None
    place: ClientPlace
    steering: Steering | None
    rcode: str
    answer: tuple[str, ...]
    scope: int
    summary: str
