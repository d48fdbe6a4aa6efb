"""Over TLS and HTTPS the native plane's tables say what the reference says, padding and all."""

from __future__ import annotations

import base64

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns.options import PADDED_TO
from gtm.dns.transport import Transport
from gtm.planes.answering import Answering
from gtm.planes.native import NativePlane
from gtm.planes.padding import asked, padded
from gtm.planes.stats import SocketStats
from tests.unit.planes.native_plane import require
from tests.worlds import compile_world

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
apps:
  shop:
    topology: spread
    services: {orders: {us: [192.0.2.10], eu: [198.51.100.10]}}
records:
  www: {type: A, values: [192.0.2.99]}
  chain: {type: CNAME, value: orders.gtm.example.com.}
  "*.dev": {type: TXT, value: "x"}
  sub: {type: NS, values: [ns.sub.gtm.example.com.]}
  ns.sub: {type: A, values: [192.0.2.7]}
"""
NAMES = ["orders", "www", "chain", "a.dev", "sub", "x.sub", "nope", "", "ns1"]


def option(code: int, data: bytes) -> dns.edns.Option:
    return dns.edns.GenericOption(dns.edns.OptionType.make(code), data)


OPTIONS = {
    "padding": option(12, b""),
    "much padding": option(12, bytes(200)),
    "subnet": dns.edns.ECSOption("198.51.100.0", 24),
    "nsid": option(3, b""),
    "cookie": option(10, b"12345678"),
    "keepalive": option(11, b""),
    "unknown": option(65001, b"\0\x0c\0\0"),
}


class Published(NativePlane):
    """One without threads."""

    def answering_from(self, answering: Answering) -> None:
        self._answering = answering


@pytest.fixture(scope="module")
def both() -> tuple[Published, Answering]:
    require()
    snapshot = compile_world({"gtm.yaml": ZONE}).snapshot
    plane = Published([], lambda: 7, lambda: 1e9)
    answering = Answering(snapshot, lambda: 7, lambda: 1e9)
    plane.answering_from(answering)
    plane.prepare(snapshot)
    plane._tables = plane._prepared
    return plane, answering


def stats(snapshot_tallies: int = 10_000) -> SocketStats:
    made = SocketStats("tls", "1")
    made.reserve(snapshot_tallies)
    return made


@given(
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(["A", "AAAA", "TXT", "NS", "ANY", "SOA"]),
    options=st.lists(st.sampled_from(sorted(OPTIONS)), max_size=4, unique=True),
    edns=st.booleans(),
    transport=st.sampled_from([Transport.TLS, Transport.HTTPS, Transport.TCP]),
)
def test_tables_and_reference_say_the_same(
    both: tuple[Published, Answering],
    name: str,
    kind: str,
    options: list[str],
    edns: bool,
    transport: Transport,
) -> None:
    plane, answering = both
    given_options = [OPTIONS[each] for each in options]
    query = dns.message.make_query(
        f"{name}.gtm.example.com".lstrip("."),
        kind,
        use_edns=0 if edns or options else False,
        options=given_options,
        id=77,
    )
    packet = query.to_wire()
    tabled, referred = stats(), stats()
    host = "198.51.100.7"
    assert plane.answers is not None
    found = plane.answers.answer(packet, host, tabled, transport=transport)
    wanted = answering.refer(packet, host, referred, transport=transport)
    assert found == wanted
    assert tabled.total() == referred.total() == 1
    if (
        found is not None
        and transport.encrypted
        and not {"padding", "much padding"}.isdisjoint(options)
    ):
        assert len(found) % PADDED_TO == 0


def test_most_of_what_asks_for_padding_is_answered_by_the_tables(
    both: tuple[Published, Answering],
) -> None:
    plane, _ = both
    packet = dns.message.make_query("orders.gtm.example.com", "A", pad=128).to_wire()
    counted = stats()
    assert plane.answers is not None
    assert plane.answers.answer(packet, "192.0.2.1", counted, transport=Transport.TLS)
    assert not counted.slow


@given(octets=st.binary(max_size=60))
def test_whatever_comes_it_is_asked_or_not_or_nobody_knows(octets: bytes) -> None:
    for packet in (octets, b"\0\1\1\0" + b"\0\1\0\0\0\0\0\1" + octets + b"\0\x0c"):
        assert asked(packet) in (True, False, None)


@given(octets=st.binary(max_size=60), counts=st.binary(min_size=8, max_size=8))
def test_what_is_no_message_with_an_opt_record_is_not_padded(octets: bytes, counts: bytes) -> None:
    for message in (octets, b"\0\1\1\0" + counts + octets):
        found = padded(message)
        assert found is None or len(found) > len(message)


def test_a_message_without_room_is_not_padded_beyond_it() -> None:
    question = base64.b64decode("AAAAAQABAAAAAAAB") + b"\0\0\1\0\1"
    for size in (65_470, 65_500):
        data = bytes(size - len(question) - 15)
        opt = b"\0\0\x29\4\xd0\0\0\0\0" + (len(data) + 4).to_bytes(2, "big") + b"\xfd\xe9"
        whole = question + opt + len(data).to_bytes(2, "big") + data
        found = padded(whole)
        assert found is not None
        assert len(found) <= 0xFFFF
        assert len(found) in (65_520, 65_535)
