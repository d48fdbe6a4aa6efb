"""What one record of a geo database says about a place, whichever way the database spells it.

Two shapes are in use. Nested records are GeoIP2's (GeoLite2, DB-IP and IP2Location write them
too) and are read by geoip2's own model: 7 µs a record here, once for each distinct one. Flat ones
hold strings and numbers only (ip-location-db, IPLocate, ipinfo); geoip2's readers refuse them, so
their keys are read here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from geoip2.models import City

from gtm.geo.places import CONTINENTS, countries, subdivisions
from gtm.model import Location

NESTED = "nested (GeoIP2)"
FLAT = "flat"

_SUBDIVISION = re.compile(r"[A-Z0-9]{1,3}")


class Place(NamedTuple):
    """The fields of a Location, cheaper to make and to hash."""

    latitude: float
    longitude: float
    continent: str | None
    country: str | None
    subdivision: str | None

    def location(self) -> Location:
        """As the rest of gtm has it."""
        return Location(*self)


def schema_of(record: object) -> str | None:
    """NESTED, FLAT, or None for what is no record of a place at all."""
    if not isinstance(record, dict):
        return None
    if any(isinstance(record.get(key), dict) for key in ("country", "location", "continent")):
        return NESTED
    return FLAT if _FLAT_KEYS & record.keys() else None


def read_place(record: object, schema: str | None) -> Place | None:
    """The place that a record gives: its coordinates, or else the centroid of its country.

    `schema` is what `schema_of` says of the record. None when the record has neither. Raises
    TypeError, ValueError or AttributeError for a nested record with fields of the wrong type.
    """
    if schema is None or not isinstance(record, dict):
        return None
    return _read_nested(record) if schema == NESTED else _read_flat(record)


def _read_nested(record: dict[str, object]) -> Place | None:
    city = City(["en"], **record)  # type: ignore[arg-type]  # whatever the file holds
    first = city.subdivisions[0] if city.subdivisions else None
    return _place(
        (city.location.latitude, city.location.longitude),
        city.continent.code,
        city.country.iso_code or city.registered_country.iso_code,
        first.iso_code if first else None,
    )


_POINT_KEYS = ("lat", "latitude", "lon", "lng", "longitude", "loc")
_CODE_KEYS = ("country_code", "country", "continent_code", "continent")
_FLAT_KEYS = frozenset((*_POINT_KEYS, *_CODE_KEYS))


def _read_flat(record: Mapping[str, object]) -> Place | None:
    country = _country(record.get("country_code")) or _country(record.get("country"))
    continent = record.get("continent_code") or record.get("continent")
    subdivision = record.get("region_code") or record.get("subdivision_code")
    if not subdivision and country:
        name = record.get("state1") or record.get("region") or record.get("state")
        subdivision = _subdivision_named(country, name) if isinstance(name, str) else None
    return _place(_flat_point(record), continent, country, subdivision)


def _flat_point(record: Mapping[str, object]) -> tuple[object, object]:
    """Latitude and longitude under any of their names, or as one string `51.5,-0.1`."""
    together = record.get("loc")
    if isinstance(together, str):
        latitude, _, longitude = together.partition(",")
        return latitude, longitude
    longitude_key = next((key for key in ("longitude", "lng", "lon") if key in record), "")
    return record.get("latitude", record.get("lat")), record.get(longitude_key)


def _place(
    point: tuple[object, object], continent: object, country: object, subdivision: object
) -> Place | None:
    """Put a place together from what may be missing or wrong in each part."""
    code = _country(country)
    whole = countries()[code].location if code else None
    latitude, longitude = _degrees(point[0], 90), _degrees(point[1], 180)
    # Several writers have 0,0, in the sea off Ghana, for "not known".
    if latitude is None or longitude is None or latitude == longitude == 0:
        if whole is None:
            return None
        latitude, longitude = whole.latitude, whole.longitude
    known = continent if isinstance(continent, str) and continent in CONTINENTS else None
    return Place(
        latitude,
        longitude,
        known or (whole.continent if whole else None),
        code,
        _subdivision(subdivision) if code else None,
    )


def _degrees(value: object, limit: int) -> float | None:
    """A number or numeric string within ±limit; None for anything else, NaN included."""
    if not isinstance(value, (int, float, str)) or isinstance(value, bool):
        return None
    try:
        degrees = float(value)
    except (ValueError, OverflowError):
        return None
    # Six decimals are a decimetre; single floats carry noise below that.
    return round(degrees, 6) if math.isfinite(degrees) and abs(degrees) <= limit else None


def _country(value: object) -> str | None:
    """An ISO 3166-1 alpha-2 code that is known here, else None."""
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if code in countries() else None


def _subdivision(value: object) -> str | None:
    """The second part of an ISO 3166-2 code; some writers give the whole (`US-CA`)."""
    code = value.strip().upper().rpartition("-")[2] if isinstance(value, str) else ""
    return code if _SUBDIVISION.fullmatch(code) else None


def _subdivision_named(country: str, name: str) -> str | None:
    return _names().get((country, _plain(name)))


@cache
def _names() -> dict[tuple[str, str], str]:
    """Subdivision codes by country and plain name."""
    return {
        (location.country or "", _plain(name)): location.subdivision or ""
        for name, location in subdivisions().values()
    }


@cache
def _plain(name: str) -> str:
    """Lower case without accents: `Québec` is written `Quebec` as often."""
    letters = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
