"""DNS cookies: those of RFC 9018, so that others' servers take ours and ours theirs."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns.cookies import Jar, well_formed
from gtm.dns.siphash import siphash24

SECRET = bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")
NEW = bytes.fromhex("445536bcd2513298075a5d379663c962")
PREVIOUS = bytes.fromhex("dd3bdf9344b678b185a6f5cb60fca715")
HERE = ip_address("192.0.2.1").packed
CLIENT = b"\1\2\3\4\5\6\7\x08"


def test_siphash_is_that_of_its_paper() -> None:
    digest = siphash24(bytes(range(16)), bytes(range(15)))
    assert digest == 0xA129CA6149BE45E5.to_bytes(8, "little")


# RFC 9018 appendix A: secrets, option data, address, time; server cookie; whether ours was shown
VECTORS = {
    "A.1 learning a cookie": (
        (SECRET,),
        "2464c4abcf10c957",
        "198.51.100.100",
        1559731985,
        "010000005cf79f111f8130c3eee29480",
        False,
    ),
    "A.2 renewing one after 40 minutes": (
        (SECRET,),
        "2464c4abcf10c957 010000005cf79f111f8130c3eee29480",
        "198.51.100.100",
        1559734385,
        "010000005cf7a871d4a564a1442aca77",
        True,
    ),
    "A.3 with reserved bits set, and too old": (
        (SECRET,),
        "fc93fc62807ddb86 01abcdef5cf78f71a314227b6679ebf5",
        "203.0.113.203",
        1559734700,
        "010000005cf7a9acf73a7810aca2381e",
        False,
    ),
    "A.4 after the secret was rolled": (
        (NEW, PREVIOUS),
        "22681ab97d52c298 010000005cf7c57926556bd0934c72f8",
        "2001:db8:220:1:59de:d0f4:8769:82b8",
        1559741961,
        "010000005cf7c609a6bb79d16625507a",
        True,
    ),
}


@pytest.mark.parametrize(
    ("secrets", "shown", "address", "now", "wanted", "known"), VECTORS.values(), ids=VECTORS
)
def test_cookies_are_those_of_rfc_9018_appendix_a(
    secrets: tuple[bytes, ...], shown: str, address: str, now: int, wanted: str, known: bool
) -> None:
    data = bytes.fromhex(shown)
    answer = Jar(secrets).greet(data, ip_address(address).packed, now)
    assert answer == (data[:8] + bytes.fromhex(wanted), known)


def test_reserved_bits_are_taken_as_they_came() -> None:
    data = bytes.fromhex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5")
    address = ip_address("203.0.113.203").packed
    assert Jar((SECRET,)).greet(data, address, 1559727985) == (data, True)


@pytest.mark.parametrize(
    ("later", "known", "kept"),
    [
        (-301, False, False),
        (-300, True, True),
        (0, True, True),
        (1800, True, True),
        (1801, True, False),
        (3600, True, False),
        (3601, False, False),
    ],
)
def test_a_cookie_is_renewed_after_half_an_hour_and_holds_for_one(
    later: int, known: bool, kept: bool
) -> None:
    jar = Jar((SECRET,))
    first, _ = jar.greet(CLIENT, HERE, 1e9)
    again, found = jar.greet(first, HERE, 1e9 + later)
    assert (found, again == first) == (known, kept)


def test_a_cookie_is_for_one_address_one_client_and_one_secret() -> None:
    jar = Jar((SECRET,))
    cookie, _ = jar.greet(CLIENT, HERE, 1e9)
    assert jar.greet(cookie, HERE, 1e9) == (cookie, True)
    assert not jar.greet(cookie, ip_address("192.0.2.2").packed, 1e9)[1]
    assert not jar.greet(b"another!" + cookie[8:], HERE, 1e9)[1]
    assert not Jar((NEW,)).greet(cookie, HERE, 1e9)[1]


def test_the_clock_of_cookies_comes_round_in_2106() -> None:
    jar = Jar((SECRET,))
    cookie, _ = jar.greet(CLIENT, HERE, (1 << 32) - 10)
    assert jar.greet(cookie, HERE, (1 << 32) + 10) == (cookie, True)


@given(st.binary(max_size=48), st.floats(0, 5e9))
def test_no_guess_is_a_cookie_of_ours(data: bytes, now: float) -> None:
    if well_formed(data):
        answer, known = Jar((SECRET,)).greet(data, HERE, now)
        assert not known
        assert (len(answer), answer[:8]) == (24, data[:8])


def test_lengths_are_those_of_rfc_7873() -> None:
    assert [size for size in range(60) if well_formed(bytes(size))] == [8, *range(16, 41)]


def test_secrets_are_in_no_text_of_a_jar() -> None:
    jar = Jar((SECRET, NEW))
    assert all(repr(one) == repr(other) for one, other in pairwise((jar, Jar((PREVIOUS,)))))
