"""Queries and bodies are taken as their models say, or refused in one sentence with the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from pydantic import BaseModel

from gtm.api.models import (
    ExplainQuery,
    HistoryQuery,
    LoadRequest,
    OverrideRemoval,
    OverrideRequest,
    ReportsRequest,
)
from gtm.api.models.base import Query
from gtm.api.route import Route
from gtm.api.routes import ROUTES
from gtm.api.validated import body_of, query_of
from gtm.errors import UsageError


class Regions(Query):
    """A query with a key that may be given again."""

    down: list[str] = []  # noqa: RUF012  # pydantic copies it
    zone: str = ""


def refusal(model: type[BaseModel], *pairs: tuple[str, str]) -> str:
    with pytest.raises(UsageError) as error:
        query_of(model, MultiDict(pairs), "do it")
    return str(error.value)


def test_a_key_that_may_be_given_again_is_a_list() -> None:
    found = query_of(Regions, MultiDict([("down", "us"), ("down", "eu")]), "do it")
    assert found.down == ["us", "eu"]
    assert query_of(Regions, MultiDict([("down", "us")]), "do it").down == ["us"]


def test_a_key_given_twice_is_named() -> None:
    assert refusal(Regions, ("zone", "a"), ("zone", "b")) == (
        "cannot do it: zone: it is given 2 times"
    )


def test_an_unknown_key_is_named_with_those_that_are_known() -> None:
    assert refusal(HistoryQuery, ("regoin", "eu")).startswith(
        "cannot do it: regoin: there is no such key here; the keys are limit, since, zone"
    )


def test_a_client_that_is_no_address_is_shown() -> None:
    said = refusal(ExplainQuery, ("name", "a.example"), ("client", "nowhere"))
    assert said == (
        "cannot do it: client: 'nowhere' is not an IP address; the keys are name, client, type"
    )


def test_what_is_missing_is_named() -> None:
    assert "name: it is missing; client: it is missing" in refusal(ExplainQuery)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([], "add target=region/eu-west or number=3"),
        ([("target", "region/eu"), ("number", "3")], "add either target or number, not both"),
        ([("number", "three")], "number: input should be a valid integer"),
        ([("number", "3"), ("by", "a\nb")], "by: it must be one line of text"),
    ],
)
def test_an_override_is_taken_back_by_one_name(pairs: list[tuple[str, str]], words: str) -> None:
    assert words in refusal(OverrideRemoval, *pairs)


def test_whole_numbers_may_be_written_with_a_point_as_json_schema_has_it() -> None:
    item = '{"service": "a", "region": "us", "endpoint": "192.0.2.1", "ok": 3.0}'
    found = body_of(ReportsRequest, f'{{"reports": [{item}]}}'.encode(), "take reports")
    assert found.reports[0].ok == 3


def test_many_faults_are_counted_after_the_first() -> None:
    body = b'{"loads": [' + b",".join([b"{}"] * 10) + b"]}"
    with pytest.raises(UsageError, match=r"loads\.0\.region: it is missing.*; and 15 more$"):
        body_of(LoadRequest, body, "take loads")


WITH_BODY = [row for row in ROUTES if row.body]
WITH_QUERY = [row for row in ROUTES if row.query]
KEYS = sorted({key for row in WITH_QUERY if row.query for key in row.query.model_fields})


@given(st.sampled_from(WITH_BODY), st.binary(max_size=200))
def test_any_octets_are_a_body_or_refused_in_one_line(route: Route, body: bytes) -> None:
    assert route.body is not None
    try:
        body_of(route.body, body, route.act)
    except UsageError as error:
        assert str(error).startswith(f"cannot {route.act}: ")
        assert str(error).isprintable()


@given(
    st.sampled_from(WITH_QUERY),
    st.lists(st.tuples(st.sampled_from(KEYS) | st.text(max_size=9), st.text()), max_size=5),
)
def test_any_query_is_taken_or_refused_in_one_line(
    route: Route, pairs: list[tuple[str, str]]
) -> None:
    assert route.query is not None
    try:
        query_of(route.query, MultiDict(pairs), route.act)
    except UsageError as error:
        assert str(error).startswith(f"cannot {route.act}: ")
        assert str(error).isprintable()


def test_a_reason_is_one_line() -> None:
    body = b'{"act": "drain", "target": "region/eu", "reason": "a\\nb", "author": "alice"}'
    with pytest.raises(UsageError, match="reason: it must be one line of text"):
        body_of(OverrideRequest, body, "add an override")
