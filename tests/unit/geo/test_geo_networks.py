from array import array
from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.geo.networks import UNKNOWN, Ranges, RangeWriter, fill, overlay, unknown
from gtm.geo.wide import Wide
from gtm.model import Network

SPACE = 1 << 32


@st.composite
def networks_of(draw: st.DrawFn, bits: int) -> Network:
    """Networks that nest and touch often: all in one corner of the address space."""
    length = draw(st.integers(bits - 8, bits))
    address = draw(st.integers(0, 255)) << (draw(st.sampled_from([0, bits - 8])))
    shift = bits - length
    prefix = (address >> shift << shift, length)
    return IPv4Network(prefix) if bits == 32 else IPv6Network(prefix)


@st.composite
def layers(draw: st.DrawFn) -> tuple[int, list[tuple[Network, int]], list[tuple[Network, int]]]:
    bits = draw(st.sampled_from([32, 128]))
    pairs = st.lists(st.tuples(networks_of(bits), st.integers(0, 3)), max_size=12)
    return bits, draw(pairs), draw(pairs)


def longest_match(networks: list[tuple[Network, int]], address: int) -> int | None:
    """The oracle: look at every network."""
    best: tuple[int, int] | None = None
    for network, value in networks:
        inside = int(network.network_address) <= address <= int(network.broadcast_address)
        if inside and (best is None or network.prefixlen >= best[0]):
            best = network.prefixlen, value
    return None if best is None else best[1]


def interesting(bits: int, networks: list[tuple[Network, int]]) -> set[int]:
    """Every address at which a value may change, and its neighbours."""
    ends = {0, (1 << bits) - 1}
    for network, _ in networks:
        for end in (int(network.network_address), int(network.broadcast_address)):
            ends |= {end - 1, end, end + 1}
    return {end for end in ends if 0 <= end < 1 << bits}


def check_form(ranges: Ranges) -> None:
    """Ascending from 0, as many values as starts, merged."""
    assert ranges.starts[0] == 0
    assert list(ranges.starts) == sorted(set(ranges.starts))
    assert len(ranges.starts) == len(ranges.values)
    assert all(a != b for a, b in zip(ranges.values, ranges.values[1:], strict=False))


@given(layers())
def test_overlay_finds_what_a_look_at_every_network_finds(
    layered: tuple[int, list[tuple[Network, int]], list[tuple[Network, int]]],
) -> None:
    bits, below, above = layered
    base = overlay(unknown(bits), below)
    both = overlay(base, above)
    for ranges in (base, both):
        check_form(ranges)
    for address in interesting(bits, below + above):
        expected = longest_match(above, address)
        if expected is None:
            expected = longest_match(below, address)
        value, first, last = both.find(address)
        assert value == (UNKNOWN if expected is None else expected)
        assert first <= address <= last


@given(layers())
def test_fill_takes_the_lower_ranges_only_where_the_upper_know_nothing(
    layered: tuple[int, list[tuple[Network, int]], list[tuple[Network, int]]],
) -> None:
    bits, above, below = layered
    upper, lower = overlay(unknown(bits), above), overlay(unknown(bits), below)
    filled = fill(upper, lower)
    check_form(filled)
    for address in interesting(bits, below + above):
        known = upper.find(address)[0]
        expected = lower.find(address)[0] if known == UNKNOWN else known
        assert filled.find(address)[0] == expected


def test_of_equal_networks_the_last_wins() -> None:
    network = IPv4Network("192.0.2.0/24")
    assert overlay(unknown(32), [(network, 1), (network, 2)]).find(0xC0000200)[0] == 2


def test_a_network_over_everything_replaces_everything() -> None:
    ranges = overlay(unknown(32), [(IPv4Network("0.0.0.0/0"), 7)])
    assert list(ranges) == [(0, SPACE - 1, 7)]


def test_networks_of_the_other_family_are_left_out() -> None:
    assert overlay(unknown(32), [(IPv6Network("::/0"), 7)]) == unknown(32)


@pytest.mark.parametrize(("bits", "kind"), [(32, array), (128, Wide)])
def test_addresses_are_kept_in_arrays(bits: int, kind: type) -> None:
    assert isinstance(unknown(bits).starts, kind)


def test_the_writer_merges_neighbours_of_one_value() -> None:
    writer = RangeWriter(32)
    for first, value in [(0, 1), (5, 1), (9, 2)]:
        writer.add(first, value)
    assert list(writer.ranges()) == [(0, 8, 1), (9, SPACE - 1, 2)]
