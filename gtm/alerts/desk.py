"""One receiver's alerts: what is open, what has been told, what is to be told next. Pure.

An alert collects conditions. It waits `group_wait` for those that come together, tells of them
at once, tells again when it gets worse or after `repeat`, and tells that it is over once none of
its conditions lasts. What is over before it was told is not told at all. Messages are made from
how things stand when they go, so what flaps while the bucket is empty costs one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gtm.alerts.bucket import Bucket
from gtm.alerts.condition import PARTS, place
from gtm.alerts.notice import Notice
from gtm.events import Event, Kind, Severity
from gtm.events.event import UNTOLD
from gtm.receivers import Receiver, ReceiverType

MOST_ALERTS = 1000  # open at once: beyond that new ones are counted as untold
MOST_CONDITIONS = 20_000  # of one alert; what is beyond is neither told nor counted
KEPT_ENDED = 50  # ended conditions that are kept for the message that it is over


@dataclass(slots=True)
class Alert:
    """One alert of one receiver. `due` is when it is looked at next (None: not before a change).

    `told` are the keys of the conditions that a message has told of, `severity` what it said.
    `untold` counts changes since the last message, `held` is whether one waits for a token.
    """

    id: str
    name: str
    began: float
    within: str = ""
    open: dict[str, Event] = field(default_factory=dict)
    ended: dict[str, Event] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    severity: Severity | None = None
    due: float | None = None
    repeat_at: float | None = None
    untold: int = 0
    held: bool = False

    @property
    def worst(self) -> Severity:
        """How much it matters now."""
        return max(event.severity for event in self.open.values())


class Desk:
    """The alerts of one receiver. `now` is monotonic seconds; events have Unix time."""

    def __init__(self, receiver: Receiver) -> None:
        """Nothing is open yet."""
        self.receiver = receiver
        self.alerts: dict[str, Alert] = {}
        self.untold = 0
        self.unseen: set[str] = set()
        self._bucket = Bucket(receiver.burst, receiver.pace)

    def change(self, receiver: Receiver) -> None:
        """Goes by new settings from now on."""
        if receiver != self.receiver:
            self.receiver = receiver
            self._bucket = Bucket(receiver.burst, receiver.pace)

    def note(self, event: Event, now: float) -> None:
        """Takes notice of an event, if the receiver is told of such."""
        where = place(event)
        alert = self.alerts.get(where.alert)
        self.unseen.discard(event.key)
        if event.over:
            if alert is not None and event.key in alert.open:
                self._end(alert, event, now)
        elif self.receiver.wants(event) or (alert is not None and event.key in alert.open):
            self._begin(alert, event, now)

    def forget_unseen(self, at: float, now: float, kinds: frozenset[Kind]) -> None:
        """Ends what was open before a restart and has not been seen since. `at` is Unix time."""
        self.end(
            lambda event: event.key in self.unseen and event.kind in kinds,
            at,
            now,
            "it is over since gtm started again",
            "up",
        )

    def end(
        self, which: Callable[[Event], bool], at: float, now: float, reason: str, state: str
    ) -> None:
        """Ends open conditions of which no event will tell the end. `at` is Unix time.

        `state` is what verdicts are said to be then.
        """
        for alert in list(self.alerts.values()):
            for event in list(alert.open.values()):
                if which(event):
                    self.note(_closed(event, at, reason, state), now)

    def next_due(self, now: float) -> float | None:
        """When there may be something to tell; None: not before the next event."""
        times = [alert.due for alert in self.alerts.values() if alert.due is not None]
        times += [alert.repeat_at for alert in self.alerts.values() if alert.repeat_at is not None]
        if not times:
            return None
        return max(min(times), now + self._bucket.wait(now) if self._limited else 0.0)

    def take(self, now: float) -> Iterator[Notice]:
        """What is to be told now, worst first, as far as the bucket reaches."""
        ready = [alert for alert in self.alerts.values() if _is_due(alert, now)]
        for alert in sorted(ready, key=_urgency):
            if not self._has_news(alert, now):
                self._settle(alert)
                continue
            if self._limited and not self._bucket.take(now):
                alert.held = True
                continue
            yield self._told(alert, now)

    # --- conditions come and go ---------------------------------------------------------

    def _begin(self, alert: Alert | None, event: Event, now: float) -> None:
        where = place(event)
        if alert is None:
            if len(self.alerts) >= MOST_ALERTS:
                self.untold += 1
                return
            alert = Alert(where.alert, where.name, event.at, where.within)
            self.alerts[where.alert] = alert
        known = alert.open.get(event.key)
        if known is None and len(alert.open) >= MOST_CONDITIONS:
            return
        if known is None or known.severity is not event.severity:
            alert.untold += 1
            self._look_later(alert, now)
        alert.open[event.key] = event
        alert.ended.pop(event.key, None)

    def _end(self, alert: Alert, event: Event, now: float) -> None:
        del alert.open[event.key]
        alert.told.discard(event.key)
        alert.untold += 1
        alert.ended[event.key] = event
        if len(alert.ended) > KEPT_ENDED:
            del alert.ended[next(iter(alert.ended))]
        self._look_later(alert, now)
        if not alert.open:
            # what it covered may now need a message of its own
            for other in self.alerts.values():
                if other.within == alert.id and other.open:
                    self._look_later(other, now)

    def _look_later(self, alert: Alert, now: float) -> None:
        if alert.due is None:
            alert.due = now + self.receiver.group_wait

    # --- what is to be told -------------------------------------------------------------

    def _has_news(self, alert: Alert, now: float) -> bool:
        if not alert.open:
            return alert.severity is not None
        if alert.severity is None:
            return not self._covered(alert)
        if alert.repeat_at is not None and alert.repeat_at <= now:
            return True
        if alert.worst > alert.severity:
            return True
        return not self._covered(alert) and not alert.open.keys() <= alert.told

    def _covered(self, alert: Alert) -> bool:
        """Whether another alert tells of it: one that is open and that the receiver is told."""
        other = self.alerts.get(alert.within)
        return other is not None and bool(other.open)

    def _settle(self, alert: Alert) -> None:
        """Nothing to tell: it is over untold, or covered, or nothing that matters changed."""
        alert.due = None
        if not alert.open:
            self.untold += alert.untold if alert.held else 0
            del self.alerts[alert.id]

    @property
    def _limited(self) -> bool:
        """Whether messages cost tokens. Alertmanager wants all of them, and limits by itself."""
        return self.receiver.type is not ReceiverType.ALERTMANAGER

    def _told(self, alert: Alert, now: float) -> Notice:
        notice = self._notice(alert, now)
        self.untold = 0
        alert.untold, alert.due, alert.held = 0, None, False
        if not alert.open:
            del self.alerts[alert.id]
            return notice
        alert.severity, alert.told = alert.worst, set(alert.open)
        alert.ended.clear()
        alert.repeat_at = now + self.receiver.repeat if self.receiver.repeat else None
        return notice

    def _notice(self, alert: Alert, now: float) -> Notice:
        over = not alert.open
        conditions = alert.ended if over else alert.open
        events = sorted(conditions.values(), key=lambda event: (-event.severity, -event.at))
        severity = (alert.severity or Severity.INFO) if over else alert.worst
        changed = alert.severity is not None and severity is not alert.severity
        again = not over and alert.severity is not None and not changed
        return Notice(
            alert.id,
            alert.name,
            severity,
            alert.began,
            tuple(events),
            max(event.at for event in events) if over else None,
            alert.severity if changed else None,
            alert.severity is None,
            () if over else self._parts(alert),
            self.untold + self._beyond(alert),
            again and alert.open.keys() <= alert.told,
        )

    def _beyond(self, alert: Alert) -> int:
        """Changes that came and went while the alert waited for a token."""
        told = len(alert.open.keys() - alert.told) if alert.open else len(alert.ended)
        return max(0, alert.untold - told) if alert.held else 0

    def _parts(self, alert: Alert) -> tuple[tuple[Kind, int], ...]:
        counts: dict[Kind, int] = {}
        for other in self.alerts.values():
            if other.within == alert.id:
                for event in other.open.values():
                    counts[event.kind] = counts.get(event.kind, 0) + 1
        return tuple((kind, counts[kind]) for kind in Kind if kind in counts and kind in PARTS)


def _is_due(alert: Alert, now: float) -> bool:
    times = (alert.due, alert.repeat_at)
    return any(time is not None and time <= now for time in times)


def _urgency(alert: Alert) -> tuple[int, float]:
    severity = alert.worst if alert.open else (alert.severity or Severity.INFO)
    return (-severity, alert.due or 0.0)


def _closed(event: Event, at: float, reason: str, state: str) -> Event:
    return Event(
        at,
        event.kind,
        Severity.INFO,
        event.key,
        reason,
        over=True,
        by="gtm",
        before=event.after,
        after=state if event.after or state == UNTOLD else "",
        zone=event.zone,
        app=event.app,
        service=event.service,
        region=event.region,
        endpoint=event.endpoint,
    )
