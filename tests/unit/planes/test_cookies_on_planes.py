"""Cookies, NSID and cut answers: the native plane's octets are the reference responder's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns.conduct import Conduct
from gtm.dns.cookies import Jar
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.options import COOKIE, KEEPALIVE, NSID
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.planes.fast import FastPath
from gtm.snapshot import Snapshot
from tests.unit.planes.native_plane import native
from tests.worlds import compile_world

if TYPE_CHECKING:
    from gtm._native import Tables

NOW = 1_559_731_985.0
FIRST, SECOND, STRANGE = b"first secret 16.", b"second secret 16", b"somebody else's."
CLIENT = b"a client"
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US}}
apps:
  shop: {topology: replicated, services: {orders: {us: [192.0.2.10]}}}
records:
  www: {type: A, value: 192.0.2.1}
"""


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return compile_world({"gtm.yaml": ZONE}).snapshot


@pytest.fixture(scope="module")
def tables(snapshot: Snapshot) -> Tables:
    return native().of(snapshot)


def ask(name: str, options: list[tuple[int, bytes]]) -> bytes:
    make = dns.edns.OptionType.make
    generic: list[dns.edns.Option] = [
        dns.edns.GenericOption(make(code), data) for code, data in options
    ]
    return dns.message.make_query(name, "A", use_edns=0, options=generic, id=7).to_wire()


@given(
    name=st.sampled_from(["orders.gtm.example.com", "www.gtm.example.com", "example.org"]),
    sender=st.sampled_from(["192.0.2.250", "::ffff:192.0.2.250", "2001:db8::1"]),
    maker=st.sampled_from([None, FIRST, SECOND, STRANGE]),
    age=st.sampled_from([-301, -300, 0, 1, 1800, 1801, 3600, 3601, 1 << 31]),
    identity=st.sampled_from([None, b"ns1"]),
    wishes=st.lists(st.sampled_from([(NSID, b""), (65001, b"x"), (COOKIE, b"late"), (12, b"")])),
    cut=st.booleans(),
)
def test_the_native_plane_grants_what_the_reference_grants(
    snapshot: Snapshot,
    tables: Tables,
    name: str,
    sender: str,
    maker: bytes | None,
    age: int,
    identity: bytes | None,
    wishes: list[tuple[int, bytes]],
    cut: bool,
) -> None:
    asker = asker_of(sender)
    address = asker.address.to_bytes(asker.bits // 8, "big")
    cookie = CLIENT if maker is None else Jar((maker,)).greet(CLIENT, address, NOW - age)[0]
    packet = ask(name, [(COOKIE, cookie), *wishes])
    conduct = Conduct(identity, cookies=Jar((FIRST, SECOND)))
    chance = Chance(0, NOW)
    reply = respond(
        snapshot, packet, asker, chance, transport=Transport.UDP, conduct=conduct, cut=cut
    )
    assert reply is not None
    assert reply.known == (maker in (FIRST, SECOND) and -300 <= age <= 3600)
    found = tables.answer(packet, sender, 0, NOW, True, identity, (FIRST, SECOND), cut)
    assert found is not None
    assert found[0] == reply.message


def test_the_native_plane_leaves_keepalive_over_streams_alone(tables: Tables) -> None:
    packet = ask("www.gtm.example.com", [(KEEPALIVE, b"")])
    assert tables.answer(packet, "192.0.2.1", 0, NOW, False) is None
    assert tables.answer(packet, "192.0.2.1", 0, NOW, True) is not None


def test_the_python_fast_path_leaves_options_alone_that_are_answered(snapshot: Snapshot) -> None:
    path = FastPath(snapshot, lambda: 0, lambda: NOW)
    counts = [0] * len(snapshot.tallies)
    for code in (NSID, COOKIE, KEEPALIVE, 12):
        packet = ask("www.gtm.example.com", [(code, CLIENT)])
        assert path.answer(packet, "192.0.2.1", counts) is None
