"""PROXY protocol, version 2, read from balancers."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.networks import Networks
from gtm.planes.proxy import SIGNATURE, Balancers, Malformed, crc32c, read

CASES = Path(__file__).parents[2] / "data" / "proxy-v2.txt"


def cases() -> list[tuple[str, bytes, str]]:
    lines = CASES.read_text(encoding="utf-8").splitlines()
    parts = [line.split("|") for line in lines if not line.startswith("#")]
    return [
        (name.strip(), bytes.fromhex(octets), outcome.strip()) for name, octets, outcome in parts
    ]


def said(octets: bytes) -> str:
    try:
        header = read(octets)
    except Malformed:
        return "malformed"
    return "short" if header is None else f"{header.size} {header.client or 'balancer'}"


@pytest.mark.parametrize(
    ("octets", "outcome"), [each[1:] for each in cases()], ids=[c[0] for c in cases()]
)
def test_headers_are_read_as_both_planes_agreed(octets: bytes, outcome: str) -> None:
    assert said(octets) == outcome


def test_a_header_cut_anywhere_is_short() -> None:
    for _, octets, outcome in cases():
        if outcome.split()[0].isdigit():
            for end in range(int(outcome.split()[0])):
                assert said(octets[:end]) == "short"


ADDRESSES = st.ip_addresses(v=4) | st.ip_addresses(v=6)
EXTENSIONS = st.lists(st.tuples(st.integers(4, 255), st.binary(max_size=40)), max_size=4)


@given(client=ADDRESSES, server=ADDRESSES, extensions=EXTENSIONS, rest=st.binary(max_size=30))
def test_what_a_balancer_says_is_what_is_read(
    client: object, server: object, extensions: list[tuple[int, bytes]], rest: bytes
) -> None:
    source, target = ip_address(str(client)), ip_address(str(server))
    four = source.version == target.version == 4
    pair = b"".join(
        each.packed if four or each.version == 6 else bytes(10) + b"\xff\xff" + each.packed
        for each in (source, target)
    )
    body = pair + b"\x9c\x40\0\x35"
    for kind, value in extensions:
        body += bytes((kind,)) + len(value).to_bytes(2, "big") + value
    head = SIGNATURE + bytes((0x21, 0x12 if four else 0x22)) + len(body).to_bytes(2, "big")
    header = read(head + body + rest)
    assert header is not None
    assert header.size == len(head + body)
    mapped = getattr(source, "ipv4_mapped", None)
    assert header.client == str(mapped or source)


@given(octets=st.binary(max_size=200), behind=st.booleans())
def test_whatever_comes_it_is_a_header_or_short_or_malformed(octets: bytes, behind: bool) -> None:
    whole = SIGNATURE + octets if behind else octets
    try:
        header = read(whole)
    except Malformed:
        return
    assert header is None or header.size <= len(whole)


def test_the_checksum_is_that_of_castagnoli() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 9260 appendix A's polynomial, known value


def test_balancers_are_those_in_listed_networks_alone() -> None:
    balancers = Balancers(Networks.of(["192.0.2.0/24", "2001:db8::/32"]))
    assert balancers.has("192.0.2.7")
    assert balancers.has("2001:db8::7")
    assert not balancers.has("192.0.3.7")
    assert not balancers.has("::1")
    assert not Balancers()
    assert not Balancers().has("192.0.2.7")
