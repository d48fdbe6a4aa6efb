"""What a drill is about, found in a server's status: services, whose addresses are whose, where
DNS is answered, and clients from all over the world to ask as.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from gtm.api.models import AppStatus, ServiceStatus, Status, ZoneStatus
from gtm.cli.output import bare
from gtm.drill.reading import Regions
from gtm.errors import GtmError, ServerError, UsageError
from gtm.geo import Geo, bundled, open_databases
from gtm.geo.networks import UNKNOWN
from gtm.geo.places import countries
from gtm.zonefile.findings import listed, nearest

MOST_NAMED = 3  # apps, where a drill of all is refused
MOST_SERVICES = 16  # that are looked at; of a replicated app one stands for all
MOST_CLIENTS = 160  # networks that are asked for once, to see who goes where
PLAIN_CLIENTS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")  # without a geo database
DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Sampled:
    """A service to look at: what is asked for, and which region an answer names by what."""

    zone: str
    app: str
    service: str
    rrtype: str
    regions: Regions


@dataclass(frozen=True, slots=True)
class Scope:
    """What the drill takes down, as it was asked for; None: all."""

    region: str
    zone: str | None = None
    app: str | None = None

    @property
    def target(self) -> str:
        """As an override is written."""
        text = f"app/{self.app}/{self.region}" if self.app else f"region/{self.region}"
        return f"zone:{bare(self.zone)}/{text}" if self.zone else text


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is. `services` says how many the drill moves in all; `order` has the regions as
    the zones have them.
    """

    scope: Scope
    sampled: tuple[Sampled, ...]
    services: int
    order: tuple[str, ...]


