"""The API's `/v1/overrides`: what is in force, one more, one less."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from gtm.api.acts import note_added, note_removed
from gtm.api.call import Call, Reply, replied, replied_beside
from gtm.api.models import (
    ChangeShape,
    ErrorShape,
    KeptStatus,
    OverrideAdded,
    OverrideRemoval,
    OverrideRemoved,
    OverrideRequest,
    Overrides,
    OverrideShape,
    OverrideStatus,
)
from gtm.control.acts import Added
from gtm.control.controller import Controller
from gtm.errors import GtmError
from gtm.model import Act, Verdict
from gtm.overrides import (
    Change,
    Override,
    Register,
    Wanted,
    because_of,
    coming_of,
    parse_target,
)

NONE_HELD: Mapping[int, str] = MappingProxyType({})


# --- the calls --------------------------------------------------------------------------


async def overrides(call: Call[None, None]) -> Overrides:
    """Every override in force, with what it changes now.

    In a worker thread, as that is looked up in every service that an override is about: all that
    is read there is frozen, or may be asked from any thread.
    """
    return await asyncio.to_thread(listed, call.serving.controller, call.serving.now())


async def add_override(call: Call[None, OverrideRequest]) -> Reply:
    """Puts an override in force: 409 where `safety` refuses it."""
    found = await added(call.serving.controller, wanted(call.body))
    if not call.body.rehearsal:
        note_added(call, found)
    return await replied_beside(found)


async def remove_override(call: Call[OverrideRemoval, None]) -> Reply:
    """Takes one back: 404 if there is none such."""
    controller, asked = call.serving.controller, call.query
    which = asked.target or str(asked.number)
    found = await removed(controller, which, asked.by)
    if found is None:
        return replied(ErrorShape(error=missing(controller, which)), 404)
    note_removed(call, found)
    return await replied_beside(found)


# --- what they do -----------------------------------------------------------------------


def wanted(request: OverrideRequest) -> Wanted:
    """What a request asks for. Raises GtmError."""
    return Wanted(
        Act(request.act),
        parse_target(request.target),
        request.reason,
        request.author,
        request.seconds,
        request.force,
        request.planned,
        request.rehearsal,
    )


def listed(controller: Controller, now: float) -> Overrides:
    """Every override, with what it changes now."""
    return Overrides(now=now, overrides=in_force(controller, now), kept=kept(controller.overrides))


def in_force(controller: Controller, now: float) -> list[OverrideStatus]:
    """Every override, with what it changes now, and what it will."""
    book, apps = controller.overrides.book, controller.compiled.apps.values()
    look = controller.feeds.verdict
    return [
        OverrideStatus(
            changes=[_change(found) for found in because_of(one, apps, book, look)],
            coming=[_change(found) for found in coming_of(one, apps, book, look, now)],
            **_override(one, controller.overrides.held).model_dump(),
        )
        for one in book.overrides
    ]


async def added(controller: Controller, asked: Wanted) -> OverrideAdded:
    """The outcome of adding one. Raises GtmError, or ServerError where `safety` refuses it."""
    found = await controller.add_override(asked)
    return await asyncio.to_thread(_added, controller, found)


def _added(controller: Controller, found: Added) -> OverrideAdded:
    """There may be a change for each of thousands of services: for a worker thread."""
    return OverrideAdded(
        override=_override(found.override),
        replaced=None if found.replaced is None else _override(found.replaced),
        changes=[_change(change) for change in found.changes],
        forced_past=list(found.forced_past),
        kept=kept(controller.overrides),
        coming=[_change(change) for change in found.coming],
    )


async def removed(controller: Controller, which: str, by: str) -> OverrideRemoved | None:
    """The outcome of taking one back, named by target or number; None if there is none such."""
    one = controller.overrides.book.find(which) or _canonical(controller, which)
    if one is None:
        return None
    changes = await controller.remove_override(one, by)
    if changes is None:
        return None
    return await asyncio.to_thread(_removed, controller, one, changes)


def _removed(controller: Controller, one: Override, changes: tuple[Change, ...]) -> OverrideRemoved:
    return OverrideRemoved(
        override=_override(one),
        changes=[_change(change) for change in changes],
        kept=kept(controller.overrides),
    )


def missing(controller: Controller, which: str) -> str:
    """The sentence for an override that is not there."""
    there = [str(one.target) for one in controller.overrides.book.overrides]
    said = f"in force are {', '.join(there)}" if there else "none is in force"
    return f"cannot take back {which}: there is no override of that target or number; {said}"


def kept(register: Register) -> KeptStatus:
    """Where overrides are kept, and whether that works."""
    path = None if register.store is None else str(register.store.path)
    return KeptStatus(path=path, damage=register.damage, unsaved=register.unsaved)


def _canonical(controller: Controller, which: str) -> Override | None:
    """By a target that is written in another way than it was, such as a long IPv6 address."""
    try:
        return controller.overrides.book.find(str(parse_target(which)))
    except GtmError:
        return None


def _override(one: Override, held: Mapping[int, str] = NONE_HELD) -> OverrideShape:
    course = one.course
    coming = None if course is None else course.next
    return OverrideShape(
        number=one.number,
        act=one.act.value,
        target=str(one.target),
        reason=one.reason,
        author=one.author,
        created=one.created,
        expires=one.expires,
        said=str(one),
        planned=course is not None and course.planned,
        phase=None if course is None else course.phase.value,
        phase_since=None if course is None else course.since,
        next_phase=None if coming is None else coming[0].value,
        next_at=None if coming is None else coming[1],
        ttl=course.ttls.lowered if course is not None and course.lowers else None,
        held=held.get(one.number),
    )


def _change(change: Change) -> ChangeShape:
    return ChangeShape(
        zone=change.zone,
        app=change.app,
        service=change.service,
        region=change.region,
        endpoint=change.endpoint,
        before=state_shown(change.before),
        after=state_shown(change.after),
    )


def state_shown(verdict: Verdict) -> str:
    """A verdict's state in a word: what is drained is down, and called drained."""
    return "drained" if verdict.act is Act.DRAIN else verdict.state.value
