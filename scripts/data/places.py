"""Build gtm/geo/countries.csv and subdivisions.csv from Natural Earth (public domain).

    python scripts/data/places.py COUNTRIES.dbf ADMIN1.json

COUNTRIES.dbf is Natural Earth's 1:10m admin-0 countries table; ADMIN1.json its 1:10m admin-1
states and provinces as GeoJSON. data/README.md says where both come from. The same input gives
the same bytes. What Natural Earth lacks or codes differently stands in place_corrections.py.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from place_corrections import (
    CONTINENTS,
    COUNTRIES,
    DEPENDENCIES,
    INCOMPLETE,
    PARENTS,
    RENAMED,
)

TARGET = Path(__file__).resolve().parents[2] / "gtm" / "geo"
CONTINENT_CODES = {
    "Africa": "AF",
    "Antarctica": "AN",
    "Asia": "AS",
    "Europe": "EU",
    "North America": "NA",
    "Oceania": "OC",
    "South America": "SA",
}
ISO_3166_2 = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
# Where several rows have one code, the state itself comes before its outlying parts.
STANDING = {"Indeterminate": 1, "Dependency": 2}
Point = tuple[float, float]
Weighted = tuple[float, float, float]
Country = tuple[str, str, float, float]


def main(countries_dbf: Path, admin1_json: Path) -> None:
    """Write both tables beside the code that reads them."""
    countries = read_countries(countries_dbf)
    subdivisions = read_subdivisions(admin1_json, countries)
    write(
        TARGET / "countries.csv",
        ("code", "name", "continent", "latitude", "longitude", "subdivisions"),
        (
            (code, *countries[code], "some" if code in INCOMPLETE else "all")
            for code in sorted(countries)
        ),
    )
    write(
        TARGET / "subdivisions.csv",
        ("code", "name", "latitude", "longitude"),
        ((code, *subdivisions[code]) for code in sorted(subdivisions)),
    )


def write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str | float, ...]]) -> None:
    """Write one table, `\\n` at line ends whatever the system's habit."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_countries(path: Path) -> dict[str, Country]:
    """Name, continent, latitude and longitude of the label point, by ISO 3166-1 alpha-2."""
    found: dict[str, Country] = {}
    for row in sorted(read_dbf(path), key=lambda row: STANDING.get(row["TYPE"], 0)):
        code = row["ISO_A2_EH"]
        if code in found or not re.fullmatch("[A-Z]{2}", code):
            continue
        continent = CONTINENTS.get(code) or CONTINENT_CODES[row["CONTINENT"]]
        point = float(row["LABEL_Y"]), float(row["LABEL_X"])
        found[code] = (row["NAME_EN"], continent, *rounded(point))
    return found | COUNTRIES


def read_dbf(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a dBASE III table, as text without padding."""
    data = path.read_bytes()
    count = int.from_bytes(data[4:8], "little")
    header_size = int.from_bytes(data[8:10], "little")
    row_size = int.from_bytes(data[10:12], "little")
    fields = [
        (data[at : at + 11].split(b"\0")[0].decode("ascii"), data[at + 16])
        for at in range(32, header_size - 1, 32)
    ]
    for index in range(count):
        at = header_size + index * row_size + 1
        row = {}
        for name, width in fields:
            row[name] = data[at : at + width].decode("utf-8", "replace").strip("\0 ")
            at += width
        yield row


def read_subdivisions(
    path: Path, countries: dict[str, Country]
) -> dict[str, tuple[str, float, float]]:
    """Name, latitude and longitude by ISO 3166-2 code; several units are weighted by area."""
    names: dict[str, str] = {}
    points: dict[str, list[Weighted]] = defaultdict(list)
    for feature in json.loads(path.read_text("utf-8"))["features"]:
        row = feature["properties"]
        for code, name in codes_of(row):
            names.setdefault(code, name)
            weight = area(feature["geometry"])
            points[code].append((float(row["latitude"]), float(row["longitude"]), weight))
    found = {code: (names[code], *rounded(mean(points[code]))) for code in names}
    for code, country in DEPENDENCIES.items():
        name, _, latitude, longitude = countries[country]
        found[code] = (name, latitude, longitude)
    return {code: row for code, row in found.items() if code[:2] in countries}


def codes_of(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The code and name of one admin-1 unit, and those of the larger unit it is part of."""
    code = RENAMED.get(row["iso_3166_2"], row["iso_3166_2"])
    # Natural Earth's own provisional codes end in "~".
    if ISO_3166_2.fullmatch(code):
        yield code, (row["name_en"] or row["name"]).strip()
    field, parents = PARENTS.get(row["iso_a2"], ("", {}))
    if field and row[field].strip() in parents:
        yield parents[row[field].strip()]


def area(geometry: dict[str, Any]) -> float:
    """The area of the outer rings in square degrees at the equator, by the shoelace formula."""
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return sum(ring_area(polygon[0]) for polygon in polygons)


def ring_area(ring: list[list[float]]) -> float:
    """See `area`."""
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    return abs(twice) / 2 * math.cos(math.radians(ring[0][1]))


def mean(points: list[Weighted]) -> Point:
    """The weighted mean of points that lie close together and not across the date line."""
    total = sum(weight for _, _, weight in points)
    return (
        sum(latitude * weight for latitude, _, weight in points) / total,
        sum(longitude * weight for _, longitude, weight in points) / total,
    )


def rounded(point: Point) -> Point:
    """To about a kilometre: more would claim what a centroid can't mean."""
    return round(point[0], 2), round(point[1], 2)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
