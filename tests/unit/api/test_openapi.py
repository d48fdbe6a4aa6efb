"""The API's description says what the server does, and the committed copy is current."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gtm.api.described import description
from gtm.api.openapi import document
from gtm.api.route import Route
from gtm.api.routes import ROUTES
from gtm.api.scopes import Scope

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"
DOCUMENT = document(ROUTES)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
    return found


def test_the_committed_description_is_current() -> None:
    words = "run scripts/schema: docs/openapi.json is not what the API is now"
    assert COMMITTED.read_text() == description() + "\n", words


def test_the_description_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_name_of_an_operation_is_used_once() -> None:
    names = re.findall(r'"operationId": "(\w+)"', description())
    assert len(names) == len(set(names)) == len(ROUTES)
    assert {"get_status", "post_overrides", "delete_overrides", "get_openapi_json"} <= set(names)


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_the_models_of_a_row_are_those_of_its_handler(route: Route) -> None:
    (call,) = (hint for name, hint in get_type_hints(route.handler).items() if name == "call")
    none = type(None)
    assert get_args(call) == (route.query or none, route.body or none)


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_every_call_but_the_open_ones_says_which_scope_it_needs(route: Route) -> None:
    found = operation(route)
    if route.scope is Scope.OPEN:
        assert found["security"] == []
        assert ("401" in found["responses"]) == (401 in route.answers)
    else:
        assert found["security"] == [{"token": [route.scope.value]}]
        assert {"401", "403", "429", "503"} <= found["responses"].keys()


@pytest.mark.parametrize("route", [row for row in ROUTES if row.body], ids=named)
def test_a_body_is_shown_by_an_example_that_the_server_would_take(route: Route) -> None:
    assert route.body is not None
    found = operation(route)["requestBody"]["content"]["application/json"]["schema"]
    name = found["$ref"].rpartition("/")[2]
    for each in DOCUMENT["components"]["schemas"][name]["examples"]:
        route.body.model_validate_json(json.dumps(each))


def test_what_can_be_refused_is_described_with_a_sentence() -> None:
    for found in DOCUMENT["components"]["responses"].values():
        content = found["content"]["application/json"]
        assert content["schema"] == {"$ref": "#/components/schemas/ErrorShape"}
        assert content["example"]["error"].startswith("cannot ")
