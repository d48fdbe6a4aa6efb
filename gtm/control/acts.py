"""What operators do to a running server: words put in force and taken back, within `safety`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from gtm.collector import paused
from gtm.compile.compiled import CompiledApp
from gtm.errors import GtmError, ServerError
from gtm.overrides import (
    Book,
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
from gtm.overrides.phases import Ttls
from gtm.steering.verdicts import Look

Apps = Callable[[], Collection[CompiledApp]]
Found = TypeVar("Found")


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


@dataclass(frozen=True, slots=True)
class _Judged:
    """A word that was judged: `added` is only missing that it be put in force."""

    added: Added
    ttls: Ttls


def _free() -> None:
    """For acts that nothing keeps from being done."""


class Acts:
    """Judges acts by what they would change of the apps served now. `now` is Unix time.

    That is derived for every service that a word is about, beside the control loop. One act is
    judged and done at a time, so that no two are allowed that together are not safe.
    """

    def __init__(
        self,
        apps: Apps,
        look: Look,
        now: Callable[[], float],
        require_free: Callable[[], None] = _free,
    ) -> None:
        """`look` gives the verdicts that words are laid over, and may be asked from any thread.

        `require_free` raises ServerError while nothing may be changed.
        """
        self._apps = apps
        self._look = look
        self._now = now
        self._require_free = require_free
        self._turn = asyncio.Lock()

    async def add(self, register: Register, wanted: Wanted) -> Added:
        """Puts an operator's word in force, or says what it would change: a rehearsal does nothing.

        Raises GtmError where it is about nothing, ServerError where `safety` refuses it.
        """
        async with self._turn:
            judged = await self._beside(register, partial(self._judged, wanted))
            if wanted.rehearsal:
                return judged.added
            self._require_free()
            added, replaced = await register.add(wanted, judged.ttls)
            return replace(judged.added, override=added, replaced=replaced)

    async def remove(
        self, register: Register, one: Override, by: str, taken_back: Callable[[int, str], None]
    ) -> tuple[Change, ...] | None:
        """Takes an operator's word back; says what that changed. None if it is gone by then.

        `taken_back` hears of it first.
        """
        async with self._turn:
            found = await self._beside(register, partial(self._without, one))
            here = (each for each in register.book.overrides if each.number == one.number)
            standing = next(here, None)  # in a later phase, maybe
            if standing is None:
                return None
            self._require_free()
            taken_back(one.number, by)
            await register.remove(standing, by)
            return found

    def objection(self, register: Register, one: Override) -> str:
        """Why a planned drain that is due must not be withdrawn now; "" if it may."""
        return objection(one, self._apps(), register.book, self._look, self._now())

    async def _beside(self, register: Register, judge: Callable[[Book], Found]) -> Found:
        """Judges in a worker thread by the book as it is, again if that is another afterwards."""
        while True:
            book = register.book
            found = await asyncio.to_thread(judge, book)
            if register.book is book:
                return found

    def _judged(self, wanted: Wanted, before: Book) -> _Judged:
        apps, look = self._apps(), self._look
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
        return _Judged(Added(planned, replaces, changes(differing), unsafe, coming), ttls)

    def _without(self, one: Override, book: Book) -> tuple[Change, ...]:
        return changes(differences(self._apps(), book, book.without([one]), self._look))
