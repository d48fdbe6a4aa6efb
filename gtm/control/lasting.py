"""The conditions that no verdict tells, read off the parts of a server: for alerts and history.

Whether something holds is asked again and again: each part knows how it stands, and need not
know who is to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain

from gtm.compile.served import SignedZone
from gtm.control.resigning import ending_signatures
from gtm.events import Event, Lasting, Sink, conditions
from gtm.health.told import Census
from gtm.load.loop import CapacityLoop
from gtm.load.picture import Feed, Standing
from gtm.overrides import Register
from gtm.planes.certificate import Keeper

DAY = 86400.0  # seconds
DNS_OVER_TLS = "DNS over TLS"  # what the certificate of the planes is for
ENDS_SOON = 14 * DAY  # seconds before its end, as for the certificates of endpoints
EASED = 0.95  # of its capacity: a region that was full is so until its load is below


class Conditions:
    """Tells what began to hold, and what is over. `error` is what is wrong with geo databases."""

    def __init__(
        self,
        register: Register,
        census: Callable[[], Census],
        error: Callable[[], str | None],
        capacity: CapacityLoop,
        tell: Sink,
        signed: Callable[[], tuple[SignedZone, ...]] = lambda: (),
    ) -> None:
        """Nothing was looked at yet. `signed` is how signed zones stand."""
        self._signed = signed
        self._register = register
        self._census = census
        self._error = error
        self._capacity = capacity
        self._tell = tell
        self._lasting = Lasting()
        self._full: frozenset[str] = frozenset()
        self._others: list[Callable[[float], Iterable[Event]]] = []

    def add(self, holding: Callable[[float], Iterable[Event]]) -> None:
        """Asks for further conditions; what is called gets a Unix time."""
        self._others.append(holding)

    def look(self, at: float) -> None:
        """How everything stands `at` a Unix time."""
        fullness = {_region(each): each for each in self._capacity.picture.sites}
        self._full = frozenset(
            name for name, each in fullness.items() if _is_full(each, name in self._full)
        )
        holding = (
            *held_drains(self._register, at),
            *kept_database(self._error(), at),
            *stale_verdicts(self._census(), at),
            *stale_loads(self._capacity, at),
            *over_capacity(self._capacity, self._full, at),
            *ending_signatures(self._signed(), at),
            *chain.from_iterable(each(at) for each in self._others),
        )
        for event in self._lasting.follow(holding, at):
            self._tell(event)


def held_drains(register: Register, at: float) -> Iterator[Event]:
    """Planned drains that are due and that `safety` holds back; `at` is Unix time."""
    for one in register.book.overrides:
        if (why := register.held.get(one.number)) is not None:
            yield conditions.held(at, str(one.target), f"{one}: {why}", f"override by {one.author}")


def kept_database(error: str | None, at: float) -> Iterator[Event]:
    """A geo database that could not be read: the one before is used."""
    if error is not None:
        yield conditions.database(at, f"{error}; the one before is used")


def stale_verdicts(census: Census, at: float) -> Iterator[Event]:
    """Verdicts that nobody looks after any more."""
    if census.stale:
        words = f"{census.stale} of {census.targets} targets were not probed for too long"
        yield conditions.stale(at, "health", words)


def stale_loads(capacity: CapacityLoop, at: float) -> Iterator[Event]:
    """Regions with a capacity that do not say their load any more, or never did."""
    for standing in capacity.picture.sites:
        feed = capacity.said(standing.site)[0]
        if feed is not Feed.FRESH:
            name = f"load of {_region(standing)}"
            yield conditions.stale(at, name, _silence(standing, feed))


def over_capacity(capacity: CapacityLoop, full: frozenset[str], at: float) -> Iterator[Event]:
    """Regions that send clients elsewhere, or are among those that are `full`."""
    for standing in capacity.picture.sites:
        too_much = _region(standing) in full
        if too_much or capacity.said(standing.site)[1]:
            words = _fullness(standing)
            for zone in standing.site.zones:
                place = zone.rstrip("."), standing.site.name
                yield conditions.capacity(at, *place, words, full=too_much)


def own_certificate(keeper: Keeper, at: float, what: str = DNS_OVER_TLS) -> Iterator[Event]:
    """The certificate that `what` is served with ends soon, or is not renewed."""
    left = keeper.current.expires - at
    if left < ENDS_SOON:
        day = f"{datetime.fromtimestamp(keeper.current.expires, UTC):%Y-%m-%d}"
        ended = left <= 0
        end = f"ended on {day}" if ended else f"ends on {day}, in {round(left / DAY)} days"
        words = f"the certificate for {', '.join(keeper.shown())} {end}"
        yield conditions.certificate(at, f"{what} ({keeper.path.name})", "", words, ended=ended)
    if keeper.error is not None:
        which = "" if what == DNS_OVER_TLS else what
        yield conditions.renewal(at, f"{keeper.error}; the one before is used", of=which)


def _is_full(standing: Standing, was: bool) -> bool:
    """Whether a region has more than it can take; one that `was` full still is near that."""
    most, load = standing.site.region.capacity, standing.load
    return most is not None and load is not None and load > most * (EASED if was else 1.0)


def _fullness(standing: Standing) -> str:
    load = standing.load
    said = standing.words() if load is None else f"load {load:,.0f}; {standing.words()}"
    away = round(standing.turned_away)
    return f"{said}; {away:,} of it goes elsewhere" if away else said


def _region(standing: Standing) -> str:
    zones = ", ".join(zone.rstrip(".") for zone in standing.site.zones)
    return f"{standing.site.name} of {zones}"


def _silence(standing: Standing, feed: Feed) -> str:
    report, rule = standing.report, standing.site.feed
    if feed is Feed.NEVER or report is None:
        return "none was reported since the start: nothing spills before one is known"
    return f"none for {report.age:.0f} s; it goes by `stale: {rule.stale.value}`"
