"""Where a client is: as databases have it, and as a service's policy sees it."""

from __future__ import annotations

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.explain.explanation import ClientPlace
from gtm.geo import Found, Geo
from gtm.model import Address, AsNumber
from gtm.steering.places import Place
from gtm.steering.policies import named_in


def place_of(geo: Geo, client: Address) -> ClientPlace:
    """Where the client is, by the databases and the zone's overrides."""
    found, announced = geo.find(client), geo.find_system(client)
    location = found.location
    return ClientPlace(
        network=str(found.network),
        database=_database(found),
        code="" if location is None else location.code(),
        latitude=None if location is None else location.latitude,
        longitude=None if location is None else location.longitude,
        asn=None if announced is None else str(announced.system.number),
        organisation=None if announced is None else announced.system.organisation or None,
        asn_network=None if announced is None else str(announced.network),
        asn_database=None if announced is None else str(announced.source.path),
    )


def _database(found: Found) -> str | None:
    if found.source is not None:
        return str(found.source.path)
    if found.override is None:
        return None
    of_system = isinstance(found.override.clients, AsNumber)
    return "the zone's geo overrides" + (f" for {found.override.clients}" if of_system else "")


def seen_as(app: CompiledApp, service: CompiledService, geo: Geo, client: Address) -> Place:
    """The client as the service's policy sees it."""
    named = named_in(app.app.settled_for(service.service).steering)
    around = (word for word in named if not isinstance(word, AsNumber) and client in word)
    announced, override = geo.find_system(client), geo.ruling(client)
    return Place(
        geo.find(client).location,
        frozenset(around),
        None if announced is None else announced.system.number,
        () if override is None else override.regions,
    )
