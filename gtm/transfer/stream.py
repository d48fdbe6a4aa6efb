"""Zones on their way to secondaries: each in a thread of its own, as fast as its client reads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gtm.dns.message import Query
from gtm.dns.tsig import Seal, Sealing
from gtm.planes.back import Back
from gtm.transfer.copy import Copy
from gtm.transfer.messages import messages

log = structlog.get_logger("gtm")

AT_ONCE = 8  # transfers; a secondary that gets none tries again (RFC 5936 section 2.2.1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who wants a zone, and how it is signed and sent."""

    zone: str
    client: str
    query: Query
    seal: Seal | None
    back: Back


class Streams:
    """The transfers under way. `now` is Unix time, `clock` monotonic seconds."""

    def __init__(self, now: Callable[[], float], clock: Callable[[], float]) -> None:
        """There are none yet."""
        self.counts: Counter[tuple[str, str]] = Counter()  # by zone and outcome
        self._now = now
        self._clock = clock
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()

    def begin(self, wanted: Wanted, content: Callable[[], Copy]) -> bool:
        """Sends a zone by the way back, beside whoever calls; False if too many are under way."""
        if not self._room.acquire(blocking=False):
            self.count(wanted.zone, "too many")
            return False
        thread = threading.Thread(
            target=self._run, args=(wanted, content), name="gtm-transfer", daemon=True
        )
        thread.start()
        return True

    def count(self, zone: str, outcome: str) -> None:
        """Counts a transfer that has ended, or was refused."""
        with self._lock:
            self.counts[zone, outcome] += 1

    def _run(self, wanted: Wanted, content: Callable[[], Copy]) -> None:
        begun, sent, serial, outcome = self._clock(), 0, 0, "failed"
        try:
            copied = content()
            serial = copied.serial
            sent, whole = self._send(wanted, copied)
            outcome = "sent" if whole else "broken off"
        except Exception:  # a fault of ours ends this transfer alone
            log.exception("transfer_failed", zone=wanted.zone.rstrip("."))
            wanted.back.end(None)
        finally:
            self._room.release()
        self.count(wanted.zone, outcome)
        say = log.info if outcome == "sent" else log.warning
        say(
            "transfer",
            zone=wanted.zone.rstrip("."),
            client=wanted.client,
            key=None if wanted.seal is None else (wanted.seal.name or "").rstrip("."),
            serial=serial,
            outcome=outcome,
            records=sent,
            seconds=round(self._clock() - begun, 2),
        )

    def _send(self, wanted: Wanted, copied: Copy) -> tuple[int, bool]:
        """How many records were sent, and whether these are all; the last message ends it."""
        sealing = None if wanted.seal is None else Sealing(wanted.seal)
        held: bytes | None = None
        sent = 0
        for message, records in messages(wanted.query, copied.lines()):
            if held is not None and not wanted.back.send(held):
                wanted.back.end(None)
                return sent, False
            held = message if sealing is None else sealing.next(message, self._now())
            sent += records
        wanted.back.end(held)
        return sent, True
