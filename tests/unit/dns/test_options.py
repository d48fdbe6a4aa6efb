"""EDNS options: NSID, cookies, keepalive, padding and extended errors, each by its RFC."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from gtm.dns.conduct import Conduct
from gtm.dns.cookies import Jar
from gtm.dns.lookup import Chance
from gtm.dns.message import UDP_MAXIMUM
from gtm.dns.options import COOKIE, KEEPALIVE, NSID, PADDING
from gtm.dns.responder import Reply, respond
from gtm.dns.transport import Transport
from gtm.snapshot import Snapshot
from tests.worlds import asker, compile_world

NOW = 1e9
EDE = 15
CLIENT = b"a client"
ADDRESS = "192.0.2.1"
CONDUCT = Conduct(b"ns1", cookies=Jar((b"sixteen octets!!",)))
UDP, TCP, TLS, HTTPS = Transport
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US}}
apps:
  shop: {topology: replicated, services: {orders: {us: [192.0.2.10]}}}
records:
  large: {type: TXT, values: [LARGE]}
  child: {type: NS, values: [ns.child.gtm.example.com.]}
  ns.child: {type: A, value: 192.0.2.54}
"""


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    large = ", ".join(f'"{number:0200}"' for number in range(20))
    return compile_world({"gtm.yaml": ZONE.replace("LARGE", large)}).snapshot


def generic_option(code: int, data: bytes) -> dns.edns.Option:
    return dns.edns.GenericOption(dns.edns.OptionType.make(code), data)


def ask(
    *options: tuple[int, bytes],
    name: str = "orders.gtm.example.com",
    rrtype: str = "A",
    size: int = 1232,
    edns: int | bool = 0,
) -> bytes:
    generic = [generic_option(code, data) for code, data in options]
    query = dns.message.make_query(name, rrtype, use_edns=edns, payload=size, options=generic)
    return query.to_wire()


def reply(
    snapshot: Snapshot,
    packet: bytes,
    transport: Transport = UDP,
    conduct: Conduct = CONDUCT,
    *,
    cut: bool = False,
) -> Reply:
    found = respond(
        snapshot,
        packet,
        asker(ADDRESS),
        Chance(0, NOW),
        transport=transport,
        conduct=conduct,
        cut=cut,
    )
    assert found is not None
    return found


def said(message: bytes) -> dns.message.Message:
    return dns.message.from_wire(message)


def options(message: bytes) -> dict[int, bytes]:
    """Option data by code, each at most once."""
    found = [(int(each.otype), each.to_wire() or b"") for each in said(message).options]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_nsid_is_said_to_those_that_ask_if_there_is_one(snapshot: Snapshot) -> None:
    assert options(reply(snapshot, ask((NSID, b""))).message) == {NSID: b"ns1"}
    assert options(reply(snapshot, ask((NSID, b"ignored"))).message) == {NSID: b"ns1"}
    assert options(reply(snapshot, ask()).message) == {}
    assert options(reply(snapshot, ask((NSID, b"")), conduct=Conduct()).message) == {}


def test_a_client_cookie_gets_a_server_cookie_that_is_known_next_time(snapshot: Snapshot) -> None:
    first = reply(snapshot, ask((COOKIE, CLIENT)))
    cookie = options(first.message)[COOKIE]
    assert (cookie[:8], len(cookie), first.known) == (CLIENT, 24, False)
    assert said(first.message).answer
    second = reply(snapshot, ask((COOKIE, cookie)))
    assert (options(second.message)[COOKIE], second.known) == (cookie, True)


@pytest.mark.parametrize("size", [0, 7, 9, 15, 41])
def test_a_cookie_of_a_wrong_length_gets_formerr(snapshot: Snapshot, size: int) -> None:
    for transport in Transport:
        found = reply(snapshot, ask((COOKIE, bytes(size))), transport)
        assert said(found.message).rcode() == dns.rcode.FORMERR
        assert options(found.message) == {}
        assert not found.known


@pytest.mark.parametrize("shown", [bytes(8), bytes(16), bytes(32), b"\1" + bytes(15)])
def test_an_invalid_cookie_is_answered_and_replaced(snapshot: Snapshot, shown: bytes) -> None:
    found = reply(snapshot, ask((COOKIE, CLIENT + shown)))
    assert said(found.message).answer
    assert options(found.message)[COOKIE][8:] != shown
    assert not found.known


def test_of_several_cookies_the_first_counts(snapshot: Snapshot) -> None:
    found = reply(snapshot, ask((COOKIE, CLIENT), (COOKIE, b"faulty")))
    assert options(found.message)[COOKIE][:8] == CLIENT


def test_a_query_without_a_question_gets_a_cookie_alone(snapshot: Snapshot) -> None:
    """RFC 7873 section 5.4."""
    packet = dns.message.Message(id=7)
    packet.use_edns(0, options=[generic_option(COOKIE, CLIENT)])
    message = said(reply(snapshot, packet.to_wire()).message)
    assert (message.rcode(), message.question, message.answer) == (dns.rcode.NOERROR, [], [])
    assert options(message.to_wire())[COOKIE][:8] == CLIENT


