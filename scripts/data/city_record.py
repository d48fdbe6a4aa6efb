"""Records in the shape of GeoIP2 City."""

from __future__ import annotations

from mmdb_file import Record, Unsigned, Value

from gtm.geo.places import CONTINENTS, countries, subdivisions


def city_record(
    country: str,
    point: tuple[float, float],
    accuracy_radius: int,
    *,
    subdivision: str = "",
    city: str = "",
) -> Record:
    """A record; `point` is latitude and longitude in degrees, `accuracy_radius` kilometres."""
    known = countries()[country]
    continent = known.location.continent or ""
    record: dict[str, Value] = {
        "continent": {"code": continent, "names": {"en": CONTINENTS[continent]}},
        "country": {"iso_code": country, "names": {"en": known.name}},
        "location": {
            "accuracy_radius": Unsigned(accuracy_radius, 16),
            "latitude": point[0],
            "longitude": point[1],
        },
    }
    if city:
        record["city"] = {"names": {"en": city}}
    if subdivision:
        named = subdivisions().get(f"{country}-{subdivision}")
        names: dict[str, Value] = {"names": {"en": named[0]}} if named else {}
        record["subdivisions"] = [{"iso_code": subdivision, **names}]
    return record
