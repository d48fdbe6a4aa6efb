"""The synthetic world and its database."""

from __future__ import annotations

import io
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

import maxminddb
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.database import database, encode, search_tree, write_database
from bench.world import REGIONS, Place, distance, world

SMALL = 2_000


def test_the_same_counts_give_the_same_world() -> None:
    assert world(SMALL) == world(SMALL)


def test_networks_are_disjoint_and_in_order_and_as_many_as_asked_for() -> None:
    rows = world(SMALL).networks
    assert len(rows) == SMALL
    ends = [row.start + (1 << 128 - row.length) for row in rows]
    assert all(end <= later.start for end, later in zip(ends, rows[1:], strict=False))


def test_the_full_world_holds_loopback_because_questions_come_from_there() -> None:
    geography = world(370_000)
    assert len(geography.networks) == 370_000
    place = geography.place_at(int(IPv4Address("127.0.0.1")))
    assert 0 <= place < len(geography.places)


def test_distance_is_the_great_circle() -> None:
    frankfurt = Place(50.11, 8.68, "EU", "DE")
    singapore = next(region for region in REGIONS if region.name == "ap-southeast")
    assert abs(distance(frankfurt, singapore) - 10_260) < 30


def test_the_database_finds_every_network_with_its_own_place(tmp_path: Path) -> None:
    geography = world(SMALL)
    path = tmp_path / "world.mmdb"
    write_database(path, geography)
    with maxminddb.open_database(path) as reader:
        assert reader.metadata().database_type == "GeoIP2-City"
        for row in geography.networks:
            found, length = reader.get_with_prefix_len(row.network[-1])
            place = geography.places[row.place]
            assert length == row.network.prefixlen
            assert isinstance(found, dict)
            assert found["location"] == {
                "latitude": place.latitude,
                "longitude": place.longitude,
            }


@settings(max_examples=50)
@given(st.sets(st.integers(1, 255), max_size=40), st.integers(8, 24))
def test_any_disjoint_networks_are_found_and_nothing_beside_them(
    firsts: set[int], length: int
) -> None:
    rows = [((first << 24), length + 96, index) for index, first in enumerate(sorted(firsts))]
    data = [encode({"n": str(index)}) for index in range(len(rows))]
    file = io.BytesIO(database(rows, data))
    reader = maxminddb.open_database(file, maxminddb.MODE_FD)
    naive = {ip_network((first << 24, length)): str(i) for i, first in enumerate(sorted(firsts))}
    for first in range(256):
        for address in (IPv4Address(first << 24), IPv4Address((first << 24) + 0xFFFFFF)):
            expected = next((n for network, n in naive.items() if address in network), None)
            found = reader.get(address)
            assert (found["n"] if isinstance(found, dict) else None) == expected
    assert reader.get(IPv6Address("2001:db8::1")) is None


def test_a_network_of_length_one_hangs_from_the_root() -> None:
    assert search_tree([(1 << 127, 1, 7)]) == ([-1], [-9])
