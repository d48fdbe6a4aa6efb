"""Which regions steering can lead to: candidates, fences, and services that are in none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gtm.model import GeoCode, Location, Region, Service, Steering
from gtm.zonefile import values
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot, Wrong, listed, shown
from gtm.zonefile.scope import Scope


def candidates(steering: Steering, used: Iterable[str]) -> tuple[str, ...]:
    """The regions that a policy uses, before its fence; `used` are those that the app has."""
    return steering.order or steering.regions or tuple(used)


# --- fences -----------------------------------------------------------------------------


def fence_of(
    written: object, document: Document, path: KeyPath, findings: Findings
) -> tuple[GeoCode, ...]:
    """The places of the fence in the steering at a path; none, with its mistakes noted, if any
    can't be used.
    """
    if written is None:
        return ()
    before = len(findings.mistakes)
    path = (*path, "fence")
    items = written if isinstance(written, list) else [written]
    found: list[GeoCode] = []
    if not items:
        remedy = "write places such as `[EU]`, or remove the key"
        findings.wrong(document.at(path), "the fence holds no place", remedy)
    for position, one in enumerate(items):
        spot = document.at((*path, position))
        try:
            code = _code(one)
        except Wrong as wrong:
            findings.wrong(spot, wrong.problem, wrong.remedy)
            continue
        if code in found:
            findings.wrong(spot, f"{shown(one)} is written twice", "keep one of them")
        found.append(code)
    return tuple(found) if len(findings.mistakes) == before else ()


def _code(written: object) -> GeoCode:
    if not isinstance(written, str):
        raise Wrong(f"{shown(written)} is not a geo code", "write one such as `EU` or `US-CA`")
    return values.geo_code(written)


def judge_fence(
    steering: Steering, used: Sequence[str], scope: Scope, spot: Spot, findings: Findings
) -> None:
    """Note regions that can't be told to be inside or outside, and a fence around none."""
    names = candidates(steering, used)
    regions = [scope.regions[name] for name in names if name in scope.regions]
    if not steering.fence or not regions or scope.misplaced.intersection(names):
        return
    places = listed(map(str, steering.fence))
    inside = [region for region in regions if _is_inside(region, steering)]
    unsure = [region for region in regions if region not in inside and _may_be(region, steering)]
    for region in unsure:
        known = region.location.code() or "coordinates"
        findings.wrong(
            spot,
            f"whether {region.name} lies in {places} is not known: its location says {known} alone",
            f"write the location of {region.name} as a code, such as `US-VA`",
        )
    if not inside and not unsure:
        remedy = f"write a place of one of these: {listed(region.name for region in regions)}"
        findings.wrong(spot, f"no region lies in {places}", remedy)


def _is_inside(region: Region, steering: Steering) -> bool:
    return not steering.fence or any(code.covers(region.location) for code in steering.fence)


def _may_be(region: Region, steering: Steering) -> bool:
    """Whether the region might be inside, were more known of where it lies."""
    return any(_may_cover(code, region.location) for code in steering.fence)


def _may_cover(code: GeoCode, location: Location) -> bool:
    if location.continent is None:
        return True
    if location.country is None:
        return location.continent == code.continent
    return location.subdivision is None and location.country == code.country


# --- an `otherwise` that comes to nothing -----------------------------------------------


def warn_of_idle(
    steering: Steering, used: Sequence[str], scope: Scope, spot: Spot, findings: Findings
) -> None:
    """Warn of an `otherwise` that only leads back to regions that were tried before it."""
    names = _named(steering, used)
    if not used or not scope.complete or not names <= scope.regions.keys() - scope.misplaced:
        return
    otherwise = steering.otherwise
    if otherwise is None or not _ever(otherwise, used, scope) <= _always(steering, used, scope):
        return
    findings.warn(
        spot,
        "`otherwise` leads only to regions that are tried before it: it never decides",
        "write other regions, or remove it",
    )


def _always(steering: Steering, used: Sequence[str], scope: Scope) -> frozenset[str]:
    """The regions that every client of a policy may get, its own `otherwise` aside."""
    if steering.rules:
        each = [
            _always(rule.steering, used, scope)
            | (_always(rule.steering.otherwise, used, scope) if rule.steering.otherwise else set())
            for rule in steering.rules
        ]
        return frozenset.intersection(*each)
    return frozenset(
        name for name in candidates(steering, used) if _is_inside(scope.regions[name], steering)
    )


def _ever(steering: Steering, used: Sequence[str], scope: Scope) -> frozenset[str]:
    """The regions that any client of a policy may get."""
    found = frozenset[str]()
    for rule in steering.rules:
        found |= _ever(rule.steering, used, scope)
    if not steering.rules:
        found = _always(steering, used, scope)
    if steering.otherwise is not None:
        found |= _ever(steering.otherwise, used, scope)
    return found


def _named(steering: Steering, used: Sequence[str]) -> frozenset[str]:
    """Every region that any part of the steering may use, before fences."""
    inner = [rule.steering for rule in steering.rules]
    inner += [steering.otherwise] if steering.otherwise is not None else []
    return frozenset(candidates(steering, used)).union(*(_named(each, used) for each in inner))


# --- services that the steering loses ---------------------------------------------------


def warn_of_loss(
    steering: Steering,
    service: Service,
    scope: Scope,
    spot: Callable[[], Spot],
    findings: Findings,
) -> None:
    """Warn of a service that is in no region that some of its clients can be steered to.

    `spot` is where it stands, which is not looked for without need.
    """
    some, every = _reaches(steering, service, scope)
    if every:
        return
    clients = "some clients" if some else "clients"
    findings.warn(
        spot(),
        f"the steering leads {clients} to regions that the service is not in: "
        "they get no address, save those of `when_all_down`",
        "write its endpoints there, or `otherwise: nearest` into the steering",
    )


def _reaches(steering: Steering, service: Service, scope: Scope) -> tuple[bool, bool]:
    """Whether some clients, and whether all, can be steered to a region of the service."""
    if steering.rules:
        each = [_reaches(rule.steering, service, scope) for rule in steering.rules]
        found = any(some for some, _ in each), all(every for _, every in each)
    else:
        names = [name for name in candidates(steering, service.endpoints) if name in scope.regions]
        there = any(
            name in service.endpoints and _is_inside(scope.regions[name], steering)
            for name in names
        )
        found = there, there
    if steering.otherwise is None or found[1]:
        return found
    some, every = _reaches(steering.otherwise, service, scope)
    return found[0] or some, every
