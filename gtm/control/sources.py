"""What is on disk: zone files and geo databases, read when they changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from gtm.checks import Freeze, Target
from gtm.dnssec.keyring import Keyring
from gtm.errors import GtmError
from gtm.geo import Fingerprint, Geo, fingerprint, open_databases
from gtm.health import Vantage
from gtm.model import Zone
from gtm.steering.served import regions_served
from gtm.steering.watched import gateway, targets_in
from gtm.zonefile import KnownEndpoints, Loaded, load

log = structlog.get_logger("gtm")

YAML = {".yaml", ".yml"}
Stamps = dict[Path, tuple[int, int, int] | None]


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that everything comes from. `geoip` empty: steer without a database.

    `keys` is the folder of keys of signed zones, None where none is known.
    """

    zones: Path
    geoip: tuple[Path, ...]
    keys: Path | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What was read, all that is to be probed for it, and what tells that from being cut off.

    `seconds` is how long reading took.
    """

    loaded: Loaded
    geo: Geo
    targets: frozenset[Target]
    vantage: Vantage
    seconds: float


class Reader:
    """Reads the sources; called in worker threads, one at a time.

    `now` is Unix time, `clock` monotonic seconds.
    """

    def __init__(
        self, sources: Sources, now: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        """Nothing is read yet."""
        self.sources = sources
        self.geo_error: str | None = None
        self._now = now
        self._clock = clock
        self._geo: tuple[Fingerprint, Geo] | None = None
        self._files: Stamps = {}
        self._read_files: set[Path] = set()
        self._known = KnownEndpoints()
        self._keyring = Keyring(sources.keys)

    def read(self) -> Read:
        """Everything; a database that can't be read leaves the one before in use.

        Raises GtmError when the zones, or a database at the first time, can't be used.
        """
        # stamped before they are read: a file changed meanwhile is then read again
        before, begun = self._stamp(), self._clock()
        self._files = before
        loaded = load(self.sources.zones, known=self._known, keys=self._keyring)
        self._read_files = {Path(name) for name in loaded.files}
        self._files = self._stamp() | before
        targets, vantage = watched(loaded.zones)
        geo = self._open_geo()
        return Read(loaded, geo, targets, vantage, self._clock() - begun)

    def changed(self) -> bool:
        """Whether a file differs from what was last looked at."""
        return self._stamp() != self._files

    def _open_geo(self) -> Geo:
        """The databases, read again only if a file was replaced."""
        if not self.sources.geoip:
            return Geo.empty()
        stamp = fingerprint(self.sources.geoip)
        if self._geo is not None and self._geo[0] == stamp:
            return self._geo[1]
        try:
            geo = open_databases(self.sources.geoip)
            _warn_of_age(geo, self._now())
            self.geo_error = None
        except GtmError as error:
            if self._geo is None:
                raise
            geo = self._geo[1]
            self.geo_error = str(error)
            log.warning("geo_database_kept", error=str(error), still_used="the one before")
        self._geo = (stamp, geo)
        return geo

    def _stamp(self) -> Stamps:
        """What to tell a change by, of the files read and those that a load would read now."""
        keys = self._keyring.watched()
        paths = sorted(
            {*_beside(self.sources.zones), *self._read_files, *self.sources.geoip, *keys}
        )
        return dict(zip(paths, fingerprint(paths), strict=True))


def watched(zones: Sequence[Zone]) -> tuple[frozenset[Target], Vantage]:
    """All that is to be probed for the zones, and what tells that from being cut off.

    A server has one checker: it has the canaries of all zones, and goes by the first `freeze` that
    differs from the usual.
    """
    served = regions_served(zones)
    canaries = frozenset(
        target
        for zone in zones
        if zone.canary is not None
        for target in targets_in(gateway(zone.canary))
    )
    own = [zone.freeze for zone in zones if zone.freeze != Freeze()]
    rules = own[0] if own else Freeze()
    return frozenset(served) | canaries, Vantage(served, canaries, rules)


def _beside(zones: Path) -> list[Path]:
    """The files in a folder of zones, or the YAML beside a zone file; none if it is not there."""
    try:
        if zones.is_dir():
            return [path for path in zones.iterdir() if not path.name.startswith(".")]
        return [path for path in zones.parent.iterdir() if path.suffix in YAML]
    except OSError:
        return []


def _warn_of_age(geo: Geo, now: float) -> None:
    for source in geo.stale(now):
        log.warning(
            "geo_database_old",
            path=str(source.path),
            days=round((now - source.built) / 86400),
            remedy="networks move: give a newer file with --geoip",
        )
