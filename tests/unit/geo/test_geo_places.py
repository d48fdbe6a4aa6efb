import re

import pytest

from gtm.geo.places import (
    CONTINENTS,
    centroid,
    continent_of,
    countries,
    country_location,
    parse_code,
    subdivisions,
)
from gtm.model import GeoCode


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EU", "EU"),
        ("EU-GB", "EU-GB"),
        ("NA-US-CA", "NA-US-CA"),
        ("EU-GB-ENG", "EU-GB-ENG"),
        ("GB", "EU-GB"),
        ("US-CA", "NA-US-CA"),
        ("GB-ENG", "EU-GB-ENG"),
        (" gb-eng ", "EU-GB-ENG"),
        ("FR-IDF", "EU-FR-IDF"),
        ("NO", "EU-NO"),
        ("CA-ON", "NA-CA-ON"),
    ],
)
def test_codes_of_octodns_and_of_iso_are_read_in_either_case(text: str, code: str) -> None:
    assert str(parse_code(text)) == code


@pytest.mark.parametrize("text", sorted(CONTINENTS))
def test_a_bare_continent_code_is_the_continent_even_where_it_is_a_country_too(text: str) -> None:
    assert parse_code(text) == GeoCode(text)


@pytest.mark.parametrize(
    ("text", "code"), [("AS-AF", "AF"), ("OC-AS", "AS"), ("AF-NA", "NA"), ("AS-SA", "SA")]
)
def test_the_long_form_reaches_countries_that_share_a_continents_code(text: str, code: str) -> None:
    assert parse_code(text).country == code


def test_a_country_after_a_continent_wins_over_a_subdivision_of_the_same_spelling() -> None:
    assert parse_code("SA-AR") == GeoCode("SA", "AR")
    assert parse_code("SA-01") == GeoCode("AS", "SA", "01")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not a geo code; write one like EU, EU-GB, GB or NA-US-CA"),
        ("Europe", "'Europe' is not a geo code; write one like EU, EU-GB, GB or NA-US-CA"),
        ("UK", "'UK': there is no country UK; did you mean EU-GB?"),
        ("EU-UK", "'EU-UK': there is no country UK; did you mean EU-GB?"),
        ("EU-US", "'EU-US': United States of America is not in Europe; write NA-US"),
        ("AF-AF", "'AF-AF': Afghanistan is not in Africa; write AS-AF"),
        (
            "AF-XX",
            "'AF-XX': there is no country XX (AF is Africa here; Afghanistan is AS-AF)",
        ),
        (
            "US-CF",
            "'US-CF': United States of America has no subdivision CF; did you mean US-CA?",
        ),
        (
            "XX-US-CA",
            "'XX-US-CA' begins with XX, which is no continent (AF AN AS EU NA OC SA); "
            "did you mean NA-US-CA?",
        ),
        (
            "ZZ",
            "'ZZ': there is no country ZZ; countries are written as ISO 3166-1 has them, like GB",
        ),
    ],
)
def test_a_wrong_code_is_refused_with_what_is_wrong_and_what_was_meant(
    text: str, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_code(text)


def test_a_subdivision_that_the_table_may_lack_is_believed_and_put_mid_country() -> None:
    code = parse_code("KE-99")
    found, kenya = centroid(code), country_location("KE")
    assert found is not None and kenya is not None
    assert (found.latitude, found.subdivision) == (kenya.latitude, "99")


def test_a_continent_has_no_centroid() -> None:
    assert centroid(GeoCode("EU")) is None


def test_centroids_lie_in_their_places() -> None:
    for text, latitude, longitude in [
        ("IE", 53, -8),
        ("SG", 1.4, 103.8),
        ("US-HI", 21, -158),
        ("AU-NSW", -32, 147),
        ("GB-SCT", 57, -4),
        ("FR", 47, 2.5),
    ]:
        found = centroid(parse_code(text))
        assert found is not None
        assert abs(found.latitude - latitude) < 2, text
        assert abs(found.longitude - longitude) < 2, text
        assert found.code() == str(parse_code(text))


def test_every_country_is_there_with_a_continent_and_a_point_on_the_globe() -> None:
    assert len(countries()) == 250  # the 249 of ISO 3166-1 and Kosovo
    for code, country in countries().items():
        assert continent_of(code) in CONTINENTS, code
        assert abs(country.location.latitude) <= 90 and abs(country.location.longitude) <= 180
        assert country.name


def test_every_code_in_the_tables_is_read_back_as_itself() -> None:
    for code, country in countries().items():
        assert parse_code(country.location.code()).country == code
    for code, (_, location) in subdivisions().items():
        assert parse_code(f"{location.continent}-{code}").subdivision == location.subdivision


def test_an_unknown_country_has_neither_location_nor_continent() -> None:
    assert country_location("ZZ") is None
    assert continent_of("ZZ") is None
