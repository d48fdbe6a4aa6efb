"""From the apps as written to the model's apps, services and endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from gtm.checks import AnyCheck, Http, leaves
from gtm.model import App, Balance, Endpoint, Service, Steering, Topology, frozen_mapping
from gtm.published import Published
from gtm.steering.service_time import by_service_time
from gtm.zonefile import names, values
from gtm.zonefile.appshape import SERVICE_OPTIONS, AppShape, ServiceShape, ServiceUse
from gtm.zonefile.checkshape import CheckShape, Used
from gtm.zonefile.checkvalues import PASSIVE_PLACE
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.endpoints import EndpointReader, weights_differ
from gtm.zonefile.findings import Findings, Wrong, listed, nearest, shown
from gtm.zonefile.known import KnownEndpoints
from gtm.zonefile.lastresort import last_resort
from gtm.zonefile.published import PublishedReader
from gtm.zonefile.reach import warn_of_loss
from gtm.zonefile.scope import Scope, check_name
from gtm.zonefile.shape import ZoneFile
from gtm.zonefile.steering import SteeringReader
from gtm.zonefile.steeringshape import SteeringKeys, SteeringShape

# Keys that are no regions, but stand one level off.
_ELSEWHERE = {
    **dict.fromkeys(("topology", "when_all_down", "panic"), "the app"),
    **dict.fromkeys(CheckShape.keys(), "a check"),
    "passive": PASSIVE_PLACE,
    **dict.fromkeys(("policy", *SteeringKeys.model_fields), "`steering`"),
}


NOTHING = Published()


@dataclass(slots=True)
class AppReader:
    """Reads the apps of one zone."""

    document: Document
    findings: Findings
    scope: Scope
    zone: str
    known: KnownEndpoints

    def read(self, shape: ZoneFile) -> tuple[App, ...]:
        """Every app, with every mistake noted."""
        seen: dict[str, KeyPath] = {}
        return tuple(self._app(name, app, seen) for name, app in shape.apps.items())

    def _app(self, name: str, shape: AppShape, seen: dict[str, KeyPath]) -> App:
        path: KeyPath = ("apps", name)
        check_name(name, "apps", self.document.key(path), self.findings)
        reader = EndpointReader(self.document, self.findings, shape.min_up, self.known)
        published = PublishedReader(self.document, self.findings).of_app(shape, path)
        services = tuple(
            self._with_settings(name, shape, service, shape.services[service.key], published)
            for key, written in shape.services.items()
            if (service := self._service(key, written, (*path, "services", key), reader, seen))
        )
        self._require_services(shape, path)
        if shape.topology is Topology.REPLICATED:
            self._warn_of_gaps(services, path)
        self._warn_of_weights(services, shape.balance, path)
        steering = self._steering(shape, services, path)
        check = self._check(name, shape.check, path)
        if shape.check is None or check is not None:
            self._warn_of_what_is_not_measured(shape, steering, check, path)
        return App(
            name,
            shape.topology,
            services,
            steering,
            check,
            shape.min_up,
            shape.balance,
            shape.answers,
            last_resort(shape.when_all_down, self.document, path, self.findings),
            shape.panic,
            shape.ramp,
        )

    def _steering(self, shape: AppShape, services: tuple[Service, ...], path: KeyPath) -> Steering:
        """How the app is steered, judged by the regions that its services name."""
        named = (region for use in shape.services.values() for region in _regions_of(use))
        own = (service.balance for service in services)
        hashes = Balance.HASH in (shape.balance, *own)
        steering = self._read_steering(shape.steering, named, hashes, path)
        for service in services:
            counts = shape.topology is Topology.SPREAD or not service.optional
            spot = partial(self.document.key, (*path, "services", service.key))
            if counts and service.endpoints:
                holds = service.steering or steering
                warn_of_loss(holds, service, self.scope, spot, self.findings)
        return steering

    def _read_steering(
        self, shape: SteeringShape, named: Iterable[str], hashes: bool, path: KeyPath
    ) -> Steering:
        """The `steering` of an app or a service, judged by the regions that it names."""
        used = tuple(dict.fromkeys(r for r in named if r in self.scope.region_spots))
        reader = SteeringReader(self.document, self.findings, self.scope, used, hashes)
        return reader.read(shape, (*path, "steering"))

    # --- a service's own settings -----------------------------------------------------

    def _with_settings(
        self,
        app: str,
        shape: AppShape,
        service: Service,
        use: ServiceUse,
        published: Published,
    ) -> Service:
        """The service with the settings of its own, if it has any, and what its app publishes."""
        if not isinstance(use, ServiceShape):
            return service if published == NOTHING else replace(service, published=published)
        path: KeyPath = ("apps", app, "services", service.key)
        reader = PublishedReader(self.document, self.findings)
        published = reader.of_service(use, published, path)
        if shape.topology is Topology.REPLICATED:
            self._refuse_of_blocks(path, use)
        steering = None
        if use.steering is not None:
            hashes = (use.balance or shape.balance) is Balance.HASH
            steering = self._read_steering(use.steering, _regions_of(use), hashes, path)
        return replace(
            service,
            steering=steering,
            check=self._check(app, use.check, path),
            min_up=use.min_up,
            balance=use.balance,
            answers=use.answers,
            ttl=use.ttl,
            published=None if published == NOTHING else published,
        )

    def _refuse_of_blocks(self, path: KeyPath, use: ServiceShape) -> None:
        """A block is one decision, and is drawn anew at one time for all of its services."""
        for key in ("steering", "ttl"):
            if key in use.model_fields_set:
                place = "the app" if key == "steering" else "the zone"
                self.findings.wrong(
                    self.document.key((*path, key)),
                    f"a service of a replicated app has no `{key}` of its own: "
                    "the block is one decision",
                    f"write it for {place}, put the service into an app of its own, "
                    "or make the app spread",
                )

    def _require_services(self, shape: AppShape, path: KeyPath) -> None:
        if not shape.services and self.document.value_at((*path, "services")) == {}:
            self.findings.wrong(
                self.document.at((*path, "services")),
                "the app has no services",
                "write `name: {region: [address]}` below it, or remove the app",
            )

    # --- the app's check --------------------------------------------------------------

    def _check(self, app: str, use: Used | None, path: KeyPath) -> AnyCheck | None:
        return self.scope.check_reader(self.document, self.findings).use(app, use, (*path, "check"))

    # --- services and their endpoints -------------------------------------------------

    def _service(
        self,
        key: str,
        use: ServiceUse,
        path: KeyPath,
        reader: EndpointReader,
        seen: dict[str, KeyPath],
    ) -> Service | None:
        written = _regions_of(use)
        if isinstance(use, ServiceShape) and use.min_up is not None:
            reader = EndpointReader(self.document, self.findings, use.min_up, self.known, "service")
        name = self._name(key, path, seen)
        regions = self.scope.regions
        endpoints: dict[str, tuple[Endpoint, ...]] = {}
        before = len(self.findings.mistakes)
        for region, value in written.items():
            known = region in regions or self._is_region(region, path)
            if known and (found := reader.read(value, (*path, region), name)):
                endpoints[region] = found
        optional = self._optional(written, path)
        if not endpoints and len(self.findings.mistakes) == before and self._names_none(written):
            self.findings.wrong(
                self.document.key(path), "the service has no endpoints", "write `region: [address]`"
            )
        if name is None:
            return None
        return Service(key, name, frozen_mapping(endpoints), optional)

    def _names_none(self, written: Mapping[str, object]) -> bool:
        return not any(region in self.scope.region_spots for region in written)

    def _name(self, key: str, path: KeyPath, seen: dict[str, KeyPath]) -> str | None:
        try:
            name = self._service_name(key)
        except Wrong as wrong:
            self.findings.wrong(self.document.key(path), wrong.problem, wrong.remedy)
            return None
        if (first := seen.setdefault(name, path)) is not path:
            self.findings.wrong(
                self.document.key(path),
                f"the service {name} is defined at {self.document.key(first)} too",
                "keep one of them",
            )
            return None
        return name

    def _service_name(self, key: str) -> str:
        name = names.absolute(key, self.zone)
        if not names.is_within(name, self.zone):
            raise Wrong(
                f"{name} is outside the zone {self.zone}",
                "write a name without a dot at its end: it is relative to the zone",
            )
        if key.startswith("*"):
            raise Wrong(
                "a service can't be a wildcard", "write the name out; `records` may hold wildcards"
            )
        if not names.is_hostlike(name):
            raise Wrong(
                f"{shown(key)} can't be the name of a service",
                "write labels of letters, digits and hyphens",
            )
        return name

    def _is_region(self, key: str, path: KeyPath) -> bool:
        """Whether a key of a service that is not a readable region may be taken as one."""
        if key in SERVICE_OPTIONS:
            return False
        spots = self.scope.region_spots
        if key in spots or not self.scope.complete:
            return True
        spot = self.document.key((*path, key))
        if (level := _ELSEWHERE.get(key)) is not None:
            self.findings.wrong(spot, f"`{key}` is a key of {level}", "write it there")
            return False
        hint = nearest(key, [*spots, *SERVICE_OPTIONS])
        remedy = (
            f"write {hint}"
            if hint
            else f"define it under `regions`, or write one of: {listed(spots)}"
        )
        self.findings.wrong(
            spot,
            f"there is no region {shown(key)}",
            remedy if spots else "define it under `regions`",
        )
        return True

    def _optional(self, written: Mapping[str, object], path: KeyPath) -> bool:
        try:
            return values.true_or_false(written.get("optional", False))
        except Wrong as wrong:
            spot = self.document.at((*path, "optional"))
            self.findings.wrong(spot, wrong.problem, wrong.remedy)
            return False

    # --- replicated apps --------------------------------------------------------------

    def _warn_of_gaps(self, services: tuple[Service, ...], path: KeyPath) -> None:
        """Warn of regions that can never take part, as a service that counts is not there."""
        regions = dict.fromkeys(region for service in services for region in service.endpoints)
        for service in services:
            missing = [region for region in regions if region not in service.endpoints]
            if missing and not service.optional and service.endpoints:
                self.findings.warn(
                    self.document.key((*path, "services", service.key)),
                    f"the service is not in {listed(missing)}: the app never takes part there, "
                    "as a replicated app is only used where all of it runs",
                    "write its endpoints there, mark it `optional: true`, or make the app spread",
                )

    # --- balance ----------------------------------------------------------------------

    def _warn_of_what_is_not_measured(
        self, shape: AppShape, steering: Steering, check: AnyCheck | None, path: KeyPath
    ) -> None:
        """Say that measured speed is asked for where no check measures it."""
        if shape.balance is Balance.EWMA and check is None:
            self.findings.warn(
                self.document.at((*path, "balance")),
                "the app has no check, so no endpoint is known to be faster than another",
                "write a `check`, or `balance: round_robin`",
            )
        if by_service_time(steering) and (
            check is None or not any(isinstance(one.probe, Http) for one in leaves(check))
        ):
            self.findings.warn(
                self.document.at((*path, "steering")),
                "`latency_weight` says nothing: no check of the app tells service times",
                "write a `check` of type http or https, or remove it",
            )

    def _warn_of_weights(
        self, services: tuple[Service, ...], balance: Balance, path: KeyPath
    ) -> None:
        """Say once that `balance: all` has no use for weights."""
        for service in services:
            dispatched = service.published is not None and service.published.srv
            if dispatched or (service.balance or balance) is not Balance.ALL:
                continue
            for region, found in service.endpoints.items():
                if weights_differ(found):
                    self.findings.warn(
                        self.document.at((*path, "services", service.key, region)),
                        "the weights say nothing while `balance` is `all`",
                        "write `balance: round_robin` or `balance: hash` for the app, "
                        "or remove the weights",
                    )
                    return


def _regions_of(use: ServiceUse) -> Mapping[str, object]:
    """What is written for a service beside its settings: regions, and `optional`."""
    return (use.model_extra or {}) if isinstance(use, ServiceShape) else use


def service_paths(apps: tuple[App, ...]) -> Iterator[tuple[Service, KeyPath]]:
    """Every service with the path of its key."""
    for app in apps:
        for service in app.services:
            yield service, ("apps", app.name, "services", service.key)
