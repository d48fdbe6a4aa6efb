"""HTTPS, SVCB and SRV records of services: what they say, and what they cost others."""

from __future__ import annotations

import struct
from collections import Counter
from fractions import Fraction
from ipaddress import IPv4Address, ip_address

import dns.message
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.IN.HTTPS import HTTPS
from hypothesis import given, settings
from hypothesis import strategies as st

from gtm.compile.bindings import MOST_VARIANTS, binding_rrset, parameters
from gtm.compile.compiler import Compiled, Compiler
from gtm.compile.dispatch import MOST, Serving, nearest_first, srv_rrset
from gtm.dns.lookup import Chance
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.model import Endpoint, Location, Region
from gtm.published import Binding, Dispatch
from gtm.snapshot import Pick, RRset, Snapshot
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, asker, compile_world, read_zones, sample_geo

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
ttl: {min: 5s, max: 60s}
regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}
checks: {up: {type: tcp, port: 80}}
apps:
  block:
    topology: replicated
    check: up
    https: {alpn: [h2], port: 8443}
    srv: {_grpc._tcp: 8443}
    services:
      orders:
        {alias: true, us: [192.0.2.1, 192.0.2.2], eu: [198.51.100.1], ap: [203.0.113.1]}
      payments: {us: [192.0.2.3], eu: [198.51.100.3], ap: [203.0.113.3]}
  alone:
    topology: spread
    check: up
    balance: hash
    services:
      plain: {us: [192.0.2.4], ap: [203.0.113.5]}
      search:
        {https: true, svcb: {_dns: {}}, srv: {_a._udp: 1}, answers: 1,
         us: [192.0.2.1, 192.0.2.5, "2001:db8::1"], ap: [203.0.113.5, 203.0.113.6]}
