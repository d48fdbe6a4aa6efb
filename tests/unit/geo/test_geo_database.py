import gzip
import os
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest

from gtm.errors import GeoError
from gtm.geo.database import MAX_AGE_DAYS, Geo, fingerprint, open_databases
from gtm.geo.networks import UNKNOWN, unknown
from tests.unit.geo.geo_files import BUILT, LONDON, PARIS, TOKYO, database, write

DAY = 86400


def country_at(geo: Geo, address: str) -> str | None:
    location = geo.find(ip_address(address)).location
    return location.country if location else None


@pytest.mark.parametrize("record_size", [24, 28, 32])
def test_both_families_are_read_at_every_record_size(tmp_path: Path, record_size: int) -> None:
    networks = {"192.0.2.0/24": LONDON, "192.0.2.64/26": PARIS, "2001:db8::/33": TOKYO}
    geo = open_databases([write(tmp_path / "a.mmdb", networks, record_size=record_size)])
    assert country_at(geo, "192.0.2.63") == "GB"
    assert country_at(geo, "192.0.2.64") == "FR"
    assert country_at(geo, "192.0.3.0") is None
    assert country_at(geo, "2001:db8::1") == "JP"
    assert country_at(geo, "2001:db8:8000::1") is None
    assert (len(geo.v4), len(geo.v6)) == (5, 3)


def test_an_ipv4_file_knows_nothing_of_ipv6(tmp_path: Path) -> None:
    geo = open_databases([write(tmp_path / "a.mmdb", {"192.0.2.0/24": LONDON}, ip_version=4)])
    assert country_at(geo, "192.0.2.1") == "GB"
    assert geo.v6 == unknown(128)
    assert geo.find(ip_address("2001:db8::1")).network == ip_network("::/0")


def test_files_for_each_family_work_together(tmp_path: Path) -> None:
    geo = open_databases(
        [
            write(tmp_path / "4.mmdb", {"192.0.2.0/24": LONDON}, ip_version=4),
            write(tmp_path / "6.mmdb", {"2001:db8::/32": TOKYO}),
        ]
    )
    assert country_at(geo, "192.0.2.1") == "GB"
    assert country_at(geo, "2001:db8::1") == "JP"


def test_an_earlier_file_wins_where_it_knows_a_place_and_later_ones_fill_gaps(
    tmp_path: Path,
) -> None:
    first = write(tmp_path / "a.mmdb", {"192.0.2.0/25": LONDON, "192.0.2.128/25": {"asn": "x"}})
    second = write(tmp_path / "b.mmdb", {"192.0.2.0/24": PARIS, "198.51.100.0/24": TOKYO})
    geo = open_databases([first, second])
    found = [geo.find(ip_address(text)) for text in ("192.0.2.1", "192.0.2.129", "198.51.100.1")]
    assert [each.location.country if each.location else None for each in found] == [
        "GB",
        "FR",
        "JP",
    ]
    assert [each.source.path if each.source else None for each in found] == [first, second, second]
    assert str(found[0].network) == "192.0.2.0/25"
    assert str(found[1].network) == "192.0.2.0/24"


def test_find_gives_the_network_as_the_file_has_it_though_ranges_are_merged(tmp_path: Path) -> None:
    named = {**LONDON, "city": {"names": {"en": "London"}}}
    networks = {"192.0.2.0/25": LONDON, "192.0.2.128/25": named}
    geo = open_databases([write(tmp_path / "a.mmdb", networks)])
    assert str(geo.find(ip_address("192.0.2.200")).network) == "192.0.2.128/25"
    assert geo.v4.find(0xC0000200)[1:] == (0xC0000200, 0xC00002FF)


def test_ipv4_in_its_mapped_form_is_the_same_client(tmp_path: Path) -> None:
    geo = open_databases([write(tmp_path / "a.mmdb", {"192.0.2.0/24": LONDON})])
    assert geo.find(ip_address("::ffff:192.0.2.1")) == geo.find(ip_address("192.0.2.1"))


