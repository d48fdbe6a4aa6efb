import math

import pytest

from gtm.geo.places import country_location
from gtm.geo.records import FLAT, NESTED, Place, read_place, schema_of


def place_in(record: object) -> Place | None:
    return read_place(record, schema_of(record))


LONDON = Place(51.5, -0.1, "EU", "GB", None)


@pytest.mark.parametrize(
    "record",
    [
        {"country": {"iso_code": "GB"}, "location": {"latitude": 51.5, "longitude": -0.1}},
        {
            "continent": {"code": "EU"},
            "registered_country": {"iso_code": "GB"},
            "location": {"latitude": 51.5, "longitude": -0.1},
        },
        {"country_code": "GB", "latitude": 51.5, "longitude": -0.1},
        {"country": "gb", "lat": "51.5", "lng": "-0.1", "continent": "EU"},
        {"country": "GB", "loc": "51.5,-0.1"},
        {"country": "United Kingdom", "country_code": "GB", "lat": 51.5, "lon": -0.1},
    ],
)
def test_a_place_is_read_in_every_spelling(record: dict[str, object]) -> None:
    assert place_in(record) == LONDON


@pytest.mark.parametrize(
    "record",
    [
        {"country": {"iso_code": "SG"}},
        {"country_code": "SG"},
        {"country": "SG", "continent": "AS"},
        {"country_code": "SG", "latitude": "", "longitude": ""},
        {"country_code": "SG", "latitude": 0.0, "longitude": 0.0},
    ],
)
def test_a_country_alone_is_put_at_its_centroid(record: dict[str, object]) -> None:
    place = place_in(record)
    assert place is not None
    assert place.location() == country_location("SG")


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 91.0, -1e300, "north", None, True, [1]])
def test_coordinates_that_are_none_count_as_absent(wrong: object) -> None:
    place = place_in({"country_code": "SG", "latitude": wrong, "longitude": 103.8})
    assert place is not None
    assert place.location() == country_location("SG")


@pytest.mark.parametrize(
    ("record", "subdivision"),
    [
        ({"country_code": "US", "state1": "California"}, "CA"),
        ({"country_code": "CA", "region": "Québec"}, "QC"),
        ({"country_code": "CA", "region": "quebec"}, "QC"),
        ({"country_code": "US", "region": "Nowhere"}, None),
        ({"country_code": "US", "region_code": "US-CA"}, "CA"),
        ({"country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "CA"}]}, "CA"),
        ({"country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "too long"}]}, None),
    ],
)
def test_the_subdivision_is_its_iso_code_even_where_only_its_name_is_given(
    record: dict[str, object], subdivision: str | None
) -> None:
    place = place_in(record)
    assert place is not None
    assert place.subdivision == subdivision


@pytest.mark.parametrize(
    "record",
    [
        None,
        "GB",
        [],
        {},
        {"asn": 64500},
        {"country_code": "ZZ"},
        {"country_code": ""},
        {"continent": {"code": "EU"}},
        {"latitude": 0, "longitude": 0},
    ],
)
def test_a_record_without_country_and_coordinates_is_no_place(record: object) -> None:
    assert place_in(record) is None


def test_coordinates_without_a_country_are_a_place() -> None:
    assert place_in({"lat": 1.5, "lon": 2.5}) == Place(1.5, 2.5, None, None, None)


def test_the_schema_is_told_from_the_shape() -> None:
    assert schema_of({"country": {"iso_code": "GB"}}) == NESTED
    assert schema_of({"country": "GB"}) == FLAT
    assert schema_of({"autonomous_system_number": 1}) is None
