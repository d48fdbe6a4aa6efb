"""What happened lately, as people tell it: a region that is lost takes services and endpoints with
it, and is one story; that probing began when the server did is none. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from gtm.api.models import EventShape

READ = 200  # events that a few stories are told from
TOGETHER = 15.0  # seconds: what follows from each other comes within a few rounds of probes
BEGINNING = 60.0  # seconds after the start in which everything gets its first verdict
VERDICTS = ("endpoint", "service", "region")  # kinds, the narrowest first


def lately(events: Sequence[EventShape], started: float) -> list[EventShape]:
    """The events that say something new, newest first; `started` is the server's, in Unix time."""
    told = [event for event in events if not _begins(event, started)]
    return [event for event in told if not any(_covers(wide, event) for wide in told)]


def _begins(event: EventShape, started: float) -> bool:
    """Whether it says only that something was not probed yet, or that it is now, and is up."""
    if event.kind not in VERDICTS or not 0 <= event.at - started <= BEGINNING:
        return False
    return event.after == "unknown" or (event.before == "unknown" and event.after == "up")


def _covers(wide: EventShape, event: EventShape) -> bool:
    """Whether the one goes without saying beside the other, which is about more."""
    if event.kind not in VERDICTS or wide.kind not in VERDICTS:
        return False
    if VERDICTS.index(wide.kind) <= VERDICTS.index(event.kind):
        return False
    return (
        abs(wide.at - event.at) <= TOGETHER
        and (wide.zone, wide.region, wide.after) == (event.zone, event.region, event.after)
        and (wide.service or event.service) == event.service
        and wide.app == event.app
    )
