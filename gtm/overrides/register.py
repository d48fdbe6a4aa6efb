"""The overrides in force, on disk and on the clock: the one place where they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from gtm.model import Act
from gtm.overrides.book import Book
from gtm.overrides.override import Override, Wanted
from gtm.overrides.phases import Ttls
from gtm.overrides.store import Store

log = structlog.get_logger("gtm")

SAVE_AGAIN = 10.0  # seconds until what could not be saved is tried again
TRY_AGAIN = 2.0  # seconds until a drain that was held back is tried again


def unopposed(one: Override) -> str:
    """The `objection` of who has none."""
    return ""


class Register:
    """Owns the book. Used from the control loop alone; `now` is Unix time.

    Expiry and phases are timed by the loop's clock, which is monotonic: a step of the system's
    clock ends no override early, keeps none alive, and makes no drain safe.
    """

    def __init__(
        self,
        store: Store | None,
        now: Callable[[], float],
        changed: Callable[[], None],
        objection: Callable[[Override], str] = unopposed,
    ) -> None:
        """Without a store nothing outlives the process. `changed` is called when the book has.

        `objection` says why a planned drain that is due may not be withdrawn now; "" if it may.
        """
        self.book = Book()
        self.held: dict[int, str] = {}
        self.store = store
        self.damage: str | None = None
        self.unsaved: str | None = None
        self._now = now
        self._changed = changed
        self._objection = objection
        self._deadlines: dict[int, float] = {}
        self._steps: dict[int, float] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._saving = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._warned = False

    async def open(self) -> None:
        """Takes up what was in force when the server stopped. Raises StartError."""
        if self.store is None:
            return
        now = self._now()
        kept = await asyncio.to_thread(self.store.load, now)
        self.book, self.damage = kept.book, kept.trouble
        if self.damage is not None:
            log.error("overrides_damaged", trouble=self.damage)
        gone = self.book.expired(now)
        self._drop(gone)
        for one in self.book.overrides:
            log.info("override_in_force", **_fields(one))
            self._time(one, None if one.expires is None else one.expires - now)
        self._arm()
        if gone or self.damage is not None:
            await self._save()

    def begin(self) -> None:
        """From here on, answers being given, drains go on from phase to phase."""
        self._steps = {}
        for one in self.book.overrides:
            self._time_step(one)
        self._tick(asyncio.get_running_loop().time())  # what is due already, before the answers

    async def close(self) -> None:
        """Stops the clock, and finishes what is being saved."""
        for timer in (self._timer, self._retry):
            if timer is not None:
                timer.cancel()
        await asyncio.gather(*self._tasks)

    async def add(
        self, wanted: Wanted, ttls: Ttls | None = None
    ) -> tuple[Override, Override | None]:
        """Puts a word in force; also says which one about the same target it replaces.

        A drain goes by phases if it is told the `ttls` that it has to wait out. Raises GtmError
        when there are too many. It holds even if it can't be saved.
        """
        now = self._now()
        book, added, replaced = self.book.adding(wanted, now, ttls)
        self.book = book
        if replaced is not None:
            self._forget(replaced)
        also = {} if replaced is None else {"replaces": str(replaced)}
        log.info("override_added", **_fields(added), forced=wanted.force, **also)
        if added.is_coming and (replaced is None or replaced.course != added.course):
            log.info("drain_lowering", **_fields(added), **_phase_fields(added, now))
        self._warn_unkept()
        self._time(added, None if added.expires is None else added.expires - now)
        self._time_step(added)
        self._arm()
        self._changed()
        # a caller that is cancelled does not stop a save halfway
        await asyncio.shield(self._save_later())
        return added, replaced

    async def remove(self, one: Override, by: str) -> None:
        """Takes a word back."""
        self.book = self.book.without([one])
        self._forget(one)
        log.info("override_removed", **_fields(one), removed_by=by)
        self._arm()
        self._changed()
        # a caller that is cancelled does not stop a save halfway
        await asyncio.shield(self._save_later())

    # --- the clock ----------------------------------------------------------------------

    def _time(self, one: Override, seconds: float | None) -> None:
        if seconds is not None:
            self._deadlines[one.number] = asyncio.get_running_loop().time() + seconds

    def _time_step(self, one: Override) -> None:
        """Notes when a drain goes over to its next phase."""
        if self._steps is not None and one.course is not None and one.course.next is not None:
            wait = max(0.0, one.course.next[1] - self._now())
            self._steps[one.number] = asyncio.get_running_loop().time() + wait

    def _forget(self, one: Override) -> None:
        self._deadlines.pop(one.number, None)
        self.held.pop(one.number, None)
        if self._steps is not None:
            self._steps.pop(one.number, None)

    def _arm(self) -> None:
        """Sets the one timer to what ends or goes on next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        moments = [*self._deadlines.values(), *(self._steps or {}).values()]
        if moments:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(min(moments), self._tick, min(moments))

    def _tick(self, moment: float) -> None:
        # a timer may come a tick of its clock early: what it was set for is due all the same
        time, before = max(asyncio.get_running_loop().time(), moment), self.book
        over = {number for number, deadline in self._deadlines.items() if deadline <= time}
        self._drop(one for one in self.book.overrides if one.number in over)
        due = {number for number, step in (self._steps or {}).items() if step <= time}
        for one in before.overrides:
            if one.number in due - over:
                self._advance(one, time)
        self._arm()
        if self.book != before:
            self._changed()
            self._save_later()

    def _advance(self, one: Override, time: float) -> None:
        """Takes a drain that is due to its next phase, unless that is not safe now."""
        assert self._steps is not None  # noqa: S101  # only `begin` and later acts set steps
        del self._steps[one.number]
        why = self._objection(one) if one.is_coming else ""
        if why:
            self._steps[one.number] = time + TRY_AGAIN
            if one.number not in self.held:
                log.warning("drain_held", **_fields(one), why=why, try_again_seconds=TRY_AGAIN)
            self.held[one.number] = why
            return
        self.held.pop(one.number, None)
        now = self._now()
        self.book = self.book.onward(one.number, now)
        moved = one.onward(now)
        self._time_step(moved)
        event = "drain_withdrawn" if one.is_coming else "drain_safe"
        log.info(event, **_fields(moved), **_phase_fields(moved, now))

    def _drop(self, gone: Iterable[Override]) -> None:
        gone = tuple(gone)
        self.book = self.book.without(gone)
        for one in gone:
            self._forget(one)
            log.info("override_expired", **_fields(one))

    # --- the disk -----------------------------------------------------------------------

    def _warn_unkept(self) -> None:
        if self.store is None and not self._warned:
            self._warned = True
            log.warning(
                "overrides_not_kept",
                reason="they live in memory and are lost when the server stops",
                remedy="serve with --state DIR",
            )

    def _save_later(self) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._save())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _save(self) -> None:
        """Saves the book as it is when its turn comes; what can't be saved is tried again."""
        if self.store is None:
            return
        async with self._saving:
            try:
                await asyncio.to_thread(self.store.save, self.book)
                self._saved(None)
            except OSError as error:
                self._saved(error.strerror or str(error))

    def _saved(self, trouble: str | None) -> None:
        """Says once when saving begins to fail, and once when it works again."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if trouble is not None:
            self._retry = asyncio.get_running_loop().call_later(SAVE_AGAIN, self._save_later)
        if trouble is not None and self.unsaved is None:
            log.error("overrides_not_saved", error=trouble, try_again_seconds=SAVE_AGAIN)
        elif trouble is None and self.unsaved is not None:
            log.info("overrides_saved")
        self.unsaved = trouble


def counts(book: Book) -> dict[Act, int]:
    """How many overrides of each act are in force."""
    return {act: sum(one.act is act for one in book.overrides) for act in Act}


def _phase_fields(one: Override, now: float) -> dict[str, object]:
    """What a phase of a drain does, and how many seconds it lasts."""
    if one.course is None or one.course.next is None:
        return {}
    phase, at = one.course.next
    lowered = {"ttl": one.course.ttls.lowered} if one.course.lowers else {}
    return {**lowered, f"{phase.value}_in_seconds": round(at - now, 1)}


def _fields(one: Override) -> dict[str, object]:
    """An override as the log says it."""
    return {
        "number": one.number,
        "act": one.act.value,
        "target": str(one.target),
        "by": one.author,
        "reason": one.reason,
        "expires": one.expires,
    }
