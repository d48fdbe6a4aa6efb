"""Every answer fits a DNS message, or the zone is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import pytest

from gtm.dns.lookup import Chance
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.model import (
    Address,
    AllDown,
    App,
    Balance,
    Endpoint,
    Policy,
    Rule,
    Steering,
    WhenAllDown,
    Zone,
    frozen_mapping,
)
from gtm.zonefile.document import parse
from gtm.zonefile.findings import Findings
from gtm.zonefile.sizes import ROOM, judge_zone
from tests.unit.zonefile.zonefile_writing import HEAD, mistakes_of, zone_of
from tests.worlds import asker, compile_world

MOST_A = ROOM // 16
LIMIT = f"a DNS message has room for {ROOM:,} (RFC 1035 section 4.2.2)"
RECORDS = "write fewer or shorter values, or spread them over more names"
ENDPOINTS = "write fewer endpoints, or bound an answer with `answers: 100` for the app shop"


def v4(count: int) -> list[IPv4Address]:
    return [IPv4Address("10.0.0.1") + n for n in range(count)]


def v6(count: int) -> list[IPv6Address]:
    return [IPv6Address("2001:db8::1") + n for n in range(count)]


def listed(addresses: Iterable[Address]) -> str:
    return "[" + ", ".join(f'"{address}"' for address in addresses) + "]"


def service(endpoints: str) -> str:
    return f"apps: {{shop: {{topology: spread, services: {{orders: {{{endpoints}}}}}}}}}\n"


# --- records ----------------------------------------------------------------------------


def test_records_that_fit_no_message_are_refused(tmp_path: Path) -> None:
    text = HEAD + f"records:\n  many: {{type: A, values: {listed(v4(5000))}}}\n"
    assert mistakes_of(tmp_path, text) == [
        "a.yaml:7:3: records.many: many.gtm.example.com. A has 5,000 records, which take 80,000 "
        f"octets: {LIMIT}; {RECORDS}"
    ]


def test_more_records_than_can_be_counted_are_refused(tmp_path: Path) -> None:
    text = HEAD + f"records:\n  many: {{type: A, values: {listed(v4(65_536))}}}\n"
    assert mistakes_of(tmp_path, text) == [
        "a.yaml:7:3: records.many: many.gtm.example.com. A has 65,536 records, which take "
        f"1,048,576 octets: {LIMIT}; {RECORDS}"
    ]


def test_records_of_a_master_file_have_to_fit_too(tmp_path: Path) -> None:
    count = MOST_A + 1
    (tmp_path / "r.zone").write_text("".join(f"many A {address}\n" for address in v4(count)))
    assert mistakes_of(tmp_path, HEAD + "records_file: r.zone\n") == [
        f"r.zone:1:1: many.gtm.example.com. A has {count:,} records, which take {count * 16:,} "
        f"octets: {LIMIT}; {RECORDS}"
    ]


def test_one_record_can_be_too_long(tmp_path: Path) -> None:
    text = HEAD + f"records:\n  long: {{type: TXT, value: {'x' * 65_000}}}\n"
    assert mistakes_of(tmp_path, text) == [
        "a.yaml:7:3: records.long: long.gtm.example.com. TXT has a record, which takes 65,267 "
        f"octets: {LIMIT}; {RECORDS}"
    ]


def test_what_is_let_through_is_answered_whole_under_the_longest_name(tmp_path: Path) -> None:
    zone = ".".join(["z" * 63] * 3)
    owner = "a" * 61  # 255 octets in all (RFC 1035 section 3.1)
    text = HEAD.replace("gtm.example.com", zone) + service(f"us-east: {listed(v4(MOST_A))}")
    text = text.replace("orders", owner)
    asked = dns.message.make_query(
        f"{owner}.{zone}", "A", use_edns=0, options=[dns.edns.ECSOption("2001:db8::1", 128)]
    )
    down = [str(address) for address in v4(MOST_A)]
    text = text.replace("topology", "check: {type: tcp, port: 80}, topology")
    snapshot = compile_world({"a.yaml": text}, down).snapshot
    reply = respond(
        snapshot, asked.to_wire(), asker("192.0.2.1"), Chance(0, 0.0), transport=Transport.TCP
    )
    assert reply is not None
    said = dns.message.from_wire(reply.message)
    assert not said.flags & dns.flags.TC
    assert len(said.answer[0]) == MOST_A
    assert len(said.options) == 2  # the client subnet, and that no region is up
    over = HEAD + f"records:\n  many: {{type: A, values: {listed(v4(MOST_A + 1))}}}\n"
    assert len(mistakes_of(tmp_path, over)) == 1


# --- services ---------------------------------------------------------------------------


def test_endpoints_of_a_region_that_fit_no_message_are_refused(tmp_path: Path) -> None:
    text = HEAD + service(f"us-east: 192.0.2.1, eu-west: {listed(v4(5000))}")
    (said,) = mistakes_of(tmp_path, text)
    assert said == (
        "a.yaml:6:82: apps.shop.services.orders.eu-west: orders.gtm.example.com. A has 5,000 "
        f"records, which take 80,000 octets: {LIMIT}; {ENDPOINTS}"
    )


def test_each_family_is_an_answer_of_its_own(tmp_path: Path) -> None:
    both: list[Address] = [*v4(MOST_A), *v6(ROOM // 28)]
    assert mistakes_of(tmp_path, HEAD + service(f"us-east: {listed(both)}")) == []
    (said,) = mistakes_of(
        tmp_path, HEAD + service(f"us-east: {listed([*v4(9), *v6(ROOM // 28 + 1)])}")
    )
    assert "orders.gtm.example.com. AAAA has 2,3" in said


def judged(zone: Zone) -> list[str]:
    """What is said of a zone, without places."""
    findings = Findings()
    document = parse("a.yaml", (HEAD + service("us-east: 192.0.2.1")).encode(), findings)
    assert document is not None
    judge_zone(zone, document, findings)
    return [str(mistake) for mistake in findings.mistakes]


def with_app(directory: Path, app: App) -> Zone:
    return replace(zone_of(directory, HEAD), apps=(app,))


@pytest.fixture
def large(tmp_path: Path) -> App:
    """An app with a service of 3,000 addresses in each of two regions."""
    zone = zone_of(tmp_path, HEAD + service(f"us-east: {listed(v4(3000))}, eu-west: 192.0.2.1"))
    orders = zone.apps[0].services[0]
    endpoints = frozen_mapping(dict.fromkeys(orders.endpoints, orders.endpoints["us-east"]))
    return replace(zone.apps[0], services=(replace(orders, endpoints=endpoints),))


def test_regions_that_are_answered_together_count_together(tmp_path: Path, large: App) -> None:
    assert judged(with_app(tmp_path, large)) == []
    said = [
        "a.yaml:6:44: apps.shop.services.orders: orders.gtm.example.com. A (us-east, eu-west "
        f"together) has 6,000 records, which take 96,000 octets: {LIMIT}; {ENDPOINTS}"
    ]
    two = Steering(answered=2)
    assert judged(with_app(tmp_path, replace(large, steering=two))) == said
    nested = Steering(Policy.GEO, rules=(Rule((), Steering(otherwise=two)),))
    assert judged(with_app(tmp_path, replace(large, steering=nested))) == said


def test_an_answer_that_is_bounded_fits(tmp_path: Path, large: App) -> None:
    two = replace(large, steering=Steering(answered=2))
    assert judged(with_app(tmp_path, replace(two, answers=2000))) == []
    assert len(judged(with_app(tmp_path, replace(two, answers=2500)))) == 1
    assert judged(with_app(tmp_path, replace(two, balance=Balance.ROUND_ROBIN))) == []


def test_backups_do_not_count_beside_the_others(tmp_path: Path, large: App) -> None:
    (orders,) = large.services
    backups = tuple(Endpoint(IPv4Address("10.1.0.0") + n, backup=True) for n in range(3000))
    both = {region: (*found, *backups) for region, found in orders.endpoints.items()}
    app = replace(large, services=(replace(orders, endpoints=frozen_mapping(both)),))
    assert judged(with_app(tmp_path, app)) == []


def test_addresses_of_last_resort_have_to_fit(tmp_path: Path, large: App) -> None:
    resort = WhenAllDown(AllDown.ADDRESSES, tuple(v4(5000)))
    (said,) = judged(with_app(tmp_path, replace(large, when_all_down=resort)))
    assert said.endswith(
        f"A of the last resort has 5,000 records, which take 80,000 octets: {LIMIT}; {ENDPOINTS}"
    )


# --- name servers -----------------------------------------------------------------------


def test_name_servers_and_their_addresses_have_to_fit(tmp_path: Path) -> None:
    text = HEAD.replace("[192.0.2.53]", listed(v4(5000)))
    assert mistakes_of(tmp_path, text) == [
        "a.yaml:2:14: nameservers: ns1.gtm.example.com. A has 5,000 records, which take 80,000 "
        f"octets: {LIMIT}; write fewer addresses"
    ]
    many = ", ".join(f"ns{n}.example.net.: []" for n in range(3000))
    assert mistakes_of(tmp_path, HEAD.replace("ns1: [192.0.2.53]", many)) == [
        "a.yaml:2:14: nameservers: gtm.example.com. NS has 3,000 records, which take 94,890 "
        f"octets: {LIMIT}; write fewer name servers"
    ]
