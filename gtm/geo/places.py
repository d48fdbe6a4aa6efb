"""Geo codes and where the places they name lie.

Codes are octoDNS's (`EU`, `EU-GB`, `NA-US-CA`), widened by a bare country (`GB`) and by
ISO 3166-2 (`US-CA`). Seven codes are both a continent and a country, or could be read as either
(AF AN AS EU NA OC SA): bare, they are the continent, as in octoDNS, so the countries among them
need the long form (`AS-AF` Afghanistan, `OC-AS` American Samoa, `AF-NA` Namibia, `AS-SA` Saudi
Arabia). `SA-AR` could be Argentina in South America or a Saudi province: the continent wins.

The tables are Natural Earth's label points (public domain; data/README.md says more).
"""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import takewhile
from types import MappingProxyType

from gtm.model import GeoCode, Location

CONTINENTS = MappingProxyType(
    {
        "AF": "Africa",
        "AN": "Antarctica",
        "AS": "Asia",
        "EU": "Europe",
        "NA": "North America",
        "OC": "Oceania",
        "SA": "South America",
    }
)

# Codes that are in wide use for a country but are not its ISO 3166-1 code.
SLIPS = MappingProxyType({"UK": "GB", "EL": "GR", "EN": "GB", "SU": "RU", "TP": "TL", "UAE": "AE"})

# A subdivision is one to three letters or digits (ISO 3166-2, section 5.2).
_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3}){0,2}")


@dataclass(frozen=True, slots=True)
class Country:
    """One ISO 3166-1 country or territory. `listed`: all its subdivisions are in the table."""

    name: str
    location: Location
    listed: bool


@cache
def countries() -> MappingProxyType[str, Country]:
    """Every country and territory, by alpha-2 code. XK (Kosovo) is among them, as in GeoIP2."""
    return MappingProxyType(
        {
            row["code"]: Country(
                row["name"],
                Location(
                    float(row["latitude"]),
                    float(row["longitude"]),
                    continent=row["continent"],
                    country=row["code"],
                ),
                row["subdivisions"] == "all",
            )
            for row in _rows("countries.csv")
        }
    )


@cache
def subdivisions() -> MappingProxyType[str, tuple[str, Location]]:
    """Name and centroid of subdivisions, by ISO 3166-2 code."""
    found = {}
    for row in _rows("subdivisions.csv"):
        country, subdivision = row["code"].split("-")
        point = float(row["latitude"]), float(row["longitude"])
        found[row["code"]] = (
            row["name"],
            Location(*point, continent_of(country), country, subdivision),
        )
    return MappingProxyType(found)


def continent_of(alpha2: str) -> str | None:
    """The continent code of a country, None for an unknown one."""
    country = countries().get(alpha2)
    return country.location.continent if country else None


def country_location(alpha2: str) -> Location | None:
    """The centroid of a country, None for an unknown one."""
    country = countries().get(alpha2)
    return country.location if country else None


def centroid(code: GeoCode) -> Location | None:
    """Where the middle of a country or subdivision lies; None for a continent.

    A subdivision that the table lacks (see `parse_code`) is put in the middle of its country.
    """
    if code.country is None:
        return None
    whole = country_location(code.country)
    if code.subdivision is None or whole is None:
        return whole
    known = subdivisions().get(f"{code.country}-{code.subdivision}")
    if known:
        return known[1]
    return Location(
        whole.latitude, whole.longitude, whole.continent, code.country, code.subdivision
    )


def parse_code(text: str) -> GeoCode:
    """Read a geo code, upper or lower case; ValueError says what is wrong and what was meant.

    Accepted: `EU`, `EU-GB`, `NA-US-CA`, `EU-GB-ENG`, `GB`, `US-CA`, `GB-ENG`. A subdivision that
    the table lacks is refused only where the table has all of its country's.
    """
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise ValueError(f"{text!r} is not a geo code; write one like EU, EU-GB, GB or NA-US-CA")
    parts = code.split("-")
    if parts[0] in CONTINENTS and _starts_with_continent(parts):
        return _in_continent(text, parts)
    if len(parts) == 3:
        raise ValueError(
            f"{text!r} begins with {parts[0]}, which is no continent ({' '.join(CONTINENTS)})"
            f"{_without_continent(parts[1:])}"
        )
    return _in_country(text, parts)


def _starts_with_continent(parts: list[str]) -> bool:
    """Whether the first part is the continent and not the country of the same code."""
    if len(parts) != 2 or parts[0] not in countries() or parts[1] in countries():
        return True
    return f"{parts[0]}-{parts[1]}" not in subdivisions()


def _in_continent(text: str, parts: list[str]) -> GeoCode:
    """Read `EU`, `EU-GB` and `EU-GB-ENG`."""
    continent = parts[0]
    if len(parts) == 1:
        return GeoCode(continent)
    code = _in_country(text, parts[1:])
    if code.continent != continent:
        raise ValueError(
            f"{text!r}: {countries()[parts[1]].name} is not in {CONTINENTS[continent]}; "
            f"write {code}"
        )
    return code


def _in_country(text: str, parts: list[str]) -> GeoCode:
    """Read `GB` and `GB-ENG`."""
    country = countries().get(parts[0])
    if country is None or country.location.continent is None:
        raise ValueError(
            f"{text!r}: there is no country {parts[0]}{_other_reading(text, parts[0])}"
        )
    if len(parts) == 1:
        return GeoCode(country.location.continent, parts[0])
    whole = "-".join(parts)
    if country.listed and whole not in subdivisions():
        raise ValueError(f"{text!r}: {country.name} has no subdivision {parts[1]}{_meant(*parts)}")
    return GeoCode(country.location.continent, *parts)


def _other_reading(text: str, unknown: str) -> str:
    """A remedy for an unknown country: a known slip, or the country that a continent's code is."""
    first = text.strip().upper().split("-")[0]
    country = countries().get(first)
    if unknown in SLIPS:
        return f"; did you mean {_in_country(text, [SLIPS[unknown]])}?"
    if country and first in CONTINENTS and first != unknown:
        long = _in_country(text, [first])
        return f" ({first} is {CONTINENTS[first]} here; {country.name} is {long})"
    return "; countries are written as ISO 3166-1 has them, like GB"


def _without_continent(parts: list[str]) -> str:
    """A remedy for a code that is right from its country on."""
    try:
        return f"; did you mean {_in_country('-'.join(parts), parts)}?"
    except ValueError:
        return ""


def _meant(country: str, wrong: str) -> str:
    """A remedy naming the most alike subdivision of a country, "" when it has none."""
    known = [code for code in subdivisions() if code.startswith(country + "-")]
    near = max(known, key=lambda code: _likeness(code[3:], wrong), default=None)
    return f"; did you mean {near}?" if near else ""


def _likeness(known: str, wrong: str) -> tuple[int, float]:
    """How alike two short codes are: how far they begin alike, then letters in common."""
    ratio = difflib.SequenceMatcher(None, known, wrong).ratio()
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(known, wrong, strict=False))
    return sum(1 for _ in alike), ratio


def _rows(name: str) -> list[dict[str, str]]:
    text = files("gtm.geo").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
