"""Settings of checks that could never work are refused, each with its reason."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import (
    Check,
    Contains,
    Dns,
    Exec,
    File,
    Grpc,
    Http,
    Icmp,
    Matches,
    Points,
    Probe,
    Tcp,
    Tls,
)
from gtm.usable import misfit, unusable

NAME = "orders.gtm.example.com"
FOUR = IPv4Address("192.0.2.1")


@pytest.mark.parametrize(
    "probe",
    [
        Http(),
        Http(method="HEAD", headers=(("X-Probe", "a b"), ("Empty", ""))),
        Http(Tls(certificate="/a"), body=(Contains("x"), Matches("^o?k$"), Points("/a~1b", "1"))),
        Http(body=(Points(""), Points("/a/0", '"up"'))),
        Tcp(Tls(certificate="/a", key="/b"), b"\0", b"\xff"),
        Grpc("orders", Tls()),
        Dns(NAME, "AAAA", ("2001:db8::1",), tcp=True),
        Dns("_sip._tcp.example.com.", "srv", ("0 5 5060 sip.example.com.",)),
        Dns("", "SOA", rcode="refused"),
        Icmp(0),
        Exec(("/usr/bin/true", "{address}")),
        File("/run/states"),
    ],
)
def test_what_can_work_is_let_through(probe: Probe) -> None:
    assert unusable(probe) is None


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        (Http(method="GET /"), '"GET /" is no HTTP method'),
        (Http(method="HEAD", body=(Contains("x"),)), "the answer to HEAD has no body to look into"),
        (Http(headers=(("X Y", "z"),)), '"X Y" is no name of an HTTP header'),
        (Http(headers=(("X", "a\r\nY: b"),)), "the value of the header X has line breaks"),
        (Http(body=(Matches("("),)), '"(" is no regular expression of RE2: missing ): ('),
        (Http(body=(Matches(r"(a)\1"),)), "is no regular expression of RE2: invalid escape"),
        (Http(body=(Points("a"),)), '"a" is no JSON pointer'),
        (Http(body=(Points("/~x"),)), '"/~x" is no JSON pointer'),
        (Http(body=(Points("/a", "up"),)), "the value up is not JSON"),
        (Http(Tls(key="/k")), "a key for TLS is of no use without its certificate"),
        (Tcp(Tls(key="/k")), "a key for TLS is of no use without its certificate"),
        (Grpc(tls=Tls(verify=False)), "grpc always verifies certificates"),
        (Dns("a..b"), '"a..b" is no DNS name'),
        (Dns("x" * 64), "is no DNS name"),
        (Dns(NAME, "WHAT"), '"WHAT" is no type of DNS record'),
        (Dns(NAME, "AXFR"), "AXFR is no type to ask for"),
        (Dns(NAME, rcode="OK"), '"OK" is no DNS response code'),
        (Dns(NAME, "A", ("192.0.2.1", "192.0.2")), '"192.0.2" is no A record'),
        (Icmp(-1), "size is from 0 to 65507"),
        (Icmp(65508), "size is from 0 to 65507"),
        (Exec(()), "it names no program"),
        (Exec(("a", "\0")), "an argument has a NUL in it"),
        (File("states"), "the path of its file starts with /"),
    ],
)
def test_what_can_not_is_refused_with_the_reason(probe: Probe, why: str) -> None:
    assert why in (unusable(probe) or "")


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (Check("c", Tcp()), "it needs a port"),
        (Check("c", Dns(NAME)), "it needs a port"),
        (Check("c", Icmp()), None),
        (Check("c", Tcp(), 80, source=FOUR), None),
        (Check("c", Tcp(), 80, source=FOUR, family=4), None),
        (Check("c", Tcp(), 80, source=FOUR, family=6), "its source is an IPv4 address"),
        (Check("c", Grpc(), 80, source=FOUR), "a grpc check has no source address"),
        (Check("c", Icmp(-1)), "size is from 0"),
    ],
)
def test_a_check_must_fit_its_probe(check: Check, why: str | None) -> None:
    found = misfit(check)
    assert found is None if why is None else why in (found or "")


@given(st.text(), st.sampled_from(["A", "TXT", "MX", "CAA", "SRV", "NAPTR", "LOC", "SVCB"]))
def test_any_text_is_a_record_or_refused(text: str, type_: str) -> None:
    unusable(Dns(NAME, type_, (text,)))
    unusable(Dns(text, text, (), text))


@given(st.text())
def test_any_text_is_a_pattern_and_a_pointer_or_refused(text: str) -> None:
    unusable(Http(body=(Matches(text),)))
    unusable(Http(body=(Points(text, text),)))
