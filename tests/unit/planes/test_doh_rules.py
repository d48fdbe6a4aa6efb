"""Which HTTP requests ask DNS something, and what comes back (RFC 8484)."""

from __future__ import annotations

import base64

import pytest
from dnslib import QTYPE, RR, SOA, A, DNSHeader, DNSQuestion, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from gtm.planes.streams import doh

# RFC 8484 section 4.1: an id of 0, so that caches see the same question
QUERY = bytes(DNSRecord(DNSHeader(id=0), q=DNSQuestion("www.gtm.example.com")).pack())
TEXT = base64.urlsafe_b64encode(QUERY).decode().rstrip("=")


def asked(method: str, target: str, kind: str = "", body: bytes = b"") -> bytes | int:
    headers = {"content-type": kind} if kind else {}
    found = doh.query(doh.Request(method, target, headers, body))
    return found if isinstance(found, bytes) else found.status


@pytest.mark.parametrize("target", [f"/dns-query?dns={TEXT}", f"/dns-query?ct&dns={TEXT}&x=1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_get_asks_by_its_target(method: str, target: str) -> None:
    assert asked(method, target) == QUERY


@pytest.mark.parametrize(
    "kind", [doh.MEDIA_TYPE, "Application/DNS-Message", f"{doh.MEDIA_TYPE}; x=y"]
)
def test_a_post_asks_by_its_body(kind: str) -> None:
    assert asked("POST", "/dns-query", kind, QUERY) == QUERY


def test_padding_of_base64_is_taken_too() -> None:
    assert asked("GET", f"/dns-query?dns={base64.urlsafe_b64encode(QUERY).decode()}") == QUERY


@pytest.mark.parametrize(
    ("method", "target", "kind", "body", "status"),
    [
        ("GET", "/dns-query", "", b"", 400),
        ("GET", "/dns-query?dns=", "", b"", 400),
        ("GET", "/dns-query?dns=*", "", b"", 400),
        ("GET", "/dns-query?dns=a", "", b"", 400),
        ("GET", f"/dns-query?dns={TEXT}&dns={TEXT}", "", b"", 400),
        ("GET", "/dns-query?" + "a=b&" * 20, "", b"", 400),
        ("GET", "/dns-query?dns=\xfc", "", b"", 400),
        ("POST", "/dns-query", doh.MEDIA_TYPE, b"", 400),
        ("GET", f"/?dns={TEXT}", "", b"", 404),
        ("POST", "/dns-query/", doh.MEDIA_TYPE, QUERY, 404),
        ("PUT", "/dns-query", doh.MEDIA_TYPE, QUERY, 405),
        ("OPTIONS", "*", "", b"", 404),
        ("POST", "/dns-query", doh.MEDIA_TYPE, bytes(doh.LARGEST + 1), 413),
        ("GET", "/dns-query?dns=" + "A" * doh.LONGEST_TARGET, "", b"", 414),
        ("GET", "http://[/dns-query", "", b"", 414),
        ("POST", "/dns-query", "application/json", QUERY, 415),
        ("POST", "/dns-query", "", QUERY, 415),
    ],
)
def test_what_asks_nothing_is_refused_by_its_rule(
    method: str, target: str, kind: str, body: bytes, status: int
) -> None:
    assert asked(method, target, kind, body) == status


def test_a_wrong_method_and_a_wrong_type_hear_what_is_right() -> None:
    wrong = doh.query(doh.Request("PUT", "/dns-query", {}))
    assert isinstance(wrong, doh.Response)
    assert ("allow", "GET, HEAD, POST") in wrong.headers
    wrong = doh.query(doh.Request("POST", "/dns-query", {}, QUERY))
    assert isinstance(wrong, doh.Response)
    assert ("accept", doh.MEDIA_TYPE) in wrong.headers


def response(ttls: list[int], denied: tuple[int, int] | None = None, rcode: int = 0) -> bytes:
    record = DNSRecord(DNSHeader(qr=1, rcode=rcode), q=DNSQuestion("www.gtm.example.com"))
    for ttl in ttls:
        record.add_answer(RR("www.gtm.example.com", QTYPE.A, ttl=ttl, rdata=A("192.0.2.1")))
    if denied:
        times = (1, 2, 3, 4, denied[1])
        soa = SOA("ns1.gtm.example.com", "hostmaster.example.com", times)
        record.add_auth(RR("gtm.example.com", QTYPE.SOA, ttl=denied[0], rdata=soa))
    return bytes(record.pack())


@given(ttls=st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=5))
def test_a_response_is_fresh_for_its_smallest_ttl(ttls: list[int]) -> None:
    assert doh.freshness(response(ttls, denied=(1, 1))) == min(ttls)


@given(
    ttl=st.integers(0, 2**31 - 1), least=st.integers(0, 2**31 - 1), rcode=st.sampled_from([0, 3])
)
def test_a_denial_is_fresh_for_what_its_soa_says(ttl: int, least: int, rcode: int) -> None:
    assert doh.freshness(response([], denied=(ttl, least), rcode=rcode)) == min(ttl, least)


@pytest.mark.parametrize("rcode", [1, 2, 4, 5])
def test_errors_are_not_to_be_cached(rcode: int) -> None:
    found = doh.response(response([], rcode=rcode))
    assert (found.status, dict(found.headers)["cache-control"]) == (200, "no-store")


def test_answers_are_no_others_to_give() -> None:
    found = doh.response(response([30, 20]))
    assert dict(found.headers) == {
        "content-type": doh.MEDIA_TYPE,
        "cache-control": "private, max-age=20",
    }


def test_silence_is_a_bad_request() -> None:
    assert doh.response(None).status == 400


@given(message=st.binary(max_size=80))
def test_whatever_a_message_holds_its_freshness_is_a_number_or_none(message: bytes) -> None:
    for octets in (message, b"\xab\xcd\x84\0\0\1\0\2\0\1\0\0" + message):
        age = doh.freshness(octets)
        assert age is None or 0 <= age < 2**32


@given(method=st.sampled_from(["GET", "POST", "X"]), target=st.text(max_size=40), body=st.binary())
def test_whatever_is_asked_there_is_a_query_or_a_status(
    method: str, target: str, body: bytes
) -> None:
    headers = {"content-type": doh.MEDIA_TYPE}
    found = doh.query(doh.Request(method, f"/dns-query?dns={target}", headers, body))
    assert found if isinstance(found, bytes) else found.status in (400, 405, 414)
