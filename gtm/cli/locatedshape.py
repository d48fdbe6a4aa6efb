"""The JSON of `gtm geo why --json`."""

from __future__ import annotations

from gtm.api.models import Shape
from gtm.geo.said import Said
from gtm.locate import Located, Ranking
from gtm.model import Location


class LocationShape(Shape):
    """A place; `code` is as octoDNS writes it, the coordinates are degrees."""

    code: str
    latitude: float
    longitude: float


class SaidShape(Shape):
    """What one database says; `location` and `asn` are null if it does not know them.

    `wins` is about the location, `asn_wins` about the AS.
    """

    database: str
    type: str
    network: str
    location: LocationShape | None
    wins: bool
    asn: str | None
    organisation: str | None
    asn_wins: bool


class OverruledShape(Shape):
    """What a zone says of a network around the address, or of its AS (`clients`)."""

    zone: str
    clients: str
    location: LocationShape | None
    regions: list[str]
    wins: bool


class CostShape(Shape):
    """What a region costs from there: the round trip, after its bias."""

    region: str
    cost: float
    rtt_ms: float
    measured_for: str | None
    distance_km: float
    bias: int


class RankingShape(Shape):
    """Services with the same regions; `area` is a number below `areas` and holds for `network`."""

    zone: str
    services: list[str]
    policy: str
    area: int
    areas: int
    network: str
    location: LocationShape | None
    regions: list[str]
    costs: list[CostShape]


class LocatedShape(Shape):
    """Where an address is, by the databases in order; then by zone."""

    address: str
    location: LocationShape | None
    asn: str | None
    organisation: str | None
    databases: list[SaidShape]
    overrides: list[OverruledShape]
    rankings: list[RankingShape]


def located_shape(found: Located) -> LocatedShape:
    """As JSON says it."""
    return LocatedShape(
        address=str(found.address),
        location=_location(found.winner.location) if found.winner else None,
        asn=_number(found.system),
        organisation=_organisation(found.system),
        databases=[
            SaidShape(
                database=str(said.source.path),
                type=said.source.database_type,
                network=str(said.network),
                location=_location(said.location),
                wins=said is found.winner,
                asn=_number(said),
                organisation=_organisation(said),
                asn_wins=said is found.system,
            )
            for said in found.said
        ],
        overrides=[
            OverruledShape(
                zone=each.zone,
                clients=str(each.override.clients),
                location=_location(each.override.location),
                regions=list(each.override.regions),
                wins=each.wins,
            )
            for each in found.overruled
        ],
        rankings=[_ranking(ranking) for ranking in found.rankings],
    )


def _ranking(ranking: Ranking) -> RankingShape:
    return RankingShape(
        zone=ranking.zone,
        services=list(ranking.services),
        policy=ranking.policy,
        area=ranking.area,
        areas=ranking.areas,
        network=str(ranking.network),
        location=_location(ranking.location),
        regions=list(ranking.regions),
        costs=[
            CostShape(
                region=cost.region.name,
                cost=cost.cost,
                rtt_ms=cost.rtt,
                measured_for=None if cost.measured is None else str(cost.measured),
                distance_km=cost.distance,
                bias=cost.region.bias,
            )
            for cost in ranking.costs
        ],
    )


def _number(said: Said | None) -> str | None:
    return None if said is None or said.system is None else str(said.system.number)


def _organisation(said: Said | None) -> str | None:
    return None if said is None or said.system is None else said.system.organisation or None


def _place(location: Location) -> LocationShape:
    return LocationShape(
        code=location.code(), latitude=location.latitude, longitude=location.longitude
    )


def _location(location: Location | None) -> LocationShape | None:
    return None if location is None else _place(location)
