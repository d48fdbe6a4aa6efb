"""An app compiled again, where a verdict or a word touched it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gtm.compile.answers import Answers, Joined
from gtm.compile.beside import Beside
from gtm.compile.compiled import CompiledApp, Touched
from gtm.compile.groups import Group
from gtm.compile.table import Table
from gtm.model import Topology
from gtm.steering.lifetimes import lifetimes
from gtm.steering.readings import Readings
from gtm.steering.refreshed import Refreshed, refreshed
from gtm.steering.verdicts import panics

SOME = 0.05  # of an app's services: with more of them touched, to go by their order pays


def refreshed_app(
    compiled: CompiledApp,
    touched: Touched,
    groups: Sequence[Group],
    table: Table,
    readings: Readings,
) -> tuple[CompiledApp, dict[int, Group]]:
    """The app after changes in some services' regions, and the groups that are others now.

    What the services answer is put into the table.
    """
    app, old = compiled.app, compiled.health
    if len(touched) > SOME * len(compiled.services):
        # as they lie in memory: in any other order the processor waits for most of them
        touched = {key: touched[key] for key in compiled.services if key in touched}
    found = refreshed(app, old, touched, readings.verdict, compiled.overlay)
    zone, known = compiled.zone, compiled.lifetimes
    services = (compiled.services[key].service for key in touched)
    kept = lifetimes(zone, app, compiled.overlay, readings, known, services)
    after = replace(compiled, health=found.health, lifetimes=kept)
    timed = kept.differing(known, zone, touched)
    answering = {*_answering(compiled, after, found), *timed}
    for key in answering:
        _answer(compiled, after, key, touched.get(key, ()), table, readings)
    # what SRV records say goes by which regions are up, and those of a block are so for all of it
    block = app.topology is Topology.REPLICATED
    more = after.more if block else after.more & (answering | touched.keys())
    for key in more:
        _answer_beside(after, key, table, readings)
    moved = joining(_moved(after, found, groups, readings.now))
    if any(groups[number].joined is not None for number in after.deciding):
        rejoin(after, answering | more, groups, moved, table)
    return after, moved


def joining(moved: Mapping[int, Group]) -> dict[int, Group]:
    """Groups with an answer for every slot of their plans; those that were one object stay one."""
    made = {id(group): group.joining() for group in moved.values()}
    return {number: made[id(group)] for number, group in moved.items()}


def rejoin(
    app: CompiledApp,
    answering: Collection[str],
    groups: Sequence[Group],
    moved: Mapping[int, Group],
    table: Table,
) -> None:
    """Puts into the table what is joined of several regions' answers.

    Of services whose answers may be others now (`answering`), and of groups with new slots.
    """
    grown = {number for number, group in moved.items() if group.joined != groups[number].joined}
    for key, compiled in app.services.items():
        number = compiled.steered.group
        group = moved.get(number, groups[number])
        if not group.joined or (key not in answering and number not in grown):
            continue
        service, longest = compiled.service, max(app.ttl(key), compiled.steered.ttl)
        for one in (Beside(service.name, None, compiled.steered), *compiled.beside):
            joined = Joined(app.context, one.name, service.name, one.columns(service), longest)
            answered = joined.behind(table.of(one.steered.number), group)
            table.change(one.steered.number, answered)


def _answering(before: CompiledApp, after: CompiledApp, found: Refreshed) -> Collection[str]:
    """The services whose answers may have changed.

    One endpoint is answered whatever becomes of it. A block that begins or ends to panic
    changes all of them, a spread service what it answers in any region.
    """
    app = before.app
    if app.panic and app.topology is Topology.REPLICATED and app.services:
        one = app.services[0]
        if panics(app, one, before.health) != panics(app, one, after.health):
            return before.services
    return found.stands if app.panic else found.several


def _answer(
    before: CompiledApp,
    after: CompiledApp,
    key: str,
    touched: Collection[str],
    table: Table,
    readings: Readings,
) -> None:
    """Renders what the service answers where it is otherwise than before."""
    service, steered = before.services[key].service, before.services[key].steered
    app, ttl = before.app.settled_for(service), after.ttl(key)
    longest = max(ttl, steered.ttl)
    made = Answers(before.context, app, service, readings, ttl, longest)
    timed = ttl != before.ttl(key)  # then every answer says another one
    was, now = panics(app, service, before.health), panics(app, service, after.health)
    old, new = before.health.services[key], after.health.services[key]
    answered, changed = table.of(steered.number), False
    for region in touched if was == now and not timed else service.endpoints:
        usable = new[region].usable(now)
        if timed or made.measured or usable != old[region].usable(was):
            at, found = steered.regions.index(region), made.of(region, usable)
            changed |= found != answered[at]
            answered[at] = found
    if timed:
        answered[len(steered.regions) - 1], changed = made.last_resort(), True
    if changed:
        table.change(steered.number, answered)


def _answer_beside(after: CompiledApp, key: str, table: Table, readings: Readings) -> None:
    """Renders what the names beside a service answer where it is otherwise than before."""
    compiled, ttl = after.services[key], after.ttl(key)
    app, longest = after.app.settled_for(compiled.service), max(ttl, compiled.steered.ttl)
    made = Answers(after.context, app, compiled.service, readings, ttl, longest)
    around = made.around(after.zone, table.of(compiled.steered.number), after.health)
    for one in compiled.beside:
        answered, before = around.answers(one), table.of(one.steered.number)
        if answered != before[: len(answered)]:
            table.change(one.steered.number, answered + before[len(answered) :])


def _moved(
    after: CompiledApp, found: Refreshed, groups: Sequence[Group], now: float
) -> dict[int, Group]:
    """The groups that are others now, by number.

    Spread services that stood alike and were touched alike share the outcome: a region that fails
    takes thousands of them along in the same way.
    """
    app, health = after.app, after.health
    moved: dict[int, Group] = {}
    if app.topology is Topology.REPLICATED:
        for number, service in after.deciding.items():
            outcome = groups[number].with_health(app, service, health, now)
            if outcome is not groups[number]:
                moved[number] = outcome
        return moved
    outcomes: dict[object, Group] = {}
    services, panics_apart = after.services, bool(app.panic)
    for key, stand in found.stands.items():
        compiled = services[key]
        number = compiled.steered.group
        group = groups[number]
        # where endpoints panic, other regions count too
        alike = (id(group), id(stand), key if panics_apart else None)
        known = outcomes.get(alike)
        if known is None:
            known = outcomes[alike] = group.with_health(app, compiled.service, health, now)
        if known is not group:
            moved[number] = known
    return moved