def test_find_and_the_ranges_agree_everywhere(tmp_path: Path) -> None:
    networks = {"192.0.2.0/24": LONDON, "192.0.2.64/28": PARIS, "2001:db8::/48": TOKYO}
    geo = open_databases([write(tmp_path / "a.mmdb", networks)])
    for ranges, address_of in ((geo.v4, IPv4Address), (geo.v6, IPv6Address)):
        for first, last, value in ranges:
            location = None if value == UNKNOWN else geo.locations[value]
            assert geo.find(address_of(first)).location == location
            assert geo.find(address_of(last)).location == location


def test_a_source_says_what_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mmdb", {"192.0.2.0/24": LONDON, "2001:db8::/32": TOKYO})
    (source,) = open_databases([path]).sources
    assert source.path == path
    assert (source.database_type, source.built, source.ip_version) == ("Test", BUILT, 6)
    assert (source.networks, source.schema) == (2, "nested (GeoIP2)")


def test_locations_are_distinct_across_files(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / name, {network: LONDON, "10.0.0.0/8": PARIS})
        for name, network in (("a.mmdb", "192.0.2.0/24"), ("b.mmdb", "198.51.100.0/24"))
    ]
    assert len(open_databases(paths).locations) == 2


def test_without_a_database_nothing_is_known() -> None:
    geo = Geo.empty()
    assert geo == open_databases([])
    found = geo.find(ip_address("192.0.2.1"))
    assert (found.location, found.source) == (None, None)


def test_a_file_counts_as_stale_after_a_year(tmp_path: Path) -> None:
    geo = open_databases([write(tmp_path / "a.mmdb", {"192.0.2.0/24": LONDON})])
    assert MAX_AGE_DAYS == 365
    assert geo.stale(BUILT + 365 * DAY) == ()
    assert geo.stale(BUILT + 365 * DAY + 1) == geo.sources


# --- what can't be opened -----------------------------------------------------------------

GOOD = database({"192.0.2.0/24": LONDON, "2001:db8::/32": TOKYO})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        (b"", "it is empty"),
        (b"zone: example.com\n" * 50, "it is not a MaxMind DB file, or it is truncated"),
        (GOOD[: len(GOOD) // 2], "it is not a MaxMind DB file, or it is truncated"),
        (GOOD[200:], "it is corrupt ("),
        (gzip.compress(GOOD), "it is compressed with gzip"),
        (
            database({"192.0.2.0/24": {"isp": "x"}}),
            "neither a country, nor coordinates, nor an AS number (isp)",
        ),
        (database({}), "neither a country, nor coordinates, nor an AS number (there are none)"),
    ],
)
def test_a_file_that_is_no_use_is_refused_by_name_with_the_reason(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "bad.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GeoError) as error:
        open_databases([path])
    message = str(error.value)
    assert message.startswith(f"cannot open {path}: ")
    assert why in message
    assert message.endswith("; give a .mmdb file of a City, Country or ASN database")


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GeoError, match="Is a directory"):
        open_databases([tmp_path])


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mmdb")
    with pytest.raises(GeoError) as error:
        open_databases([tmp_path / "a.mmdb"])
    assert str(error.value) == (
        f"cannot open {tmp_path / 'a.mmdb'}: it is not a regular file; "
        "give a .mmdb file of a City, Country or ASN database"
    )


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.mmdb").open("wb") as file:
        file.truncate(2 * 1024**3 + 1)
    with pytest.raises(GeoError, match="it is larger than 2 GiB"):
        open_databases([tmp_path / "a.mmdb"])


# --- noticing replacement ---------------------------------------------------------------


def test_the_fingerprint_changes_when_a_file_is_replaced(tmp_path: Path) -> None:
    path, other = tmp_path / "a.mmdb", tmp_path / "b.mmdb"
    path.write_bytes(b"x")
    before = fingerprint([path])
    assert fingerprint([path]) == before
    other.write_bytes(b"x")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    assert fingerprint([path]) != before


def test_the_fingerprint_changes_when_a_symlink_on_the_way_is_swapped(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mmdb").write_bytes(b"x")
    (tmp_path / "current").symlink_to("one")
    path = tmp_path / "current" / "a.mmdb"
    before = fingerprint([path])
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(tmp_path / "current")
    assert fingerprint([path]) != before


def test_a_missing_file_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    assert fingerprint([tmp_path / "none"]) == (None,)
