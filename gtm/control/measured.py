"""What is measured all the time, as steering goes by it: held still while it changes little.

Three things move without a file being saved or a verdict changing: the service times of regions
(`latency_weight`), the response times of endpoints (`balance: ewma`) and the factors that even
out their loads (`balance: least_load`). Only what some app asks for is looked after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gtm.checks import Target
from gtm.compile.uses import Use
from gtm.health import Pace
from gtm.model import App, Balance, Endpoint, Service, Zone
from gtm.steering.balance import corrected
from gtm.steering.held import PAUSE, Held
from gtm.steering.readings import Readings
from gtm.steering.service_time import Members, members, of_region
from gtm.steering.verdicts import Look, target_of, watched_of
from gtm.steering.watched import Watched, believed

PACE_PAUSE = 5.0  # seconds between two changes of an endpoint's share by its response time
FOLLOWED = 2.0  # lifetimes of an answer until the clients of an endpoint have followed its share

Load = Callable[[str, str, Endpoint], float | None]
"""An endpoint's load, by zone and region name; None while none is told."""


def no_load(zone: str, region: str, endpoint: Endpoint) -> float | None:
    """None is told by anyone."""
    return None


@dataclass(frozen=True, slots=True)
class Change:
    """What became another to steering.

    `regions` (by zone and name) have another service time: their clients may belong to other
    areas. At `shares` endpoints share otherwise.
    """

    regions: frozenset[tuple[str, str]] = frozenset()
    shares: frozenset[Target | Use] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything did."""
        return bool(self.regions or self.shares)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Endpoints of a service in a region that share by load, each with what is probed for it."""

    use: Use
    service: str
    ttl: int
    endpoints: Mapping[Endpoint, Watched | None]


class Measured:
    """Held measurements of the zones served. `verdict`, `pace` and `load` may be asked anywhere.

    `follow` is for one thread at a time; `readings` may be asked beside it.
    """

    def __init__(self, verdict: Look, pace: Callable[[Target], Pace], load: Load = no_load) -> None:
        """Nothing is held before the first `follow`."""
        self._verdict = verdict
        self._pace = pace
        self._load = load
        self._zones: tuple[Zone, ...] = ()
        self._members: Members = {}
        self._paced: frozenset[Target] = frozenset()
        self._loaded: tuple[_Loaded, ...] = ()
        self._regions: Held[tuple[str, str]] = Held(pause=PAUSE)
        self._paces: Held[Target] = Held(pause=PACE_PAUSE)
        self._leans: Mapping[tuple[str, str, Endpoint], float] = MappingProxyType({})
        self._corrected: dict[Use, float] = {}

    def follow(self, zones: tuple[Zone, ...], now: float) -> Change:
        """Takes in what is measured `now` (monotonic seconds) of what the zones ask for."""
        if zones is not self._zones:
            self._look_after(zones)
        times = {key: self._service_time(every) for key, every in self._members.items()}
        regions = self._regions.follow(times, now)
        paces = {target: self._response_time(target) for target in self._paced}
        return Change(regions, self._paces.follow(paces, now) | self._even_out(now))

    def readings(self, now: float) -> Readings:
        """What a compile goes by, `now` in Unix seconds; it stays as it is while `follow` runs."""
        paces, times, leans = self._paces.values, self._regions.values, self._leans
        return Readings(
            self._verdict,
            now,
            pace=paces.get,
            load=self._load,
            service_time=lambda zone, region: times.get((zone, region), 0.0),
            lean=lambda service, region, endpoint: leans.get((service, region, endpoint), 1.0),
        )

    @property
    def service_times(self) -> Mapping[tuple[str, str], float]:
        """Milliseconds by zone and region name, as steering goes by them."""
        return self._regions.values

    def _look_after(self, zones: tuple[Zone, ...]) -> None:
        self._zones = zones
        self._members = members(zones)
        self._paced = frozenset(
            target
            for zone in zones
            for app in zone.apps
            if app.balance is Balance.EWMA
            for service in app.services
            for endpoints in service.endpoints.values()
            for endpoint in endpoints
            if (target := target_of(app, service, endpoint)) is not None
        )
        self._loaded = tuple(_sharing_by_load(zones))
        uses = {each.use for each in self._loaded}
        self._corrected = {use: at for use, at in self._corrected.items() if use in uses}

    def _service_time(self, endpoints: tuple[Watched, ...]) -> float | None:
        seconds = of_region(
            endpoints, self._verdict, lambda target: self._pace(target).service_time
        )
        return None if seconds is None else seconds * 1000

    def _response_time(self, target: Target) -> float | None:
        seconds = self._pace(target).response_time
        return None if seconds is None else seconds * 1000

    def _even_out(self, now: float) -> frozenset[Target | Use]:
        """Corrects the shares whose clients have followed the last correction."""
        found: dict[tuple[str, str, Endpoint], float] = {}
        changed: set[Target | Use] = set()
        for each in self._loaded:
            use = each.use
            before = {end: self._lean(each, end) for end in each.endpoints}
            after = before
            if now - self._corrected.get(use, -1e9) >= max(PAUSE, FOLLOWED * each.ttl):
                after = {**before, **corrected(before, self._loads(each))}
            if after != before:
                self._corrected[use] = now
                changed.add(use)
            found |= {(each.service, use.region, end): lean for end, lean in after.items()}
        self._leans = MappingProxyType(found)
        return frozenset(changed)

    def _lean(self, each: _Loaded, endpoint: Endpoint) -> float:
        return self._leans.get((each.service, each.use.region, endpoint), 1.0)

    def _loads(self, each: _Loaded) -> dict[Endpoint, float | None]:
        """The loads of the endpoints in use."""
        up = [
            endpoint
            for endpoint, found in each.endpoints.items()
            if found is None or not believed(found, self._verdict).down
        ]
        used = [endpoint for endpoint in up if not endpoint.backup] or up
        return {end: self._load(each.use.zone, each.use.region, end) for end in used}


def _sharing_by_load(zones: tuple[Zone, ...]) -> Iterator[_Loaded]:
    for zone in zones:
        for app in zone.apps:
            if app.balance is Balance.LEAST_LOAD:
                for service in app.services:
                    for region, endpoints in service.endpoints.items():
                        use = Use(zone.name, app.name, service.key, region)
                        targets = _targets(app, service, endpoints)
                        yield _Loaded(use, service.name, zone.ttl, targets)


def _targets(
    app: App, service: Service, endpoints: tuple[Endpoint, ...]
) -> dict[Endpoint, Watched | None]:
    return {endpoint: watched_of(app, service, endpoint) for endpoint in endpoints}
