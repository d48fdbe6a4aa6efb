"""Database files for the tests of gtm.geo, written by the writer that builds data/."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts" / "data"))

from mmdb_file import Description, Record, Unsigned, Value, mmdb_bytes  # noqa: E402

__all__ = ["BUILT", "LONDON", "PARIS", "TOKYO", "Unsigned", "city", "database", "write"]

BUILT = 1_700_000_000


def city(country: str, latitude: float, longitude: float, **more: Value) -> Record:
    """A nested record."""
    return {
        "country": {"iso_code": country},
        "location": {"latitude": latitude, "longitude": longitude},
        **more,
    }


LONDON = city("GB", 51.5, -0.1, subdivisions=[{"iso_code": "ENG"}, {"iso_code": "LND"}])
PARIS = city("FR", 48.9, 2.4)
TOKYO = city("JP", 35.7, 139.7)


def database(
    networks: Mapping[str, Record], *, ip_version: int = 6, record_size: int = 24
) -> bytes:
    """The bytes of a database."""
    description = Description("Test", "for tests", BUILT, ip_version, record_size)
    return mmdb_bytes(((ip_network(key), value) for key, value in networks.items()), description)


def write(path: Path, networks: Mapping[str, Record], **options: int) -> Path:
    """A database file at `path`."""
    path.write_bytes(database(networks, **options))
    return path
