"""SRV records of services (RFC 2782): for clients that choose an endpoint themselves.

What a client gets depends on the region that it is steered to, and on nothing else of it: that
region's endpoints first, its backups behind them, then the service's other regions that are up,
the nearest to it first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gtm.dns.names import to_wire
from gtm.dns.types import Type
from gtm.model import Address, Endpoint, Region, Service, Zone
from gtm.published import Dispatch, target_name
from gtm.snapshot import RRset
from gtm.steering.cost import distance, point

DATA = struct.Struct("!HHH")  # priority, weight, port
MOST = 16  # targets that an answer names beyond its first region, all together: so it fits UDP
TARGET_TTL = 3600  # seconds: what a target's name means never changes


@dataclass(frozen=True, slots=True)
class Serving:
    """What serves in a region: its endpoints in use, and its backups that are up beside them."""

    used: tuple[Endpoint, ...]
    backups: tuple[Endpoint, ...] = ()


def srv_rrset(
    service: str,
    dispatch: Dispatch,
    region: str,
    serving: Mapping[str, Serving],
    others: Sequence[str],
    ttl: int,
) -> RRset | None:
    """The records of a service (by name) for clients that are steered to the region.

    `region` is "" for what is answered as a last resort; `others` are the regions behind it.
    """
    data: list[bytes] = []
    seen: set[bytes] = set()
    priority = 0
    for name, tier in _tiers(dispatch, region, serving, others):
        targets = {_target(service, name, endpoint): endpoint for endpoint in tier}
        new = [(target, end) for target, end in targets.items() if target not in seen]
        if new:
            priority += 1
            seen.update(targets)
        data += [DATA.pack(priority, end.weight, dispatch.port) + target for target, end in new]
    return RRset(Type.SRV, ttl, tuple(data)) if data else None


def _tiers(
    dispatch: Dispatch, region: str, serving: Mapping[str, Serving], others: Sequence[str]
) -> Iterator[tuple[str, Sequence[Endpoint]]]:
    """Endpoints of one priority after another, with their region."""
    first = serving[region]
    yield region, first.used
    yield region, first.backups
    count = len(first.used) + len(first.backups)
    for other in others[: dispatch.regions - 1]:
        count += len(serving[other].used)
        if count > MOST:
            return
        yield other, serving[other].used


def _target(service: str, region: str, endpoint: Endpoint) -> bytes:
    at = endpoint.at
    return _wire(at if isinstance(at, str) else target_name(service, region, at))


@lru_cache(maxsize=1 << 16)
def _wire(name: str) -> bytes:
    """Wire form: verdicts ask for the same names again and again."""
    return to_wire(name)


@lru_cache(maxsize=1024)
def nearest_first(region: Region, others: tuple[Region, ...]) -> tuple[str, ...]:
    """The names of the other regions, those nearest to the region first."""
    here = point(region.location)
    far = {other.name: distance(here, point(other.location)) for other in others}
    far.pop(region.name, None)
    return tuple(sorted(far, key=far.__getitem__))


# --- the names that they point to -------------------------------------------------------


def targets(zone: Zone) -> dict[str, Address]:
    """The names of all addresses that SRV records of the zone may point to."""
    found: dict[str, Address] = {}
    for app in zone.apps:
        for service in app.services:
            if service.published is not None and service.published.srv:
                found.update(targets_of(service, app.when_all_down.addresses))
    return found


def targets_of(service: Service, last_resort: tuple[Address, ...]) -> dict[str, Address]:
    """The names of a service's addresses, whether they are up or not."""
    found = {
        target_name(service.name, region, endpoint.at): endpoint.at
        for region, endpoints in service.endpoints.items()
        for endpoint in endpoints
        if not isinstance(endpoint.at, str)
    }
    return found | {target_name(service.name, "", each): each for each in last_resort}
