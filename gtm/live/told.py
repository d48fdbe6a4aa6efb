"""What happened, as live events tell it: one small object for each kind. Names are bare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from gtm.events import Event, Kind
from gtm.live.feed import Feed
from gtm.overrides import Override

VERDICTS = {Kind.ENDPOINT, Kind.SERVICE, Kind.REGION}
KINDS = ("hello", "verdict", "override", "epoch", "reload", "alert", "traffic", "gap")


class Teller:
    """Puts what happens into a feed. Lives on the control loop."""

    def __init__(self, feed: Feed, words: Callable[[], Iterable[Override]]) -> None:
        """`words` are the overrides in force."""
        self._feed = feed
        self._words = words
        self._known: dict[str, Override] = {}  # by target, for when they are over

    def note(self, event: Event) -> None:
        """Something happened."""
        if event.kind in VERDICTS:
            self._feed.publish("verdict", partial(verdict, event))
        elif event.kind is Kind.OVERRIDE and not (event.before or event.after):
            said = self._override(event)
            self._feed.publish("override", lambda: said)
        else:
            self._feed.publish("alert", partial(alert, event))

    def epoch(self, number: int, at: float) -> None:
        """Something else is answered from now on."""
        self._feed.publish("epoch", lambda: {"at": at, "epoch": number})

    def reload(self, at: float, error: str | None) -> None:
        """Everything was loaded again, or could not be."""
        self._feed.publish("reload", lambda: {"at": at, "ok": error is None, "error": error})

    def _override(self, event: Event) -> dict[str, object]:
        target = event.endpoint
        before = self._known.pop(target, None)
        now = {str(one.target): one for one in self._words()}
        one = before if event.over else now.get(target)
        if not event.over and one is not None:
            self._known[target] = one
        return {
            "at": event.at,
            "act": None if one is None else one.act.value,
            "target": target,
            "reason": event.reason if one is None else one.reason,
            "author": None if one is None else one.author,
            "until": None if one is None else one.expires,
            "over": event.over,
            "said": event.reason,
            "by": event.by,
        }


def verdict(event: Event) -> Mapping[str, object]:
    """A verdict that changed; of an endpoint, a service in a region, or a region of an app."""
    return {
        "at": event.at,
        "zone": event.zone,
        "app": event.app,
        "service": event.service or None,
        "region": event.region,
        "endpoint": event.endpoint or None,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
        "by": event.by,
        "severity": event.severity.word,
        "said": event.said,
    }


def alert(event: Event) -> Mapping[str, object]:
    """Any other condition that began, changed or is over; `key` is the same each time."""
    return {
        "at": event.at,
        "kind": event.kind.value,
        "severity": event.severity.word,
        "key": event.key,
        "zone": event.zone or None,
        "app": event.app or None,
        "service": event.service or None,
        "region": event.region or None,
        "endpoint": event.endpoint or None,
        "said": event.said,
        "reason": event.reason,
        "over": event.over,
        "by": event.by,
    }
