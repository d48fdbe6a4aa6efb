"""Updates one after the other: judged, kept, published, answered. On the control loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from gtm.dns.names import to_text
from gtm.dns.types import Rcode, type_text
from gtm.model import Zone
from gtm.updates.added import Added, Change, RRKey
from gtm.updates.contents import FileContents
from gtm.updates.journal import Entry, Journal
from gtm.updates.judge import Judged, judge
from gtm.updates.overlay import laid_over, waiting
from gtm.updates.request import Request

log = structlog.get_logger("gtm")

WAITING = 200  # updates at the most; more are SERVFAIL, and are sent again
BURST, PER_SECOND = 100, 20.0  # updates by one key
PUBLISHED = 10.0  # seconds until an update that is kept is answered, published or not
TOLD = 5  # changes that a log line names

NOTHING = Added()


@dataclass(frozen=True, slots=True)
class Asked:
    """An update by the holder of a key, and how it is answered."""

    request: Request
    zone: str
    key: str
    client: str
    answer: Callable[[Rcode], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a zone's added records stand: those that can't be beside what its file has wait."""

    added: Added
    waiting: frozenset[RRKey]


@dataclass(slots=True)
class _Pace:
    """So many at once, then one at a steady pace."""

    tokens: float = BURST
    at: float = field(default=0.0)
    over: bool = False

    def take(self, now: float) -> bool:
        self.tokens = min(BURST, self.tokens + (now - self.at) * PER_SECOND)
        self.at = now
        self.over = self.tokens < 1
        if self.over:
            return False
        self.tokens -= 1
        return True


