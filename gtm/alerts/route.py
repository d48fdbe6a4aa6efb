"""A receiver with its desk and outbox: everything about telling one of them. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gtm.alerts.desk import Desk
from gtm.alerts.outbox import Outbox
from gtm.alerts.statefile import KeptReceiver, kept_alert, kept_parcel
from gtm.events import Event
from gtm.receivers import Receiver


@dataclass(slots=True)
class Route:
    """The way to one receiver. It hears of its `zones`, and of what is about no zone.

    `failing` says why the latest attempt failed, None if it did not.
    """

    id: str
    desk: Desk
    zones: frozenset[str]
    outbox: Outbox = field(default_factory=Outbox)
    results: Counter[str] = field(default_factory=Counter)
    failing: str | None = None

    @property
    def receiver(self) -> Receiver:
        """Who is told."""
        return self.desk.receiver

    def note(self, event: Event, now: float) -> None:
        """Takes notice of an event; `now` is monotonic seconds."""
        if not event.zone or event.zone in self.zones:
            self.desk.note(event, now)

    def collect(self, now: float) -> None:
        """Puts what is to be told into the outbox."""
        for notice in self.desk.take(now):
            self.results["dropped"] += self.outbox.put(notice, now)
        self.results["dropped"] += self.outbox.expired(now)

    def next_due(self, now: float) -> float | None:
        """When there may be something to do; None: not before the next event."""
        times = (self.desk.next_due(now), self.outbox.next_due())
        return min((time for time in times if time is not None), default=None)

    def kept(self, now: float) -> KeptReceiver:
        """What has to outlive the server."""
        return KeptReceiver(
            untold=self.desk.untold,
            alerts=[kept_alert(alert) for alert in self.desk.alerts.values()],
            parcels=[kept_parcel(parcel, now) for parcel in self.outbox],
        )

    def restore(self, kept: KeptReceiver, now: float, away: float) -> None:
        """Takes up what was kept `away` seconds ago."""
        self.desk.untold = kept.untold
        for one in kept.alerts:
            alert = one.alert()
            alert.due = now + self.receiver.group_wait
            if alert.severity is not None and self.receiver.repeat:
                alert.repeat_at = now + self.receiver.repeat
            self.desk.alerts[alert.id] = alert
            self.desk.unseen |= alert.open.keys()
        for parcel in kept.parcels:
            self.outbox.put(parcel.notice(), now, now - parcel.age - away)


def named(by_zone: dict[str, tuple[Receiver, ...]]) -> dict[str, tuple[Receiver, frozenset[str]]]:
    """Receivers by an id, each with its zones: the name alone, where only one has it.

    What several zones share is one receiver.
    """
    zones: dict[Receiver, set[str]] = {}
    for zone, receivers in by_zone.items():
        for receiver in receivers:
            zones.setdefault(receiver, set()).add(zone)
    names = Counter(receiver.name for receiver in zones)
    found = {}
    for receiver, those in zones.items():
        alone = names[receiver.name] == 1
        number = receiver.name if alone else f"{receiver.name}@{min(those)}"
        found[number] = (receiver, frozenset(those))
    return found
