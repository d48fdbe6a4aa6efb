"""Lists of client networks, as settings and zone files write them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.networks import Networks


def test_addresses_prefixes_and_words_are_read() -> None:
    found = Networks.of(["loopback", " 192.0.2.0/24", "2001:db8::1"])
    assert str(found) == "127.0.0.0/8, ::1/128, 192.0.2.0/24, 2001:db8::1/128"
    for host in ("127.1.2.3", "::1", "192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1%eth0"):
        assert found.hold_host(host)
    for host in ("128.0.0.1", "192.0.3.1", "2001:db8::2", "::2"):
        assert not found.hold_host(host)


def test_any_holds_everybody_and_none_nobody() -> None:
    for host in ("192.0.2.1", "2001:db8::1"):
        assert Networks.of(["any"]).hold_host(host)
        assert not Networks.of(["none"]).hold_host(host)
        assert not Networks.of([]).hold_host(host)
    assert str(Networks.of(["none"])) == "none"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("192.0.2.1/24", "192.0.2.1/24 has bits behind its prefix; write 192.0.2.0/24"),
        ("everybody", "'everybody' is no network; write an address, a prefix as 192.0.2.0/24"),
        ("192.0.2.0/33", "'192.0.2.0/33' is no network"),
        ("", "'' is no network"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"network|bits") as caught:
        Networks.of([text])
    assert str(caught.value).startswith(why)


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_an_address_is_held_if_a_network_has_it(made: list[tuple[int, int]], address: int) -> None:
    networks = [ip_network((number >> 32 - size << 32 - size, size)) for number, size in made]
    held = any(ip_address(address) in network for network in networks)
    assert Networks.of(map(str, networks)).hold(32, address) == held
    assert not Networks.of(map(str, networks)).hold(128, address)
