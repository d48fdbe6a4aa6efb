"""Why a client gets an answer."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from gtm.api.models.base import LONGEST_NAME, Query, Shape
from gtm.api.models.verdicts import CheckStatus


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"{text[:60]!r} is not an IP address") from None


IpText = Annotated[
    str,
    AfterValidator(_address),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": f"ipv{version}"} for version in (4, 6)]}
    ),
]


class ExplainQuery(Query):
    """`?name=orders.gtm.example.com&type=A&client=81.2.69.142`: whose answer is to be explained."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["orders.gtm.example.com"])
    client: IpText = Field(examples=["81.2.69.142"])
    type: str = Field(default="A", min_length=1, max_length=20)


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
    checks: list[CheckStatus] = Field(default_factory=list)
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
