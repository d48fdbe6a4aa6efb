"""Where clients are: geo codes and centroids, address ranges, geo databases."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from gtm.geo.database import Fingerprint, Found, FoundSystem, Geo, fingerprint, open_databases
from gtm.geo.networks import Layer, Ranges

__all__ = [
    "Fingerprint",
    "Found",
    "FoundSystem",
    "Geo",
    "Layer",
    "Ranges",
    "bundled",
    "fingerprint",
    "open_databases",
]

BUNDLED = ("sample.mmdb", "world-country.mmdb")


def bundled() -> tuple[Path, ...]:
    """The databases that come with gtm, for whoever gives none.

    The first covers documentation networks only, so it hides no real address of the second.
    """
    return tuple(_data_file(name) for name in BUNDLED)


def _data_file(name: str) -> Path:
    """A file of data/, which is the package gtm.data once installed."""
    try:
        return Path(str(files("gtm.data").joinpath(name)))
    except ModuleNotFoundError:
        return Path(__file__).resolve().parents[2] / "data" / name
