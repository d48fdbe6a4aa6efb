"""What shows that a proxy passed a request on, and what is asked directly."""

from __future__ import annotations

import pytest
from aiohttp import HttpVersion10, HttpVersion11
from hypothesis import given
from hypothesis import strategies as st

from gtm.api.access.forwarded import passed_on

DIRECT = ["Host", "User-Agent", "Accept", "Authorization", "Content-Type", "Origin"]


@pytest.mark.parametrize(
    "host",
    [None, "127.0.0.1:8053", "127.3.2.1", "[::1]:8053", "[::ffff:127.0.0.1]", "localhost:9000",
     "0.0.0.0:8053", "gtm.localhost", "", "[", "[::1"],
)  # fmt: skip
def test_who_asks_loopback_directly_is_taken_for_it(host: str | None) -> None:
    assert passed_on(HttpVersion11, DIRECT, host) is None


@pytest.mark.parametrize("host", ["192.0.2.1:8053", "[2001:db8::1]", "10.0.0.7", "[fe80::1%eth0]"])
def test_another_address_was_somebody_elses_to_listen_on(host: str) -> None:
    assert passed_on(HttpVersion11, DIRECT, host) is not None


@pytest.mark.parametrize(
    "name", ["Forwarded", "VIA", "X-Forwarded-For", "x-forwarded-proto", "X-Real-IP",
             "CF-Connecting-IP", "X-Envoy-External-Address", "X-Original-Host"],
)  # fmt: skip
def test_what_proxies_add_is_seen_and_named(name: str) -> None:
    found = passed_on(HttpVersion11, [*DIRECT, name], "127.0.0.1")
    assert found is not None
    assert name in found


def test_http_1_0_is_what_proxies_speak() -> None:
    assert passed_on(HttpVersion10, DIRECT, "127.0.0.1") is not None


@given(st.text(max_size=60))
def test_any_host_is_judged(host: str) -> None:
    passed_on(HttpVersion11, DIRECT, host)
