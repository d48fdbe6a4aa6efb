"""What pages in a browser can't do, and what programs and people can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.api.access.browsers import foreign_host, foreign_page
from gtm.api.access.guard import bearer


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8053", "[::1]:8053", "[::1]", "localhost", "localhost:9000", "LOCALHOST:1",
     "gtm.localhost:8053", "192.0.2.1:8053", "localhost."],
)  # fmt: skip
def test_addresses_and_localhost_are_answered(host: str) -> None:
    assert foreign_host(host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8053", "localhost.evil.example", "127.0.0.1.evil.example", "",
     "notlocalhost", "user@localhost", "localhost/", "localhost#", "[::1", "localhost:x", "1"],
)  # fmt: skip
def test_every_other_name_is_refused(host: str) -> None:
    assert foreign_host(host) is not None


@given(st.text(max_size=60))
def test_any_host_is_judged(host: str) -> None:
    why = foreign_host(host)
    assert why is None or why.isprintable()


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, False),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, True),
        ({"Origin": "http://127.0.0.1:8053", "Host": "127.0.0.1:8053"}, False),
        ({"Origin": "http://127.0.0.1:3000", "Host": "127.0.0.1:8053"}, True),
        ({"Origin": "https://gtm.example.com", "Host": "gtm.example.com"}, False),
        ({"Origin": "https://gtm.example.com:443", "Host": "GTM.example.com"}, False),
        ({"Origin": "http://evil.example", "Host": "localhost:8053"}, True),
        ({"Origin": "null", "Host": "localhost:8053"}, True),
        ({"Origin": "file://", "Host": "localhost:8053"}, True),
        ({"Origin": "http://localhost:x", "Host": "localhost:x"}, True),
    ],
)
def test_only_our_own_pages_change_something(
    method: str, headers: dict[str, str], refused: bool
) -> None:
    assert (foreign_page(method, headers) is not None) is refused


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, True),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            },
            False,
        ),
        (  # a page with a thousand frames would take this machine's share of requests
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "iframe",
            },
            True,
        ),
        ({"Origin": "http://evil.example", "Host": "localhost"}, False),
    ],
)
def test_a_link_to_a_page_of_ours_can_be_followed(headers: dict[str, str], refused: bool) -> None:
    assert (foreign_page("GET", headers) is not None) is refused


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_origin_is_judged(origin: str, host: str) -> None:
    foreign_page("POST", {"Origin": origin, "Host": host})


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (["Bearer abc"], "abc"),
        (["bearer  abc "], "abc"),
        (["Basic abc"], None),
        (["Bearer"], None),
        (["Bearer "], None),
        ([""], None),
        (["abc"], None),
        (["Bearer abc", "Bearer abc"], None),
        ([f"Bearer {'a' * 2000}"], None),
    ],
)
def test_a_token_is_shown_in_one_header_of_one_form(shown: list[str], text: str | None) -> None:
    assert bearer(shown) == text


@given(st.lists(st.text(max_size=100), max_size=3))
def test_any_header_is_read_or_refused(shown: list[str]) -> None:
    found = bearer(shown)
    assert found is None or found.strip() == found != ""