class UpdateDesk:
    """The added records of all zones. `now` is Unix time, `clock` monotonic seconds.

    Without a journal there are none, and every update is refused.
    """

    def __init__(
        self,
        journal: Journal | None,
        publish: Callable[[], Awaitable[None]],
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        """`publish` serves the zones as they are now."""
        self.counts: Counter[tuple[str, str]] = Counter()  # by zone and rcode
        self._journal = journal
        self._publish = publish
        self._now = now
        self._clock = clock
        self._added: Mapping[str, Added] = {}
        self._contents: Mapping[str, FileContents] = {}
        self._paces: dict[str, _Pace] = {}
        self.held = False  # another process takes over, and has read the journal
        self._queue: asyncio.Queue[Asked] = asyncio.Queue(WAITING)
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Takes in what was kept. Raises StartError."""
        if self._journal is None:
            return
        kept = await asyncio.to_thread(self._journal.load, self._now())
        self._added = kept.added
        if kept.trouble is not None:
            log.error("updates_damaged", trouble=kept.trouble)

    # --- zones --------------------------------------------------------------------------

    def laid_over(self, zones: Sequence[Zone]) -> tuple[Zone, ...]:
        """Zones as their files have them, with what was added. For a worker thread."""
        contents = {zone.name: FileContents(zone) for zone in zones}
        self._contents = contents
        return tuple(
            laid_over(contents[zone.name], self._added.get(zone.name, NOTHING)) for zone in zones
        )

    def number(self, zone: str) -> int:
        """How many updates have changed the zone."""
        return self._added.get(zone, NOTHING).number

    def standing(self, zone: str) -> Standing:
        """What was added to a zone."""
        added, contents = self._added.get(zone, NOTHING), self._contents.get(zone)
        out = frozenset(waiting(contents, added)) if contents is not None else frozenset()
        return Standing(added, out)

    # --- updates ------------------------------------------------------------------------

    def submit(self, asked: Asked) -> None:
        """Has an update dealt with in its turn, or refuses it at once."""
        pace = self._paces.setdefault(asked.key, _Pace(at=self._clock()))
        said = pace.over
        if self._journal is None:
            self._end(asked, Judged(Rcode.REFUSED, (), "there is no state directory to keep it in"))
        elif not pace.take(self._clock()):
            why = "the key has sent too many at once"
            self._end(asked, Judged(Rcode.REFUSED, (), why), said)
        elif self.held:
            self._end(asked, Judged(Rcode.SERVFAIL, (), "another process takes over"))
        elif self._queue.full():
            self._end(asked, Judged(Rcode.SERVFAIL, (), "too many updates wait"))
        else:
            self._queue.put_nowait(asked)

    def refuse(self, zone: str) -> None:
        """Counts an update by somebody whom the zone allows nothing. From any thread."""
        self.counts[zone, Rcode.REFUSED.name] += 1

    async def run(self) -> None:
        """Deals with updates as long as the server runs."""
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                await self._deal(batch)
            except Exception:  # a fault of ours must not end it: the next may fare better
                log.exception("update_failed")
                for asked in batch:
                    self._end(asked, Judged(Rcode.SERVFAIL, (), "a fault of gtm's own"))

    async def remove(self, zone: str, keys: Sequence[RRKey], by: str) -> int:
        """Takes added records out again; says how many there were. Raises OSError."""
        added = self._added.get(zone, NOTHING)
        changes = [
            Change(name, rrtype, 0, data, remove=True)
            for name, rrtype in keys
            if (name, rrtype) in added.sets
            for data in added.sets[name, rrtype].data
        ]
        if changes:
            async with self._turn:
                await self._keep([self._entry(zone, by, changes, {})])
            log.info("updates_removed", zone=zone.rstrip("."), by=by, **_told(changes))
            await self._publish_in_time()
        return len(changes)

    async def _deal(self, batch: Sequence[Asked]) -> None:
        async with self._turn:
            ended = await asyncio.to_thread(self._judge_all, batch)
            entries = [entry for _, _, entry in ended if entry is not None]
            try:
                if entries:
                    await self._keep(entries)
            except OSError as error:
                why = f"it can't be kept: {error.strerror or error}"
                ended = [(asked, Judged(Rcode.SERVFAIL, (), why), None) for asked, _, _ in ended]
                entries = []
        if entries:
            await self._publish_in_time()
        for asked, judged, _ in ended:
            self._end(asked, judged)

    def _judge_all(self, batch: Sequence[Asked]) -> list[tuple[Asked, Judged, Entry | None]]:
        """Each update judged by what those before it leave."""
        ended: list[tuple[Asked, Judged, Entry | None]] = []
        ahead: dict[str, Added] = {}
        for asked in batch:
            contents = self._contents.get(asked.zone)
            if contents is None:  # the zone has gone since it was asked
                ended.append((asked, Judged(Rcode.NOTAUTH, (), "no such zone"), None))
                continue
            added = ahead.get(asked.zone) or self._added.get(asked.zone, NOTHING)
            granted = [one for one in contents.zone.updates if one.key == asked.key]
            judged = judge(asked.request, contents, added, granted)
            entry = None
            if judged.changes:
                by = f"{asked.key} from {asked.client}"
                entry = self._entry(asked.zone, by, judged.changes, ahead)
                ahead[asked.zone] = added.after(judged.changes)
            ended.append((asked, judged, entry))
        return ended

    def _entry(
        self, zone: str, by: str, changes: Sequence[Change], ahead: Mapping[str, Added]
    ) -> Entry:
        added = ahead.get(zone) or self._added.get(zone, NOTHING)
        return Entry(zone, added.number + 1, self._now(), by, tuple(changes))

    async def _keep(self, entries: Sequence[Entry]) -> None:
        """The updates are on disk, and then in force. Raises OSError."""
        assert self._journal is not None  # noqa: S101  # without one every update is refused
        await asyncio.to_thread(self._journal.append, entries)
        added = dict(self._added)
        for entry in entries:
            added[entry.zone] = added.get(entry.zone, NOTHING).after(entry.changes)
        self._added = added
        try:
            await asyncio.to_thread(self._journal.tidy, added)
        except OSError as error:  # what was appended is there all the same
            log.warning("updates_not_tidied", error=str(error))

    async def _publish_in_time(self) -> None:
        """Published, or under way for too long to be waited for: what is kept will be served."""
        published = asyncio.ensure_future(self._publish())
        try:
            await asyncio.wait_for(asyncio.shield(published), PUBLISHED)
        except TimeoutError:
            log.warning("update_published_late", seconds=PUBLISHED)
        except Exception:  # it is kept, and the next load serves it
            log.exception("update_not_published")

    def _end(self, asked: Asked, judged: Judged, said: bool = False) -> None:
        """Answers, and logs it unless the same has been `said` just now."""
        self.counts[asked.zone, judged.rcode.name] += 1
        if said:
            return asked.answer(judged.rcode)
        say = log.info if judged.rcode is Rcode.NOERROR else log.warning
        say(
            "update",
            zone=asked.zone.rstrip("."),
            key=asked.key.rstrip("."),
            client=asked.client,
            rcode=judged.rcode.name,
            reason=judged.reason or None,
            **_told(judged.changes),
        )
        return asked.answer(judged.rcode)


def _told(changes: Sequence[Change]) -> dict[str, object]:
    """Changes for the log: what they are about, never the data."""
    about = [
        f"{'-' if one.remove else '+'}{to_text(one.name).rstrip('.')} {type_text(one.type)}"
        for one in changes[:TOLD]
    ]
    more = len(changes) - TOLD
    return {"changes": [*about, f"and {more} more"] if more > 0 else about}
