"""Trees that no honest writer makes, and files that were damaged."""

from array import array
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.errors import GeoError
from gtm.geo.database import Geo, open_databases
from gtm.geo.networks import UNKNOWN
from gtm.geo.tree import SearchTree, unpack
from tests.unit.geo.geo_files import LONDON, PARIS, TOKYO, database

FILE = database(
    {"192.0.2.0/24": LONDON, "192.0.2.16/28": PARIS, "2001:db8::/40": TOKYO}, record_size=28
)


def refuse(record: int) -> int:
    raise AssertionError(record)


@pytest.mark.parametrize(
    ("record_size", "packed", "records"),
    [
        (24, "010203 a1a2a3", [0x010203, 0xA1A2A3]),
        (28, "010203 f4 a1a2a3", [0xF010203, 0x4A1A2A3]),
        (32, "01020304 f1f2f3f4", [0x01020304, 0xF1F2F3F4]),
    ],
)
def test_records_are_unpacked_as_the_format_has_them(
    record_size: int, packed: str, records: list[int]
) -> None:
    assert list(unpack(memoryview(bytes.fromhex(packed) * 2), record_size)) == records * 2


@pytest.mark.parametrize("records", [[0, 0], [0, 1], [1, 0], [1, 2, 0, 2]])
def test_a_cyclic_tree_is_refused(records: list[int]) -> None:
    tree = SearchTree(array("I", records), len(records) // 2, 32)
    with pytest.raises(GeoError, match="cyclic"):
        tree.ranges(32, refuse)


def test_a_tree_that_unfolds_without_end_is_refused() -> None:
    # Node n leads to node n + 1 on both sides: 2^31 paths from 31 nodes.
    records = array("I", [n // 2 + 1 for n in range(62)])
    with pytest.raises(GeoError, match="cyclic"):
        SearchTree(records, 31, 32).ranges(32, lambda _: 0)


def test_aliases_of_ipv4_are_left_out_of_the_ipv6_ranges() -> None:
    # 96 nodes down the zeros to the IPv4 node 96; 8000::/1 is an alias of it.
    count = 97
    records = array("I", [count] * (2 * count))
    for node in range(96):
        records[2 * node] = node + 1
    records[1] = 96
    records[2 * 96] = count + 16
    tree = SearchTree(records, count, 128)
    assert list(tree.ranges(32, lambda _: 5)) == [(0, 2**31 - 1, 5), (2**31, 2**32 - 1, UNKNOWN)]
    assert list(tree.ranges(128, lambda _: 5)) == [(0, 2**128 - 1, UNKNOWN)]
    assert tree.find(0, 128) == (count, 96)
    assert tree.find(1 << 127, 128) == (count, 1)
    assert tree.network_count == 1


def test_a_record_above_ipv4_holds_for_all_of_it() -> None:
    tree = SearchTree(array("I", [1 + 16, 1]), 1, 128)
    assert list(tree.ranges(32, lambda _: 5)) == [(0, 2**32 - 1, 5)]
    assert tree.find(1, 32) == (17, 0)


def opened(path: Path, content: bytes) -> Geo | None:
    """What opening the content gives; None when it is refused."""
    path.write_bytes(content)
    try:
        return open_databases([path])
    except GeoError as error:
        assert str(path) in str(error)
        return None


def check(geo: Geo | None) -> None:
    """Whatever was made of a damaged file must be usable."""
    if geo is None:
        return
    for ranges in (geo.v4, geo.v6):
        assert ranges.starts[0] == 0
        assert list(ranges.starts) == sorted(set(ranges.starts))
        assert all(UNKNOWN <= value < len(geo.locations) for value in ranges.values)
    for location in geo.locations:
        assert abs(location.latitude) <= 90 and abs(location.longitude) <= 180


BITS = st.tuples(st.integers(0, len(FILE) - 1), st.integers(0, 7))

damage = settings(
    max_examples=150, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@damage
@given(length=st.integers(0, len(FILE)))
def test_a_truncated_file_is_refused_or_usable(tmp_path: Path, length: int) -> None:
    check(opened(tmp_path / "cut.mmdb", FILE[:length]))


@damage
@given(
    flips=st.lists(
        st.tuples(st.integers(0, len(FILE) - 1), st.integers(0, 7)), min_size=1, max_size=4
    )
)
def test_a_file_with_flipped_bits_is_refused_or_usable(
    tmp_path: Path, flips: list[tuple[int, int]]
) -> None:
    content = bytearray(FILE)
    for place, bit in flips:
        content[place] ^= 1 << bit
    check(opened(tmp_path / "flipped.mmdb", bytes(content)))


@damage
@given(content=st.binary(max_size=200), marker=st.booleans())
def test_random_bytes_are_refused(tmp_path: Path, content: bytes, marker: bool) -> None:
    check(opened(tmp_path / "random", content + b"\xab\xcd\xefMaxMind.com" * marker + content))
