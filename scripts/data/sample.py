"""Build data/sample.mmdb from data/sample.csv: cities on documentation networks.

    python scripts/data/sample.py

The file has the shape of a GeoIP2 City database and the same bytes at every run.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from city_record import city_record
from mmdb_file import Description, Network, Record, mmdb_bytes

DATA = Path(__file__).resolve().parents[2] / "data"

# A fixed build time keeps the bytes the same; so late that the file never counts as out of date.
BUILT = 4102444800  # 2100-01-01T00:00:00Z


def sample_bytes(table: Path = DATA / "sample.csv") -> bytes:
    """The database for a table."""
    description = Description("gtm-Sample-City", "Made-up cities on documentation networks", BUILT)
    return mmdb_bytes(_networks(table), description)


def _networks(table: Path) -> Iterator[tuple[Network, Record]]:
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            point = float(row["latitude"]), float(row["longitude"])
            record = city_record(
                row["country"],
                point,
                int(row["accuracy_radius"]),
                subdivision=row["subdivision"],
                city=row["city"],
            )
            yield ip_network(row["network"]), record


if __name__ == "__main__":
    (DATA / "sample.mmdb").write_bytes(sample_bytes())
