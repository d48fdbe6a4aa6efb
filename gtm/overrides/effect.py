"""What overrides change, and whether they may: the same derivation as steering's, twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from gtm.compile.compiled import CompiledApp
from gtm.model import State, Topology, Verdict
from gtm.overrides.book import Book
from gtm.overrides.override import Override, Wanted
from gtm.overrides.target import bare
from gtm.steering.overlay import Overlay
from gtm.steering.refreshed import refreshed
from gtm.steering.verdicts import AppHealth, Look

Pairs = Mapping[str, set[str]]  # service keys and their regions
SHOWN = 3  # sentences of a refusal; there may be one for each of thousands of services

ACTS = {"drain": "drain", "up": "force up", "down": "force down"}


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that is another because of an override.

    `service` is the bare name of a spread app's service, "" for a block; `endpoint` is "" for the
    verdict of a region, which is what steers.
    """

    zone: str
    app: str
    service: str
    region: str
    endpoint: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Difference:
    """An app about which two books say something else: its health under either.

    `pairs` are the service keys and their regions that it is about.
    """

    compiled: CompiledApp
    old: AppHealth
    new: AppHealth
    pairs: Pairs


def differences(
    apps: Iterable[CompiledApp], before: Book, after: Book, look: Look
) -> tuple[Difference, ...]:
    """The apps about which the books differ, derived under either as steering would."""
    found = []
    for compiled in apps:
        old, new = (book.overlay(compiled.zone, compiled.app) for book in (before, after))
        if pairs := old.differing(new, compiled.app):
            health = [_under(compiled, overlay, pairs, look) for overlay in (old, new)]
            found.append(Difference(compiled, health[0], health[1], pairs))
    return tuple(found)


def _under(compiled: CompiledApp, overlay: Overlay, pairs: Pairs, look: Look) -> AppHealth:
    if overlay == compiled.overlay:
        return compiled.health
    # the health at hand is that under the words in force, which may be neither book's
    every = (pairs, compiled.overlay.differing(overlay, compiled.app))
    where: dict[str, set[str]] = {}
    for found in every:
        for key, regions in found.items():
            where.setdefault(key, set()).update(regions)
    return refreshed(compiled.app, compiled.health, where, look, overlay).health


def changes(differing: Iterable[Difference]) -> tuple[Change, ...]:
    """The verdicts that are another under the second book."""
    return tuple(
        change for one in differing for kind in (_regions, _endpoints) for change in kind(one)
    )


def because_of(
    one: Override, apps: Iterable[CompiledApp], book: Book, look: Look
) -> tuple[Change, ...]:
    """What would be otherwise if this override were not there."""
    return changes(differences(apps, book.without([one]), book, look))


def refusals(differing: Iterable[Difference]) -> tuple[str, ...]:
    """Why `safety` refuses the second book: a clause for each app or service left with too few.

    Regions whose verdict is unknown count as lost when they go, and as not up when they stay.
    """
    found: list[str] = []
    for one in differing:
        least = one.compiled.zone.min_regions
        for key, regions in _steered(one):
            old, new = _states(one.old, key), _states(one.new, key)
            if not any(old(at) is not State.DOWN and new(at) is State.DOWN for at in regions):
                continue
            ups = (at for at in _everywhere(one.compiled, key) if new(at) is State.UP)
            left = list(islice(ups, least))  # more make no difference
            if len(left) < least:
                found.append(_left_with(one.compiled, key, sorted(left), least))
    return tuple(found)


def refusal(wanted: Wanted, why: tuple[str, ...]) -> str:
    """The sentence that refuses."""
    act, said = ACTS[wanted.act.value], clauses(why)
    return f"cannot {act} {wanted.target}: {said}; force it (--force) to do it all the same"


def clauses(why: tuple[str, ...]) -> str:
    """The first few of them."""
    more = f"; and {len(why) - SHOWN} more" if len(why) > SHOWN else ""
    return "; ".join(why[:SHOWN]) + more


def objection(
    one: Override, apps: Iterable[CompiledApp], book: Book, look: Look, now: float
) -> str:
    """Why `safety` holds back a planned drain that is due to be withdrawn; "" if it does not."""
    if one.course is not None and one.course.forced:
        return ""
    return clauses(refusals(differences(apps, book, book.onward(one.number, now), look)))


def coming_of(
    one: Override, apps: Iterable[CompiledApp], book: Book, look: Look, now: float
) -> tuple[Change, ...]:
    """What will be otherwise once a planned drain is withdrawn; nothing if it is already."""
    if not one.is_coming:
        return ()
    return changes(differences(apps, book, book.onward(one.number, now), look))


# --- what steers -----------------------------------------------------------------------


def _steered(one: Difference) -> Iterator[tuple[str, Collection[str]]]:
    """What is steered by itself and may be otherwise: a block (""), or spread services by key.

    With the regions where it may.
    """
    if one.compiled.app.topology is Topology.SPREAD:
        yield from one.pairs.items()
    else:
        touched = {region for regions in one.pairs.values() for region in regions}
        yield "", [region for region in one.compiled.app.regions if region in touched]


def _everywhere(compiled: CompiledApp, key: str) -> Collection[str]:
    return compiled.services[key].service.endpoints if key else compiled.app.regions


def _states(health: AppHealth, key: str) -> Callable[[str], State]:
    """Whether what is steered by itself is up, by region."""
    if not key:
        return health.regions.state
    here = health.services[key]
    return lambda region: here[region].verdict.state


def _verdict(health: AppHealth, key: str, region: str) -> Verdict:
    return health.services[key][region].verdict if key else health.regions[region]


def _left_with(compiled: CompiledApp, service: str, left: list[str], least: int) -> str:
    who = f"{service} of app {compiled.app.name}" if service else f"app {compiled.app.name}"
    regions = " and ".join(left) + " alone" if left else "no region up"
    return f"{who} in {bare(compiled.zone.name)} would be left with {regions} ({least} needed)"


# --- what is different ------------------------------------------------------------------


def _regions(found: Difference) -> Iterator[Change]:
    compiled = found.compiled
    for key, regions in _steered(found):
        name = bare(compiled.services[key].service.name) if key else ""
        old, new = _states(found.old, key), _states(found.new, key)
        for region in regions:
            if old(region) is not new(region):
                before, after = (_verdict(each, key, region) for each in (found.old, found.new))
                yield _change(compiled, name, region, "", before, after)


def _endpoints(found: Difference) -> Iterator[Change]:
    compiled = found.compiled
    for key, regions in found.pairs.items():
        name = bare(compiled.services[key].service.name)
        for region in regions:
            old = found.old.services[key][region].endpoints
            new = found.new.services[key][region].endpoints
            for (endpoint, before), (_, after) in zip(old, new, strict=True):
                if before.state is not after.state:
                    at = bare(str(endpoint))
                    yield _change(compiled, name, region, at, before, after)


def _change(
    compiled: CompiledApp,
    service: str,
    region: str,
    endpoint: str,
    before: Verdict,
    after: Verdict,
) -> Change:
    return Change(
        bare(compiled.zone.name), compiled.app.name, service, region, endpoint, before, after
    )
