"""What operators do to a running server: words put in force and taken back, within `safety`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from gtm.collector import paused
from gtm.compile.compiled import CompiledApp
from gtm.errors import GtmError, ServerError
from gtm.overrides import (
    Change,
    Override,
    Register,
    Wanted,
    changes,
    coming_of,
    differences,
    nothing_matches,
    objection,
    refusal,
    refusals,
    ttls_of,
)
from gtm.steering.verdicts import Look

Apps = Callable[[], Collection[CompiledApp]]


@dataclass(frozen=True, slots=True)
class Added:
    """An override that was put in force: what it replaced, and what it changed.

    `forced_past` says what `safety` would have refused it for, `coming` what a planned drain will
    change once it is withdrawn.
    """

    override: Override
    replaced: Override | None
    changes: tuple[Change, ...]
    forced_past: tuple[str, ...] = ()
    coming: tuple[Change, ...] = ()


class Acts:
    """Judges acts by what they would change of the apps served now. `now` is Unix time."""

    def __init__(self, apps: Apps, look: Look, now: Callable[[], float]) -> None:
        """`look` gives the verdicts that words are laid over."""
        self._apps = apps
        self._look = look
        self._now = now

    async def add(self, register: Register, wanted: Wanted) -> Added:
        """Puts an operator's word in force, or says what it would change: a rehearsal does nothing.

        Raises GtmError where it is about nothing, ServerError where `safety` refuses it.
        """
        apps, look, before = self._apps(), self._look, register.book
        if not any(wanted.target.hits(app.zone, app.app) for app in apps):
            raise GtmError(nothing_matches(wanted.target, list(apps)))
        now, ttls = self._now(), ttls_of(wanted.target, [(app.zone, app.app) for app in apps])
        after, planned, replaces = before.adding(wanted, now, ttls)
        with paused():
            differing = differences(apps, before, after, look)
            # what is planned counts as done: two drains must not be accepted that can't both be
            foreseen = before.foreseen(now), after.foreseen(now)
            unsafe = refusals(
                differing if foreseen == (before, after) else differences(apps, *foreseen, look)
            )
        if unsafe and not wanted.force:
            raise ServerError(refusal(wanted, unsafe))
        coming = coming_of(planned, apps, after, look, now)
        if wanted.rehearsal:
            return Added(planned, replaces, changes(differing), unsafe, coming)
        added, replaced = await register.add(wanted, ttls)
        return Added(added, replaced, changes(differing), unsafe, coming)

    async def remove(self, register: Register, one: Override, by: str) -> tuple[Change, ...]:
        """Takes an operator's word back; says what that changed."""
        book = register.book
        differing = differences(self._apps(), book, book.without([one]), self._look)
        await register.remove(one, by)
        return changes(differing)

    def objection(self, register: Register, one: Override) -> str:
        """Why a planned drain that is due must not be withdrawn now; "" if it may."""
        return objection(one, self._apps(), register.book, self._look, self._now())
