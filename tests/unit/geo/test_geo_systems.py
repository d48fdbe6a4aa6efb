"""AS numbers: read in every spelling, from any of the files, and never mistaken for places."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.errors import GeoError
from gtm.geo.database import Geo, open_databases
from gtm.geo.networks import UNKNOWN
from gtm.geo.systems import System, read_system
from gtm.model import AsNumber, GeoOverride, Location
from tests.unit.geo.geo_files import LONDON, PARIS, TOKYO, Unsigned, database, write
from tests.unit.geo.test_geo_tree import BITS, check, damage, opened

EXAMPLE = System(AsNumber(64500), "Example Networks")


def announced(number: int, name: str = "Example Networks") -> dict[str, Unsigned | str]:
    """A record as GeoLite2-ASN has it."""
    return {
        "autonomous_system_number": Unsigned(number, 32),
        "autonomous_system_organization": name,
    }


def system_at(geo: Geo, address: str) -> str | None:
    found = geo.find_system(ip_address(address))
    return str(found.system) if found else None


# --- records ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        {
            "autonomous_system_number": 64500,
            "autonomous_system_organization": "Example Networks",
        },
        {
            "country": {"iso_code": "GB"},
            "traits": {
                "autonomous_system_number": 64500,
                "autonomous_system_organization": "Example Networks",
            },
        },
        {"asn": "AS64500", "name": "Example Networks", "domain": "example.net"},
        {"asn": "as64500", "as_name": "Example Networks", "country_code": "GB"},
        {"asn": 64500, "org": " Example Networks "},
        {"asn": "64500", "organization": "Example\n Networks"},
        {"as_number": 64500, "as_organization": "Example Networks"},
    ],
)
def test_an_as_is_read_in_every_spelling(record: dict[str, object]) -> None:
    assert read_system(record) == EXAMPLE


@pytest.mark.parametrize(
    "number", [0, -1, 2**32 - 1, 2**32, True, 64500.0, "", "AS", "ASx", "AS-1", None, [64500]]
)
def test_what_is_no_as_number_is_no_as(number: object) -> None:
    assert read_system({"asn": number, "name": "Example Networks"}) is None


@pytest.mark.parametrize("record", [None, "AS64500", 64500, [], {"country": {"iso_code": "GB"}}])
def test_records_without_an_as_have_none(record: object) -> None:
    assert read_system(record) is None


# --- files ------------------------------------------------------------------------------


def test_a_file_of_as_numbers_stands_beside_one_of_places_in_either_order(tmp_path: Path) -> None:
    places = write(tmp_path / "city.mmdb", {"192.0.2.0/24": LONDON, "2001:db8::/32": TOKYO})
    systems = write(
        tmp_path / "asn.mmdb", {"192.0.2.0/25": announced(64500), "2001:db8::/33": announced(64501)}
    )
    for paths in ([places, systems], [systems, places]):
        geo = open_databases(paths)
        found = geo.find(ip_address("192.0.2.1"))
        assert found.location is not None and found.location.country == "GB"
        assert found.source is not None and found.source.path == places
        as_found = geo.find_system(ip_address("192.0.2.1"))
        assert as_found is not None and as_found.source.path == systems
        assert (str(as_found.network), as_found.system) == ("192.0.2.0/25", EXAMPLE)
        assert system_at(geo, "192.0.2.129") is None
        assert system_at(geo, "::ffff:192.0.2.1") == "AS64500 Example Networks"
        assert system_at(geo, "2001:db8::1") == "AS64501 Example Networks"
        assert {source.path: source.schema for source in geo.sources} == {
            places: "nested (GeoIP2)",
            systems: "AS numbers",
        }


def test_one_file_may_have_both(tmp_path: Path) -> None:
    record = {"country_code": "GB", "asn": "AS64500", "as_name": "Example Networks"}
    geo = open_databases([write(tmp_path / "lite.mmdb", {"192.0.2.0/24": record})])
    location = geo.find(ip_address("192.0.2.1")).location
    assert location is not None and location.country == "GB"
    assert system_at(geo, "192.0.2.1") == "AS64500 Example Networks"
    assert geo.sources[0].schema == "flat and AS numbers"


def test_an_earlier_file_wins_and_later_ones_fill_the_gaps(tmp_path: Path) -> None:
    first = write(tmp_path / "a.mmdb", {"192.0.2.0/25": announced(64500)}, ip_version=4)
    second = write(tmp_path / "b.mmdb", {"192.0.2.0/24": announced(64501, "Other")})
    geo = open_databases([first, second])
    assert system_at(geo, "192.0.2.1") == "AS64500 Example Networks"
    assert system_at(geo, "192.0.2.129") == "AS64501 Other"
    values = [
        geo.systems.layer.v4.find(int(ip_address(a)))[0] for a in ("192.0.2.1", "192.0.2.129")
    ]
    assert [geo.systems.numbers[value].number for value in values] == [64500, 64501]


@damage
@given(flips=st.lists(BITS, min_size=1, max_size=4), cut=st.integers(0, 400))
def test_a_damaged_file_of_as_numbers_is_refused_or_usable(
    tmp_path: Path, flips: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(
        database({"192.0.2.0/24": announced(64500), "2001:db8::/40": announced(64501)})
    )
    for place, bit in flips:
        content[place % len(content)] ^= 1 << bit
    geo = opened(tmp_path / "asn.mmdb", bytes(content[: len(content) - cut // 8 * (cut % 2)]))
    check(geo)
    if geo is None:
        return
    for ranges in (geo.systems.layer.v4, geo.systems.layer.v6):
        assert ranges.starts[0] == 0
        assert all(UNKNOWN <= value < len(geo.systems.numbers) for value in ranges.values)
    assert all(0 < system.number < 2**32 - 1 for system in geo.systems.numbers)


# --- overrides --------------------------------------------------------------------------

GB, SG = Location(51.5, -0.1, "EU", "GB"), Location(1.3, 103.8, "AS", "SG")


@pytest.fixture
def both(tmp_path: Path) -> Geo:
    places = write(tmp_path / "city.mmdb", {"192.0.2.0/24": PARIS, "198.51.100.0/24": PARIS})
    systems = write(tmp_path / "asn.mmdb", {"192.0.2.0/24": announced(64500)})
    return open_databases([places, systems])


def country_at(geo: Geo, address: str) -> str | None:
    location = geo.find(ip_address(address)).location
    return location.country if location else None


def test_an_override_of_an_as_moves_its_networks_alone(both: Geo) -> None:
    geo = both.overridden((GeoOverride(AsNumber(64500), GB),))
    assert [country_at(geo, a) for a in ("192.0.2.1", "198.51.100.1")] == ["GB", "FR"]
    found = geo.find(ip_address("192.0.2.1"))
    assert (str(found.network), found.source, found.override) == (
        "192.0.2.0/24",
        None,
        geo.overrides[0],
    )


def test_a_network_beats_an_as_and_the_smallest_network_counts_whole(both: Geo) -> None:
    pin = GeoOverride(ip_network("192.0.2.0/26"), None, ("eu",))
    geo = both.overridden(
        (
            GeoOverride(ip_network("192.0.2.0/25"), SG),
            GeoOverride(AsNumber(64500), GB, ("us",)),
            pin,
        )
    )
    assert geo.ruling(ip_address("192.0.2.1")) == pin
    assert country_at(geo, "192.0.2.1") == "FR", "the pin says nothing of the place"
    assert country_at(geo, "192.0.2.65") == "SG"
    assert country_at(geo, "192.0.2.129") == "GB"
    assert geo.ruling(ip_address("198.51.100.1")) is None


def test_an_override_of_an_as_that_no_file_has_holds_for_nobody(both: Geo) -> None:
    geo = both.overridden((GeoOverride(AsNumber(64511), GB),))
    assert (geo.v4, geo.v6) == (both.v4, both.v6)


def test_a_file_that_is_refused_says_so(tmp_path: Path) -> None:
    with pytest.raises(GeoError, match="nor an AS number"):
        open_databases([write(tmp_path / "a.mmdb", {"192.0.2.0/24": {"asn": "unknown"}})])
