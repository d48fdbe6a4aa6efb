"""What is on its way to one receiver: in order, one message for each alert, tried again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gtm.alerts.notice import Notice

MOST = 1000  # messages: the oldest go first
OLDEST = 24 * 3600.0  # seconds after which nobody needs to be told any more
FIRST_WAIT = 2.0  # seconds after the first failure
LONGEST_WAIT = 300.0
LONGEST_ASKED = 3600.0  # seconds that a receiver may ask to be left alone for


@dataclass(slots=True)
class Parcel:
    """A message that is to arrive; `born` is monotonic seconds."""

    notice: Notice
    born: float
    attempts: int = 0


class Outbox:
    """The messages of one receiver. A receiver that fails is left alone as a whole for a while."""

    def __init__(self) -> None:
        """Empty, and nothing has failed."""
        self._parcels: dict[str, Parcel] = {}
        self._failures = 0
        self._not_before = 0.0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._parcels)

    def __iter__(self) -> Iterator[Parcel]:
        """Those that wait, oldest first."""
        return iter(self._parcels.values())

    def put(self, notice: Notice, now: float, born: float | None = None) -> int:
        """Adds a message; one of the same alert that waits is replaced. Says how many fell out."""
        before = self._parcels.get(notice.alert)
        attempts = 0
        if before is not None:
            if notice.over and before.notice.first and not before.attempts:
                del self._parcels[notice.alert]  # it never began for them, so it does not end
                return 0
            notice = _merged(before.notice, notice)
            attempts = before.attempts
        since = now if born is None else born
        self._parcels[notice.alert] = Parcel(notice, since, attempts)
        if len(self._parcels) <= MOST:
            return 0
        del self._parcels[next(iter(self._parcels))]
        return 1

    def expired(self, now: float) -> int:
        """Drops what is too old; says how many."""
        old = [key for key, parcel in self._parcels.items() if parcel.born < now - OLDEST]
        for key in old:
            del self._parcels[key]
        return len(old)

    def next_due(self) -> float | None:
        """When a message may go; None with none waiting."""
        return self._not_before if self._parcels else None

    def ready(self, now: float) -> Parcel | None:
        """The message to be sent now."""
        if now < self._not_before:
            return None
        parcel = next(iter(self._parcels.values()), None)
        if parcel is not None:
            parcel.attempts += 1
        return parcel

    def done(self, parcel: Parcel) -> None:
        """It arrived, or never will."""
        self._failures = 0
        self._not_before = 0.0
        if self._parcels.get(parcel.notice.alert) is parcel:
            del self._parcels[parcel.notice.alert]

    def failed(self, now: float, random: float, asked: float | None = None) -> float:
        """It has to be tried again: says in how many seconds. `random` is from 0 to 1.

        `asked` is how long the receiver asks to be left alone.
        """
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures, 20))
        wait *= 0.5 + random / 2
        if asked is not None:
            wait = max(wait, min(asked, LONGEST_ASKED))
        self._failures += 1
        self._not_before = now + wait
        return wait


def _merged(before: Notice, after: Notice) -> Notice:
    """The newer message, with what only the older one would have said."""
    return replace(
        after,
        former=after.former if before.first else before.former or after.former,
        first=before.first or after.first,
        untold=before.untold + after.untold,
        again=before.again and after.again,
    )
