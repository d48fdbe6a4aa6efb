"""What happens, sent to everyone who listens: numbered, kept for a while, never waited for.

Each reader has a queue of its own. Who falls too far behind is cut off: nobody is held up by it,
and it may come back with the number of what it saw last.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from gtm.errors import ServerError

KEPT = 1000  # events that can be asked for again
BEHIND = 50_000  # events that a reader may be behind: a region of 10,000 services fails at once
PIECE = 64 << 10  # octets that are written out at a time, so that a burst holds nobody up
MOST_READERS = 64
MOST_OF_ONE = 48  # of one caller, so that none keeps all others from listening
PASSING = frozenset({"traffic"})  # kinds that are not kept: the next one tells all that they did

Data = Mapping[str, object]


class Message:
    """An event with its number. It is written out once for all readers, when the first one sends.

    So a failure that comes to thousands of events costs the control loop little.
    """

    __slots__ = ("_data", "_octets", "kind", "number")

    def __init__(self, number: int, kind: str, data: Callable[[], Data]) -> None:
        """`data` is asked for once, later, or never."""
        self.number = number
        self.kind = kind
        self._data = data
        self._octets: bytes | None = None

    @property
    def octets(self) -> bytes:
        """As it is sent."""
        if self._octets is None:
            self._octets = written(self.number, self.kind, self._data())
        return self._octets


def written(number: int | None, kind: str, data: Data) -> bytes:
    """An event in the form of WHATWG's server-sent events (HTML, section 9.2.6).

    JSON has no line ends, so the data is one line.
    """
    head = "" if number is None else f"id: {number}\n"
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"{head}event: {kind}\ndata: {text}\n\n".encode()


@dataclass(slots=True, eq=False)
class Reader:
    """One who listens. `kinds` None is all of them; `cut` is set when it was cut off.

    `who` is the caller that it is counted for, "" for nobody.
    """

    kinds: frozenset[str] | None
    drop: Callable[[], object]
    who: str = ""
    waiting: deque[Message] = field(default_factory=deque)
    something: asyncio.Event = field(default_factory=asyncio.Event)
    cut: bool = False
    ended: bool = False

    def wants(self, kind: str) -> bool:
        """Whether it asked for events of that kind."""
        return self.kinds is None or kind in self.kinds

    def put(self, message: Message) -> None:
        """Has it wait for the reader; cuts the reader off if too many do."""
        if len(self.waiting) >= BEHIND:
            self.cut = True
            self.drop()
            return
        self.waiting.append(message)
        self.something.set()

    async def next(self, patience: float) -> bytes | None:
        """Some of what there is to send; None if nothing came for so many seconds."""
        if not self.waiting and not self.ended:
            self.something.clear()
            try:
                async with asyncio.timeout(patience):
                    await self.something.wait()
            except TimeoutError:
                return None
        found, size = list[bytes](), 0
        while self.waiting and size < PIECE:
            found.append(self.waiting.popleft().octets)
            size += len(found[-1])
        return b"".join(found)


class Feed:
    """All readers. Lives on the control loop."""

    def __init__(self, now: float) -> None:
        """`now` is Unix time: numbers go on rising when the server is started again."""
        self.cut_off = 0
        self._number = self._lost = int(now * 1000)
        self._kept: deque[Message] = deque()
        self._readers: set[Reader] = set()
        self._closed = False

    def __len__(self) -> int:
        """How many readers there are."""
        return len(self._readers)

    @property
    def number(self) -> int:
        """The number of the latest event."""
        return self._number

    def wanted(self, kind: str) -> bool:
        """Whether any reader asked for events of that kind."""
        return any(reader.wants(kind) for reader in self._readers)

    def publish(self, kind: str, data: Callable[[], Data]) -> None:
        """Sends an event to who wants it. Never waits; `data` is asked for when it is sent."""
        self._number += 1
        if kind in PASSING and not self.wanted(kind):
            return
        message = Message(self._number, kind, data)
        if kind not in PASSING:
            self._keep(message)
        for reader in list(self._readers):
            if reader.wants(kind):
                reader.put(message)
            if reader.cut:
                self._cut(reader)

    def join(
        self,
        kinds: Collection[str] | None,
        last: int | None,
        drop: Callable[[], object],
        who: str = "",
    ) -> tuple[Reader, bool]:
        """A new reader, and whether it has missed events since number `last` that are not kept.

        `drop` is called when it is cut off. Raises ServerError where there are too many readers,
        or too many of the caller `who`.
        """
        if len(self._readers) >= MOST_READERS:
            raise ServerError(
                f"cannot stream events: {MOST_READERS} readers are connected, and there is room "
                "for no more; close one, or poll /v1/status"
            )
        if who and sum(each.who == who for each in self._readers) >= MOST_OF_ONE:
            raise ServerError(
                f"cannot stream events to {who}: it has {MOST_OF_ONE} streams, and the rest are "
                "for others; close one, or poll /v1/status"
            )
        reader = Reader(None if kinds is None else frozenset(kinds), drop, who, ended=self._closed)
        gap = last is not None and not self._lost <= last <= self._number
        if last is not None and not gap:
            missed = [each for each in self._kept if each.number > last and reader.wants(each.kind)]
            gap = len(missed) > BEHIND
            reader.waiting.extend([] if gap else missed)
        self._readers.add(reader)
        return reader, gap

    def leave(self, reader: Reader) -> None:
        """A reader that is gone; it may be gone already."""
        self._readers.discard(reader)

    def give_up(self, reader: Reader) -> None:
        """A reader whose connection takes nothing any more: it counts as cut off."""
        if reader in self._readers:
            reader.cut = True
            self._cut(reader)

    def close(self) -> None:
        """Ends all streams: the server stops."""
        self._closed = True
        for reader in self._readers:
            reader.ended = True
            reader.something.set()

    def _keep(self, message: Message) -> None:
        self._kept.append(message)
        if len(self._kept) > KEPT:
            self._lost = self._kept.popleft().number

    def _cut(self, reader: Reader) -> None:
        self._readers.discard(reader)
        self.cut_off += 1
