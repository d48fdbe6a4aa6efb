"""Zone files, read while it is shown how far that has come."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gtm.cli.progress import Work
from gtm.dnssec.keyring import Keyring
from gtm.model import Zone
from gtm.zonefile import Loaded, load
from gtm.zonefile.files import in_directory


def loaded(zones: Path, work: Work, keys: Keyring | None = None) -> Loaded:
    """The zones of these files. Raises ZoneFileError."""
    whole = work.walk_of(f"reading {zones}", 2 * _files(zones))  # parsed, then read
    return load(zones, keys=keys, walk=whole.walk)


def _files(zones: Path) -> int:
    try:
        return len(in_directory(zones)) if zones.is_dir() else 1
    except OSError:
        return 0  # the load says what is wrong with it


def services_of(zones: Iterable[Zone]) -> int:
    """How many services are compiled."""
    return sum(len(app.services) for zone in zones for app in zone.apps)
