"""What the query log tells of a question."""

from __future__ import annotations

import json
import struct

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns.transport import Transport
from gtm.querylog.dnstap import encoded
from gtm.querylog.entry import Entry
from gtm.querylog.lines import line
from gtm.snapshot import Tally

STEERED = Tally("gtm.example.com.", "orders.gtm.example.com.", "us-east", "A", "NOERROR")


def entry(
    sender: str = "192.0.2.77", subnet: str | None = None, transport: Transport = Transport.UDP
) -> Entry:
    options = [dns.edns.ECSOption.from_text(subnet)] if subnet else []
    query = dns.message.make_query("Orders.gtm.example.com", "A", use_edns=0, options=options)
    answer = dns.message.make_response(query)
    return Entry(
        1_700_000_000.25, sender, 40000, transport, query.to_wire(), answer.to_wire(), STEERED, 7
    )


def told(one: Entry, *, whole: bool = False) -> dict[str, object]:
    text = line(one, whole=whole)
    assert text.endswith(b"\n")
    assert text.count(b"\n") == 1
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_tells_question_answer_decision_and_epoch() -> None:
    assert told(entry()) == {
        "time": "2023-11-14T22:13:20.250000+00:00",
        "client": "192.0.2.0/24",
        "transport": "udp",
        "name": "Orders.gtm.example.com.",
        "type": "A",
        "rcode": "NOERROR",
        "octets": len(entry().answer),
        "zone": "gtm.example.com.",
        "service": "orders.gtm.example.com.",
        "region": "us-east",
        "epoch": 7,
    }


def test_clients_are_told_by_their_network_unless_all_of_them_is_wanted() -> None:
    one = entry("2001:db8:1:2ff::9", "203.0.113.128/25")
    assert told(one)["client"] == "2001:db8:1:200::/56"
    assert told(one)["subnet"] == "203.0.113.0"
    assert "port" not in told(one)
    all_of_it = told(one, whole=True)
    assert (all_of_it["client"], all_of_it["port"]) == ("2001:db8:1:2ff::9", 40000)
    assert (all_of_it["subnet"], all_of_it["subnet_source"]) == ("203.0.113.128", 25)


def test_ipv4_that_came_over_an_ipv6_socket_is_told_as_ipv4() -> None:
    assert told(entry("::ffff:192.0.2.9"))["client"] == "192.0.2.0/24"


@given(st.binary(max_size=600), st.binary(max_size=600), st.sampled_from(Transport))
def test_any_octets_can_be_told(query: bytes, answer: bytes, transport: Transport) -> None:
    one = Entry(0.0, "192.0.2.1", 0, transport, query, answer, Tally("", "", "", "", ""), 1)
    told(one)
    assert fields(encoded(one, b"id", b"v", whole=True))[15] == 1


def fields(message: bytes) -> dict[int, int | bytes]:
    """A naive reader of protobuf messages."""
    found: dict[int, int | bytes] = {}
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            octet = message[at]
            at += 1
            number |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                return number

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            found[key >> 3] = varint()
        elif key & 7 == 2:
            size = varint()
            found[key >> 3] = message[at : at + size]
            at += size
        else:
            assert key & 7 == 5
            found[key >> 3] = struct.unpack("<I", message[at : at + 4])[0]
            at += 4
    return found


@pytest.mark.parametrize(
    ("transport", "number"),
    [(Transport.UDP, 1), (Transport.TCP, 2), (Transport.TLS, 3), (Transport.HTTPS, 4)],
)
def test_a_dnstap_message_has_what_dnstap_proto_says(transport: Transport, number: int) -> None:
    one = entry(transport=transport)
    outer = fields(encoded(one, b"ns1", b"gtm", whole=False))
    assert (outer[1], outer[2], outer[15]) == (b"ns1", b"gtm", 1)
    extra, message = outer[3], outer[14]
    assert isinstance(extra, bytes)
    assert isinstance(message, bytes)
    assert json.loads(extra)["region"] == "us-east"
    inner = fields(message)
    assert (inner[1], inner[2], inner[3]) == (2, 1, number)
    assert inner[4] == bytes((192, 0, 2, 0))
    assert (inner[8], inner[9]) == (1_700_000_000, 250_000_000)
    assert (inner[10], inner[14]) == (one.query, one.answer)
    assert 6 not in inner
