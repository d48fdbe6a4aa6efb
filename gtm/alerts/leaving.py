"""Receivers that are in no zone file any more: what becomes of what they were told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gtm.alerts.route import Route
from gtm.events.event import UNTOLD
from gtm.receivers import Receiver

GONE = "its zone file tells this receiver no more"


def renamed(
    routes: Mapping[str, Route], wanted: Mapping[str, tuple[Receiver, frozenset[str]]]
) -> dict[str, str]:
    """New ids of receivers that only have another name now, by the old ones."""
    found: dict[str, str] = {}
    new = {number: _nameless(one) for number, (one, _) in wanted.items() if number not in routes}
    for number in routes.keys() - wanted.keys():
        mine = _nameless(routes[number].receiver)
        heir = next((name for name, one in new.items() if one == mine), None)
        if heir is not None:
            del new[heir]
            found[number] = heir
    return found


def _nameless(receiver: Receiver) -> Receiver:
    return replace(receiver, name="")


def say_goodbye(route: Route, at: float, now: float) -> None:
    """Ends what is open, to be told at once; `at` is Unix time, `now` monotonic seconds."""
    route.desk.end(lambda event: True, at, now, GONE, UNTOLD)
    for alert in route.desk.alerts.values():
        alert.due = now
    route.collect(now)


def stay_silent_on_others(route: Route, zones: frozenset[str], at: float, now: float) -> None:
    """Goes by other zones from now on, and ends what is open of those that are left."""
    if route.zones - zones:
        route.desk.end(
            lambda event: bool(event.zone) and event.zone not in zones, at, now, GONE, UNTOLD
        )
    route.zones = zones
