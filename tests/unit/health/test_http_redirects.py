"""Redirects are followed a little way, inside the endpoint, and never in a circle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from gtm.health.redirects import SHOWN, Astray, Trail

HOME = URL("http://orders.gtm.example.com:8080/health?full=1", encoded=True)


def trail(most: int = 3, method: str = "GET", home: URL = HOME) -> Trail:
    return Trail(home, method, most)


def refused(trail: Trail, location: str | None) -> str:
    with pytest.raises(Astray) as caught:
        trail.follow(302, location)
    return str(caught.value)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/healthz", "/healthz"),
        ("live?x=%2F", "/live?x=%2F"),
        ("?y", "/health?y"),
        ("http://orders.gtm.example.com:8080/deep/", "/deep/"),
        ("//orders.gtm.example.com:8080/a", "/a"),
        ("HTTP://ORDERS.gtm.example.com:8080", "/"),
    ],
)
def test_a_place_in_the_endpoint_is_followed(location: str, path: str) -> None:
    assert trail().follow(302, location) == ("GET", path)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/",
        "//evil.example.net/",
        "https://orders.gtm.example.com:8080/",
        "http://orders.gtm.example.com/",
        "ftp://orders.gtm.example.com:8080/",
    ],
)
def test_other_endpoints_are_not(location: str) -> None:
    assert refused(trail(), location) == f"to {location}, which is not this endpoint"


def test_a_circle_is_said_with_all_its_places() -> None:
    one = trail(most=9)
    one.follow(302, "/a")
    one.follow(307, "/b")
    assert refused(one, "/a") == "in a loop: /a to /b to /a"
    assert refused(trail(), "/health?full=1") == "in a loop: /health?full=1 to /health?full=1"


def test_no_more_are_followed_than_allowed() -> None:
    assert refused(trail(0), "/a") == "to /a after 0 redirects, and no more are followed"
    one = trail(1)
    one.follow(301, "/a")
    assert refused(one, "/b") == "to /b after one redirect, and no more are followed"


def test_one_that_leads_nowhere_is_refused() -> None:
    assert refused(trail(), None) == refused(trail(), "") == "that does not say where to"
    assert refused(trail(), "http://[::1/") == "to http://[::1/, which is no place"


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("PUT", 303, "GET"),
        ("PUT", 302, "PUT"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
        ("HEAD", 303, "HEAD"),
    ],
)
def test_the_method_stays_or_becomes_get_as_the_rfc_has_it(
    method: str, status: int, then: str
) -> None:
    assert trail(method=method).follow(status, "/a") == (then, "/a")


@given(st.text() | st.from_regex(r"[a-z]{0,5}:?/{0,2}[\[\]:@?#%/a-z0-9]{0,20}", fullmatch=True))
def test_whatever_an_endpoint_says_is_a_path_or_refused_in_one_line(location: str) -> None:
    one = trail()
    try:
        _, path = one.follow(302, location)
    except Astray as astray:
        assert "\n" not in str(astray)
        assert len(str(astray)) < 2 * SHOWN + 60
    else:
        assert path.startswith("/")
        assert len(path) <= len(location) * 9 + 30
