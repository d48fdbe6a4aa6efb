"""Where an address is: who says so, whom the operator overrules, and what regions cost from there.

Everything is asked of the databases and the compiled zones that the server uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.compiler import Compiled
from gtm.geo import Geo
from gtm.geo.said import Said, said, unmapped
from gtm.model import Address, AsNumber, Clients, GeoOverride, Location, Network
from gtm.steering.cost import Cost, CostModel


@dataclass(frozen=True, slots=True)
class Overruled:
    """A zone's own word for the address; that for the longest network `wins`, then the AS's."""

    zone: str
    override: GeoOverride
    wins: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """The services of a zone that have the same regions and areas, as seen from the address.

    `area` is one of `areas`, numbered from 0, and holds for all of `network`. `costs` is in order
    of cost; it is empty where the place is not known, and `regions` then is the zone's order.
    """

    zone: str
    services: tuple[str, ...]
    policy: str
    area: int
    areas: int
    network: Network
    location: Location | None
    regions: tuple[str, ...]
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class Located:
    """Where an address is. `winner` is the database that is believed, unless a zone overrules.

    `system` is the one that is believed about the AS.
    """

    address: Address
    said: tuple[Said, ...]
    winner: Said | None
    system: Said | None
    overruled: tuple[Overruled, ...]
    rankings: tuple[Ranking, ...]


def locate(geo: Geo, address: Address, compiled: Compiled | None) -> Located:
    """All that is known of an address; without zones, what the databases say."""
    plain = unmapped(address)
    heard = said(geo, plain)
    return Located(
        address=plain,
        said=heard,
        winner=next((each for each in heard if each.location is not None), None),
        system=next((each for each in heard if each.system is not None), None),
        overruled=() if compiled is None else tuple(_overruled(compiled, plain)),
        rankings=() if compiled is None else tuple(_rankings(compiled, plain)),
    )


def _overruled(compiled: Compiled, address: Address) -> Iterator[Overruled]:
    announced = compiled.geo.find_system(address)
    system = None if announced is None else announced.system.number
    for zone in compiled.zones:
        wins = compiled.geos[zone.name].ruling(address)
        around = [each for each in zone.overrides if _is_about(each.clients, address, system)]
        for override in sorted(around, key=_by_length):
            yield Overruled(zone.name, override, override == wins)


def _is_about(clients: Clients, address: Address, system: AsNumber | None) -> bool:
    return clients == system if isinstance(clients, AsNumber) else address in clients


def _by_length(override: GeoOverride) -> int:
    clients = override.clients
    return 1 if isinstance(clients, AsNumber) else -clients.prefixlen


def _rankings(compiled: Compiled, address: Address) -> Iterator[Ranking]:
    """One for each set of regions and areas of a zone."""
    alike: dict[tuple[object, ...], list[tuple[CompiledApp, CompiledService]]] = {}
    for app in compiled.apps.values():
        for service in app.services.values():
            group = compiled.groups[service.steered.group]
            key = (app.zone.name, group.regions, id(group.decider))
            alike.setdefault(key, []).append((app, service))
    for members in alike.values():
        yield _ranking(compiled, address, members)


def _ranking(
    compiled: Compiled, address: Address, members: list[tuple[CompiledApp, CompiledService]]
) -> Ranking:
    app, service = members[0]
    steered, group = service.steered, compiled.groups[service.steered.group]
    found = steered.areas.find(address.max_prefixlen, int(address))
    area, scope = found >> 8, found & 255
    location = compiled.geos[app.zone.name].find(address).location
    costs: tuple[Cost, ...] = ()
    if location is not None:
        regions = [app.zone.regions[name] for name in group.regions]
        costs = CostModel(regions, app.zone.latency).costs(location)
        costs = tuple(sorted(costs, key=lambda cost: cost.cost))
    return Ranking(
        zone=app.zone.name,
        services=tuple(service.service.name for _, service in members),
        policy=app.app.settled_for(service.service).steering.policy.value,
        area=area,
        areas=len(steered.areas.views),
        network=ip_network((address, steered.scope(area, address.max_prefixlen, scope)), False),
        location=location,
        regions=tuple(cost.region.name for cost in costs) or group.regions,
        costs=costs,
    )
