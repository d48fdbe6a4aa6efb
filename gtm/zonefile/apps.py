"""From the apps as written to the model's apps, services and endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gtm.model import App, Check, Endpoint, Service, Steering, Topology, frozen_mapping
from gtm.zonefile import names
from gtm.zonefile.checks import bare, checked
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.endpoints import endpoint
from gtm.zonefile.findings import Findings, Wrong, listed, nearest, shown
from gtm.zonefile.scope import Scope, check_name
from gtm.zonefile.shape import (
    SERVICE_OPTIONS,
    SERVICE_OPTIONS_LATER,
    AppShape,
    CheckShape,
    ZoneFile,
)


@dataclass(slots=True)
class AppReader:
    """Reads the apps of one zone."""

    document: Document
    findings: Findings
    scope: Scope
    zone: str

    def read(self, shape: ZoneFile) -> tuple[App, ...]:
        """Every app, with every mistake noted."""
        seen: dict[str, KeyPath] = {}
        return tuple(self._app(name, app, seen) for name, app in shape.apps.items())

    def _app(self, name: str, shape: AppShape, seen: dict[str, KeyPath]) -> App:
        path: KeyPath = ("apps", name)
        check_name(name, "apps", self.document.key(path), self.findings)
        services = tuple(
            service
            for key, written in shape.services.items()
            if (service := self._service(key, written, (*path, "services", key), shape, seen))
        )
        self._require_services(shape, path)
        if shape.topology is Topology.REPLICATED:
            self._warn_of_gaps(services, path)
        return App(
            name,
            shape.topology,
            services,
            Steering(shape.steering.policy),
            self._check(name, shape.check, path),
            shape.min_up,
        )

    def _require_services(self, shape: AppShape, path: KeyPath) -> None:
        if not shape.services and self.document.value_at((*path, "services")) == {}:
            self.findings.wrong(
                self.document.at((*path, "services")),
                "the app has no services",
                "write `name: {region: [address]}` below it, or remove the app",
            )

    # --- the app's check --------------------------------------------------------------

    def _check(self, app: str, use: str | CheckShape | None, path: KeyPath) -> Check | None:
        if use is None:
            return None
        path = (*path, "check")
        if isinstance(use, CheckShape):
            return checked(app, use, self.document, path, self.findings)
        if use in self.scope.checks:
            return self.scope.checks[use]
        if (found := bare(use)) is not None and use not in self.scope.check_spots:
            return found
        if use not in self.scope.check_spots:
            self._unknown_check(use, path)
        return None

    def _unknown_check(self, use: str, path: KeyPath) -> None:
        known = [*self.scope.check_spots, "http", "https"]
        if use == "tcp":
            problem, remedy = "a tcp check needs a port", "write `{type: tcp, port: 443}`"
        elif not self.scope.complete:
            return
        else:
            hint = nearest(use, known)
            problem = f"there is no check {shown(use)}"
            remedy = (
                f"write {hint}"
                if hint
                else f"define it under `checks`, or write one of: {listed(known)}"
            )
        self.findings.wrong(self.document.at(path), problem, remedy)

    # --- services and their endpoints -------------------------------------------------

    def _service(
        self,
        key: str,
        written: Mapping[str, object],
        path: KeyPath,
        app: AppShape,
        seen: dict[str, KeyPath],
    ) -> Service | None:
        name = self._name(key, path, seen)
        regions = self.scope.regions
        endpoints: dict[str, tuple[Endpoint, ...]] = {}
        before = len(self.findings.mistakes)
        least = 1 if app.min_up.percent else app.min_up.value
        for region, value in written.items():
            if region in regions or self._is_region(region, path):
                found = self._endpoints(value, (*path, region), name)
                if found:
                    endpoints[region] = found
                    if len(found) < least:
                        self._too_few(app, len(found), (*path, region))
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
        if key in SERVICE_OPTIONS_LATER:
            problem = f"`{key}` is not supported by this version"
            self.findings.wrong(spot, problem, "remove it, or set it for the app if that can be")
            return False
        known = [*spots, *SERVICE_OPTIONS]
        hint = nearest(key, known)
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

    def _endpoints(self, value: object, path: KeyPath, name: str | None) -> tuple[Endpoint, ...]:
        """The endpoints at a path; none when any of them is wrong."""
        written = value if isinstance(value, list) else [value]
        found: list[Endpoint] = []
        for position, one in enumerate(written):
            try:
                found.append(endpoint(one))
            except Wrong as wrong:
                spot = self.document.at((*path, position))
                self.findings.wrong(spot, wrong.problem, wrong.remedy)
        if len(found) == len(written) == 1 and not found[0].is_host:
            return tuple(found)  # nearly all regions of a large zone
        good = self._judge(found, len(written), path, name)
        return tuple(found) if good else ()

    def _judge(self, found: list[Endpoint], written: int, path: KeyPath, name: str | None) -> bool:
        """Whether endpoints can stand together in one region."""
        wrong: tuple[str, str] | None = None
        spot = self.document.at(path)
        hosts = [one for one in found if one.is_host]
        if not written:
            wrong = "the region has no endpoints", "write `[address]`, or remove the region"
        elif len(set(found)) < len(found):
            place = next(i for i, one in enumerate(found) if one in found[:i])
            spot = self.document.at((*path, place))
            wrong = f"{found[place]} is written twice", "keep one of them"
        elif hosts and len(hosts) < len(found):
            wrong = (
                "addresses and host names are mixed in one region",
                "write either; a host name is answered as CNAME and stands alone",
            )
        elif len(hosts) > 1:
            wrong = "a region has more than one host name", "keep one: a CNAME has one target"
        elif hosts and hosts[0].at == name:
            wrong = "the service is its own endpoint", "write the host name that serves it"
        if wrong:
            self.findings.wrong(spot, *wrong)
        return wrong is None and len(found) == written

    def _too_few(self, app: AppShape, count: int, path: KeyPath) -> None:
        has = f"{count} endpoint{'s' if count > 1 else ''}"
        self.findings.wrong(
            self.document.at(path),
            f"the region has {has}, but the app's min_up is {app.min_up}: it could never be up",
            f"write more endpoints, or `min_up: {count}` or a percentage for the app",
        )

    def _optional(self, written: Mapping[str, object], path: KeyPath) -> bool:
        value = written.get("optional", False)
        if isinstance(value, bool):
            return value
        self.findings.wrong(
            self.document.at((*path, "optional")),
            f"{shown(value)} is neither true nor false",
            "write `true` or `false`",
        )
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


def service_paths(apps: tuple[App, ...]) -> Iterator[tuple[Service, KeyPath]]:
    """Every service with the path of its key."""
    for app in apps:
        for service in app.services:
            yield service, ("apps", app.name, "services", service.key)