"""
ENDPOINTS = [
    *("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "2001:db8::1"),
    *("198.51.100.1", "198.51.100.3", "203.0.113.1", "203.0.113.3", "203.0.113.5", "203.0.113.6"),
]
QUESTIONS = [
    *((name, "HTTPS") for name in ("orders", "payments", "search", "plain", "")),
    *((name, "A") for name in ("orders", "payments", "search", "plain", "")),
    *((f"_grpc._tcp.{name}", "SRV") for name in ("orders", "payments")),
    *(("_a._udp.search", "SRV"), ("_dns.search", "SVCB")),
]
LATER = 1000.0  # seconds: every ramp is over


def said(snapshot: Snapshot, name: str, rrtype: str, client: str = "192.0.2.1") -> list[str]:
    """The data of the answer."""
    owner = f"{name}.gtm.example.com" if name else "gtm.example.com"
    query = dns.message.make_query(owner, rrtype, use_edns=0, payload=1232)
    reply = respond(
        snapshot, query.to_wire(), asker(client), Chance(0, 0.0), transport=Transport.UDP
    )
    assert reply is not None
    return [
        rdata.to_text() for rrset in dns.message.from_wire(reply.message).answer for rdata in rrset
    ]


def everything(snapshot: Snapshot) -> dict[tuple[str, ...], list[str]]:
    return {
        (*question, client): said(snapshot, *question, client)
        for question in QUESTIONS
        for client in ("192.0.2.1", "198.51.100.1", "203.0.113.1")
    }


def compiled(down: set[str], compiler: Compiler | None = None) -> Compiled:
    zones = read_zones({"gtm.yaml": ZONE})
    return (compiler or Compiler()).compile(zones, sample_geo(), Readings(Verdicts(down)), epoch=1)


# --- in snapshots -------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.sampled_from(ENDPOINTS)), min_size=1, max_size=4))
def test_refreshing_gives_the_records_that_compiling_anew_gives(steps: list[set[str]]) -> None:
    compiler = Compiler()
    state = compiled(set(), compiler)
    before: set[str] = set()
    for down in steps:
        changed = {target for target in state.uses if target.address in before ^ down}
        state = compiler.refresh(state, changed, Readings(Verdicts(down)), epoch=2)
        before = down
    state = compiler.ramped(state, LATER, epoch=3)
    fresh = compiled(before)
    assert everything(state.snapshot) == everything(fresh.snapshot)
    assert [each and len(each) for each in state.snapshot.answers] == [
        each and len(each) for each in fresh.snapshot.answers
    ]


def test_a_reload_takes_nothing_over_that_is_published_otherwise_now() -> None:
    compiler = Compiler()
    before = compiled(set(), compiler)
    zones = read_zones(
        {"gtm.yaml": ZONE.replace("port: 8443", "port: 9443").replace("tcp: 8443", "tcp: 9444")}
    )
    after = compiler.compile(zones, sample_geo(), Readings(Verdicts()), 2, before=before)
    assert said(after.snapshot, "orders", "HTTPS")[0].split()[3] == 'port="9443"'
    assert said(after.snapshot, "_grpc._tcp.orders", "SRV")[0].split()[2] == "9444"


def test_services_without_such_records_have_two_rows_as_ever() -> None:
    state = compiled(set())
    table = state.snapshot
    assert len(table.rows) == 2 * len(table.answers)
    alone = state.apps["gtm.example.com.", "alone"].services
    plain, search = alone["plain"].steered, alone["search"].steered
    assert search.number == plain.number + 1 and table.answers[plain.number]
    assert table.answers[search.number] and not table.answers[search.number + 1]
    assert not any(table.rows[2 * search.number + 3])  # the row that fills up a pair


def test_what_changes_nothing_leaves_the_rows_beside_as_they_are() -> None:
    compiler = Compiler()
    before = compiled(set(), compiler)
    changed = {target for target in before.uses if target.address == "192.0.2.4"}
    after = compiler.refresh(before, changed, Readings(Verdicts({"192.0.2.4"})), epoch=2)
    kept = zip(before.snapshot.rows, after.snapshot.rows, strict=True)
    assert all(old is new for old, new in kept)


def test_names_beside_a_service_are_sent_where_it_is() -> None:
    state = compiled({"192.0.2.3"})  # takes the block out of the region
    for client, there in (("192.0.2.1", "198.51.100.1"), ("203.0.113.1", "203.0.113.1")):
        assert said(state.snapshot, "orders", "A", client) == [there]
        assert said(state.snapshot, "", "A", client) == [there]
        assert there in said(state.snapshot, "", "HTTPS", client)[0]
        targets = [
            line.split()[-1] for line in said(state.snapshot, "_grpc._tcp.orders", "SRV", client)
        ]
        assert targets[0].startswith(there.replace(".", "-"))
        assert not any(".us." in target for target in targets)


def test_by_hash_hints_and_addresses_are_the_same_for_the_same_client() -> None:
    state = compiled(set())
    for last in range(1, 60):
        client = f"192.0.2.{last}"
        (address,) = said(state.snapshot, "search", "A", client)
        (record,) = said(state.snapshot, "search", "HTTPS", client)
        (other,) = said(state.snapshot, "_dns.search", "SVCB", client)
        assert f'ipv4hint="{address}"' in record and f'ipv4hint="{address}"' in other


def test_the_records_say_the_ttl_that_health_chose() -> None:
    state = compile_world({"gtm.yaml": ZONE}, patience={"192.0.2.1": 7.0})
    name = "_grpc._tcp.orders.gtm.example.com"
    query = dns.message.make_query(name, "SRV", use_edns=0, payload=1232)
    reply = respond(
        state.snapshot, query.to_wire(), asker("192.0.2.1"), Chance(0, 0.0), transport=Transport.UDP
    )
    assert reply is not None and dns.message.from_wire(reply.message).answer[0].ttl == 7


def test_answers_are_counted_by_service_region_and_type() -> None:
    tallies = compiled(set()).snapshot.tallies
    counted = {(each.service, each.region, each.type) for each in tallies}
    assert ("orders.gtm.example.com.", "eu", "SRV") in counted
    assert ("search.gtm.example.com.", "ap", "HTTPS") in counted
    assert ("search.gtm.example.com.", "us", "SVCB") in counted


# --- HTTPS and SVCB -----------------------------------------------------------------------

V4 = tuple(bytes((192, 0, 2, number)) for number in range(4))
V6 = tuple(bytes(15) + bytes((number,)) for number in range(3))


def hints(wire: bytes) -> tuple[tuple[str, ...], ...]:
    """The hints of a record, by family, as an independent reader has them."""
    found = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.HTTPS, wire, 0, len(wire))
    assert isinstance(found, HTTPS)
    return tuple(
        tuple(found.params[key].addresses) if key in found.params else () for key in (4, 6)
    )


def test_all_that_is_always_given_is_one_record() -> None:
    addresses = [RRset(1, 30, V4, (0, 1, 2, 3)), RRset(28, 30, V6, (0, 1, 2))]
    rrset = binding_rrset(65, b"\0", Binding(), 30, addresses)
    assert len(rrset.rdata) == 1 and rrset.starts == (0,)


@given(st.integers(1, 3), st.lists(st.integers(0, 3), min_size=2, max_size=40), st.integers(1, 2))
def test_hints_of_each_family_have_the_shares_of_its_answers(
    answered4: int, starts4: list[int], answered6: int
) -> None:
    of4 = RRset(1, 30, V4, tuple(starts4), answered4, Pick.HASH)
    of6 = RRset(28, 30, V6, (0, 1, 2), answered6, Pick.HASH)
    rrset = binding_rrset(65, b"\0", Binding(), 30, [of4, of6])
    found = [hints(rrset.given(start)[0]) for start in rrset.starts]
    for place, of in ((0, of4), (1, of6)):
        given = [tuple(str(ip_address(each)) for each in of.given(start)) for start in of.starts]
        drawn = Counter(pair[place] for pair in found)
        assert {one: Fraction(count, len(found)) for one, count in drawn.items()} == {
            one: Fraction(count, len(given)) for one, count in Counter(given).items()
        }


def test_many_pairs_of_hints_are_bounded() -> None:
    of4 = RRset(1, 30, V4, tuple(n % 4 for n in range(997)), 1)
    of6 = RRset(28, 30, V6, tuple(n % 3 for n in range(1009)), 1)
    assert len(binding_rrset(65, b"\0", Binding(), 30, [of4, of6]).starts) <= MOST_VARIANTS


@given(
    st.lists(st.sampled_from(["h2", "h3", "http/1.1", "dot"]), unique=True),
    st.none() | st.integers(1, 65535),
    st.binary(min_size=4, max_size=20) | st.just(b""),
    st.booleans(),
    st.integers(0, 4),
)
def test_parameters_are_what_an_independent_reader_reads(
    alpn: list[str], port: int | None, config: bytes, default: bool, given: int
) -> None:
    mandatory = ("alpn",) if alpn else ()
    # an ECHConfigList of one config of a version that nobody knows
    config = b"\xfe\xff" + struct.pack("!H", len(config)) + config if config else b""
    ech = struct.pack("!H", len(config)) + config if config else b""
    binding = Binding(tuple(alpn), default or not alpn, port, ech, "/q{?dns}", mandatory)
    wire = b"\0\1\0" + parameters(binding, V4[:given], V6[: given // 2])
    found = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.HTTPS, wire, 0, len(wire))
    assert isinstance(found, HTTPS)
    assert found.to_wire() == wire
    assert [key for key in (1, 2, 3, 4, 5, 6) if key in found.params] == [
        *([1] if alpn else []),
        *([2] if alpn and not default else []),
        *([3] if port else []),
        *([4] if given else []),
        *([5] if ech else []),
        *([6] if given // 2 else []),
    ]


# --- SRV ----------------------------------------------------------------------------------


def srv(rrset: RRset | None) -> list[tuple[int, ...]]:
    assert rrset is not None
    return [struct.unpack("!HHH", data[:6]) for data in rrset.rdata]


def endpoints(count: int, first: int = 1) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(IPv4Address(first * 256 + number)) for number in range(count))


def test_the_first_regions_endpoints_are_all_given_and_others_as_far_as_there_is_room() -> None:
    serving = {
        "us": Serving(endpoints(MOST + 4)),
        "eu": Serving(endpoints(2, 2)),
        "ap": Serving(endpoints(MOST - 2, 3)),
        "sa": Serving(endpoints(1, 4)),
    }
    both = Dispatch(7, regions=4)
    others = ("ap", "sa")
    alone = srv(srv_rrset("a.example.", both, "us", serving, ("eu", *others), 30))
    assert len(alone) == MOST + 4 and {priority for priority, _, _ in alone} == {1}
    some = srv(srv_rrset("a.example.", both, "eu", serving, others, 30))
    assert Counter(priority for priority, _, _ in some) == {1: 2, 2: MOST - 2}


def test_only_so_many_regions_are_named() -> None:
    serving = {name: Serving(endpoints(1, place)) for place, name in enumerate("abcd", 1)}
    found = srv(srv_rrset("a.example.", Dispatch(7, 2), "a", serving, ("b", "c", "d"), 30))
    assert [priority for priority, _, _ in found] == [1, 2]


def test_a_host_name_is_named_once() -> None:
    host = Serving((Endpoint("cdn.example.net."),))
    serving = {"us": host, "eu": host, "ap": Serving(endpoints(1))}
    found = srv(srv_rrset("a.example.", Dispatch(7), "us", serving, ("eu", "ap"), 30))
    assert [priority for priority, _, _ in found] == [1, 2]


def test_regions_behind_are_those_nearest_to_the_first() -> None:
    places = {"us": (39.0, -77.0), "eu": (53.0, -6.0), "ap": (1.0, 104.0), "in": (19.0, 73.0)}
    regions = {name: Region(name, Location(*where)) for name, where in places.items()}
    every = tuple(regions.values())
    assert nearest_first(regions["us"], every) == ("eu", "in", "ap")
    assert nearest_first(regions["ap"], every)[0] == "in"