def test_errors_carry_cookies_too(snapshot: Snapshot) -> None:
    found = reply(snapshot, ask((COOKIE, CLIENT), name="example.org")).message
    assert said(found).rcode() == dns.rcode.REFUSED
    assert COOKIE in options(found)


@pytest.mark.parametrize("transport", Transport)
@pytest.mark.parametrize("size", [0, 2])
def test_keepalive_says_over_streams_how_long_a_connection_may_be_silent(
    snapshot: Snapshot, transport: Transport, size: int
) -> None:
    found = options(reply(snapshot, ask((KEEPALIVE, bytes(size))), transport).message)
    in_tenths = {KEEPALIVE: (100).to_bytes(2, "big")}
    assert found == (in_tenths if transport in (TCP, TLS) else {})
    assert options(reply(snapshot, ask(), transport).message) == {}


@pytest.mark.parametrize("transport", Transport)
def test_a_keepalive_of_a_wrong_length_gets_formerr_over_streams(
    snapshot: Snapshot, transport: Transport
) -> None:
    message = said(reply(snapshot, ask((KEEPALIVE, b"abc")), transport).message)
    is_stream = transport in (TCP, TLS)
    assert message.rcode() == (dns.rcode.FORMERR if is_stream else dns.rcode.NOERROR)


@pytest.mark.parametrize("name", ["orders", "large", "nothing", "x.child"])
def test_padded_queries_over_encrypted_transports_get_padded_answers(
    snapshot: Snapshot, name: str
) -> None:
    """RFC 8467 section 4.1: to a multiple of 468 octets."""
    rrtype = "TXT" if name == "large" else "A"
    padded = ask((PADDING, bytes(50)), name=f"{name}.gtm.example.com", rrtype=rrtype)
    plain = ask(name=f"{name}.gtm.example.com", rrtype=rrtype)
    for transport in (TLS, HTTPS):
        message = reply(snapshot, padded, transport).message
        assert len(message) % 468 == 0
        assert set(options(message)[PADDING]) <= {0}
        assert said(message).answer == said(reply(snapshot, plain, transport).message).answer
        assert len(reply(snapshot, plain, transport).message) % 468
    for transport in (UDP, TCP):
        assert PADDING not in options(reply(snapshot, padded, transport).message)


def test_padding_ends_where_the_message_must() -> None:
    many = [f'"{number:0250}"' for number in range(247)]
    text = ZONE.replace("LARGE", ", ".join(many))
    packet = ask((PADDING, b""), name="large.gtm.example.com", rrtype="TXT")
    message = reply(compile_world({"gtm.yaml": text}).snapshot, packet, TLS).message
    assert len(message) == 65535 or len(message) % 468 == 0
    assert said(message).answer


def test_resolvers_are_told_that_a_name_is_not_ours(snapshot: Snapshot) -> None:
    message = reply(snapshot, ask(name="example.org")).message
    assert options(message) == {EDE: (20).to_bytes(2, "big")}
    assert said(reply(snapshot, ask(name="example.org", edns=False)).message).edns == -1


def test_other_versions_than_0_are_told_ours_and_nothing_else(snapshot: Snapshot) -> None:
    wishes = ((NSID, b""), (COOKIE, CLIENT), (COOKIE, b"x"), (KEEPALIVE, b"x"))
    message = reply(snapshot, ask(*wishes, edns=1), TCP).message
    assert said(message).rcode() == dns.rcode.BADVERS
    assert options(message) == {}


def test_a_cut_answer_says_to_ask_over_tcp_and_carries_a_cookie(snapshot: Snapshot) -> None:
    message = reply(snapshot, ask((COOKIE, CLIENT)), cut=True).message
    assert said(message).flags & dns.flags.TC
    assert not said(message).answer
    known = ask((COOKIE, options(message)[COOKIE]))
    assert said(reply(snapshot, known, cut=True).message).answer


@pytest.mark.parametrize("size", [0, 511, 512, 600, 1231, 1232, 1233, 4096, 65535])
@pytest.mark.parametrize("edns", [0, False])
def test_no_answer_over_udp_is_larger_than_the_client_takes_and_than_1232_octets(
    snapshot: Snapshot, size: int, edns: int | bool
) -> None:
    conduct = Conduct(b"n" * 64)
    wishes = ((NSID, b""), (COOKIE, CLIENT), (PADDING, b""), (KEEPALIVE, b"")) if not edns else ()
    most = 512 if edns is False else min(max(size, 512), UDP_MAXIMUM)
    longest = ".".join(["x" * 63] * 3 + ["x" * 43, "gtm.example.com"])
    for name in ("orders.gtm.example.com", "large.gtm.example.com", longest, "x" * 63 + ".org"):
        for rrtype in ("A", "TXT", "ANY", "SOA"):
            given = () if edns is False else wishes
            packet = ask(*given, name=name, rrtype=rrtype, size=size, edns=edns)
            assert len(reply(snapshot, packet, conduct=conduct).message) <= most
