"""What regions report: the latest load of each, from whom, and how old it is.

A region's load is what was posted for it, else the sum of what its endpoints say when they are
probed. Times are those of one clock, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gtm.load.sites import Identity, Site

POSTED = "posted"
PROBED = "probed"


@dataclass(frozen=True, slots=True)
class Said:
    """A load, and when it was said."""

    load: float
    at: float


@dataclass(frozen=True, slots=True)
class Report:
    """A site's load as it is known now.

    `source` is POSTED or PROBED, `age` seconds since it was said. `fresh` is whether it is still
    believed; one that is not is the last that was known.
    """

    load: float
    source: str
    at: float
    age: float
    fresh: bool


class Feeds:
    """The latest word about each site and endpoint."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._posted: dict[Identity, dict[str | None, Said]] = {}
        self._probed: dict[tuple[Identity, str], Said] = {}
        self._latest: dict[Identity, Report] = {}

    def post(self, site: Site, zone: str | None, load: float, now: float) -> None:
        """A site's whole load, or with a zone the part that this zone's clients bring."""
        self._posted.setdefault(site.identity, {})[zone] = Said(load, now)

    def probed(self, site: Site, endpoint: str, load: float, at: float) -> None:
        """What an endpoint said last; one address counts once, however often it is used."""
        self._probed[site.identity, endpoint] = Said(load, at)

    def keep(self, sites: Iterable[Site], endpoints: Iterable[tuple[Identity, str]]) -> None:
        """Forgets what is not there any more."""
        known, ends = {site.identity for site in sites}, set(endpoints)
        self._posted = {key: said for key, said in self._posted.items() if key in known}
        self._latest = {key: said for key, said in self._latest.items() if key in known}
        self._probed = {key: said for key, said in self._probed.items() if key in ends}

    def reports(self, sites: Iterable[Site], now: float) -> Mapping[Identity, Report]:
        """Each site's load, of those of which anything was ever known."""
        found = {}
        ends: dict[Identity, list[Said]] = {}
        for (key, _), said in self._probed.items():
            ends.setdefault(key, []).append(said)
        for site in sites:
            key, expire = site.identity, site.feed.expire
            report = self._of_posts(key, now, expire) or _sum(
                ends.get(key, ()), PROBED, now, expire
            )
            if report is None and (last := self._latest.get(key)) is not None:
                report = Report(last.load, last.source, last.at, now - last.at, fresh=False)
            if report is not None:
                found[key] = self._latest[key] = report
        return found

    def _of_posts(self, key: Identity, now: float, expire: float) -> Report | None:
        """The whole, if it was posted and is fresh; else the parts that are."""
        posted = self._posted.get(key, {})
        whole = posted.get(None)
        if whole is not None and now - whole.at <= expire:
            return _sum([whole], POSTED, now, expire)
        parts = [said for zone, said in posted.items() if zone is not None]
        return _sum(parts, POSTED, now, expire)


def _sum(said: Iterable[Said], source: str, now: float, expire: float) -> Report | None:
    """The sum of what is fresh; as old as the oldest of it."""
    fresh = [each for each in said if now - each.at <= expire]
    if not fresh:
        return None
    at = min(each.at for each in fresh)
    return Report(sum(each.load for each in fresh), source, at, max(0.0, now - at), fresh=True)