def scene(status: Status, scope: Scope) -> Scene:
    """What of the server the drill is about.

    Raises UsageError where there is no such thing, ServerError where there is nothing to drill.
    """
    apps = list(_apps(status, scope))
    serving = [(zone, app) for zone, app in apps if _state(app, scope.region) == "up"]
    if not serving:
        raise ServerError(
            f"cannot drill {scope.region}: {_why_not(apps, scope.region)}; "
            "drill it when it is up: gtm status shows what is"
        )
    picked = [_here(app, scope.region) for _, app in serving]
    total = sum(len(_services(app, scope.region)) for _, app in serving)
    sampled = [
        _sampled(zone, app, service)
        for (zone, app), services in zip(serving, picked, strict=True)
        for service in _spaced(services, max(1, MOST_SERVICES // len(serving)))
    ]
    order = dict.fromkeys(one.region for _, app in apps for one in app.regions)
    return Scene(scope, tuple(sampled[:MOST_SERVICES]), total, tuple(order))


def drillable(status: Status, scope: Scope) -> list[str]:
    """`--app NAME` of a few apps whose clients have another region; none if one is named."""
    if scope.app is not None:
        return []
    found = dict.fromkeys(
        f"--app {app.name}"
        for _, app in _apps(status, scope)
        if _state(app, scope.region) == "up" and _goes_on(app, scope.region)
    )
    return list(found)[:MOST_NAMED]


def _goes_on(app: AppStatus, region: str) -> bool:
    """Whether clients of all that is there have somewhere else to go."""
    if app.topology != "spread":
        return any(one.state == "up" for one in app.regions if one.region != region)
    here = [one for one in app.services if any(at.region == region for at in one.regions)]
    return all(any(at.state == "up" for at in one.regions if at.region != region) for one in here)


def _apps(status: Status, scope: Scope) -> Iterator[tuple[ZoneStatus, AppStatus]]:
    """Those that the drill touches."""
    zones = [zone.name for zone in status.zones]
    wanted = None if scope.zone is None else f"{scope.zone.rstrip('.').lower()}."
    _require("zone", wanted, zones)
    here = [zone for zone in status.zones if wanted in (None, zone.name)]
    _require("app", scope.app, [app.name for zone in here for app in zone.apps])
    apps = [(z, app) for z in here for app in z.apps if scope.app in (None, app.name)]
    _require("region", scope.region, [one.region for _, app in apps for one in app.regions])
    for zone, app in apps:
        if any(one.region == scope.region for one in app.regions):
            yield zone, app


def _require(what: str, name: str | None, known: Sequence[str]) -> None:
    if name is None or name in known:
        return
    words = list(dict.fromkeys(bare(each) for each in known))
    like = nearest(bare(name), words)
    remedy = f"did you mean {like}?" if like else f"there are {listed(words) or 'none'}"
    raise UsageError(f"cannot drill {what} {bare(name)!r}: the server has none such; {remedy}")


def _state(app: AppStatus, region: str) -> str:
    """The region's state for the app: of a spread one it is up with any of its services."""
    if app.topology == "spread":
        states = [
            one.state for service in app.services for one in service.regions if one.region == region
        ]
        return "up" if "up" in states else "down"
    return next(one.state for one in app.regions if one.region == region)


def _why_not(apps: Sequence[tuple[ZoneStatus, AppStatus]], region: str) -> str:
    reasons = [
        one.reason
        for _, app in apps
        for one in app.regions
        if one.region == region and one.state != "up"
    ]
    return f"it is not up: {reasons[0]}" if reasons else "no service of it is up there"


def _here(app: AppStatus, region: str) -> list[ServiceStatus]:
    """Services that stand for the app's decisions: one of a block, all that are spread."""
    found = _services(app, region)
    return found[:1] if app.topology == "replicated" else found


def _services(app: AppStatus, region: str) -> list[ServiceStatus]:
    return [
        one
        for one in app.services
        if any(each.region == region and each.state == "up" for each in one.regions)
    ]


def _spaced(services: Sequence[ServiceStatus], most: int) -> list[ServiceStatus]:
    step = max(1.0, len(services) / most)
    return [services[int(n * step)] for n in range(min(most, len(services)))]


def _sampled(zone: ZoneStatus, app: AppStatus, service: ServiceStatus) -> Sampled:
    regions: dict[str, set[str]] = {}
    sixes = []
    for region in service.regions:
        for endpoint in region.endpoints:
            name = _as_answered(endpoint.endpoint)
            regions.setdefault(name, set()).add(region.region)
            sixes.append(":" in name)
    rrtype = "AAAA" if sixes and all(sixes) else "A"
    whose = {name: frozenset(found) for name, found in regions.items()}
    return Sampled(zone.name, app.name, service.name, rrtype, whose)


def _as_answered(endpoint: str) -> str:
    """An endpoint as answers name it: an address as it is, a host name with its dot."""
    try:
        return str(ip_address(endpoint))
    except ValueError:
        return f"{endpoint.rstrip('.').lower()}."


# --- where DNS is answered --------------------------------------------------------------


def dns_place(status: Status, api: str, told: str | None) -> tuple[str, int]:
    """The address and port to ask: as told, or the server's own. Raises UsageError."""
    if told is not None:
        return _place(told)
    for listen in sorted(status.listen, key=lambda one: one.startswith("[")):
        try:
            address, port = _place(listen)
        except UsageError:  # DNS over TLS and HTTPS
            continue
        if ip_address(address).is_unspecified:
            return ("::1" if ":" in address else "127.0.0.1"), port
        return address, port
    raise UsageError(
        f"cannot tell where {api} answers DNS over UDP; say it with --server ADDR:PORT"
    )


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if text.count(":") != 1 and not text.startswith("["):
        host, colon, port = text, ":", str(DNS_PORT)
    try:
        address = str(ip_address(host.strip("[]")))
        if colon and port.isdecimal() and 0 < int(port) < 1 << 16:
            return address, int(port)
    except ValueError:
        pass
    raise UsageError(f"cannot ask --server {text}: write ADDR:PORT, 192.0.2.53:53 or [::1]:5300")


# --- clients ----------------------------------------------------------------------------


def clients(status: Status, told: Sequence[str]) -> dict[str, str]:
    """Client networks to ask as, each with where it is; the larger parts of the world first.

    Raises UsageError for those told that are no networks.
    """
    if told:
        return {_network(text): "as told" for text in told}
    found = _world(_databases(status))
    return found or dict.fromkeys(PLAIN_CLIENTS, "nowhere known")


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise UsageError(
            f"cannot ask as client {text!r}: write a network or an address, such as 81.2.69.0/24"
        ) from None


def _databases(status: Status) -> Geo:
    """The server's own where they can be read here, or else those that come with gtm."""
    paths = [Path(source.path) for source in status.geo]
    try:
        return open_databases(paths or bundled())
    except GtmError:
        return open_databases(bundled())


def _world(geo: Geo) -> dict[str, str]:
    """A network of each place that the databases know, the largest of each."""
    largest: dict[tuple[str, str], tuple[int, int]] = {}
    for first, last, value in geo.v4:
        if value == UNKNOWN:
            continue
        place = geo.locations[value]
        key = place.country or place.continent or "", place.subdivision or ""
        if last - first > largest.get(key, (-1, 0))[0]:
            largest[key] = (last - first, first)
    biggest = sorted(largest.items(), key=lambda item: -item[1][0])[:MOST_CLIENTS]
    return {_inside(first, size): _called(*key) for key, (size, first) in biggest}


def _inside(first: int, size: int) -> str:
    """A /24 in the middle of the range, or what there is of it."""
    if size + 1 < 256:
        return f"{ip_address(first)}/32"
    middle = (first + size // 2) & ~255
    return f"{ip_address(middle if middle >= first else first)}/24"


def _called(country: str, subdivision: str) -> str:
    known = countries().get(country)
    name = known.name if known else country or "somewhere"
    return f"{name} ({subdivision})" if subdivision else name


def by_service(sampled: Sequence[Sampled]) -> Mapping[str, Sampled]:
    """The services by name."""
    return {one.service: one for one in sampled}
