"""The OpenAPI 3.1 document: generated from the table of routes and the models that validate.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

import gtm
from gtm.api.models import ErrorShape
from gtm.api.refusals import REFUSALS, refused_with
from gtm.api.route import Answer, Route
from gtm.api.scopes import Scope

JSON = "application/json"
REFS = "#/components/schemas/{model}"
IN_PATH = re.compile(r"\{(\w+)(:[^}]*)?\}")  # aiohttp's form of a part that varies
# As RFC 9110 section 15.5.21 has it; Python's own word for it differs between versions.
PHRASES: Mapping[int, str] = {HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content"}
ABOUT = """What `gtm` commands use, and what the dashboard, gateways and programs may rely on.

Times are Unix seconds, round trips milliseconds, distances kilometres. Every refusal is one \
sentence in `error`. Over the Unix socket nothing needs a token, its file mode says who may use \
it; over TCP all but `/healthz` and `/readyz` do, unless the server listens on loopback alone and \
has no tokens."""
SCOPES: Mapping[Scope, str] = {
    Scope.OPEN: "Calls that need no token.",
    Scope.READ: "Looking at things.",
    Scope.REPORT: "Feeding in what gateways and regions measure.",
    Scope.OPERATE: "Changing what clients are answered.",
}

Tree = dict[str, Any]
Schemas = dict[tuple[type[BaseModel], Literal["validation", "serialization"]], Tree]


class _Untitled(GenerateJsonSchema):
    """Without a title for every field: it would say the field's name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False


def document(routes: Sequence[Route]) -> Tree:
    """The whole document, as values that JSON has."""
    schemas, definitions = _schemas(routes)
    paths: dict[str, Tree] = {}
    for route in routes:
        path = IN_PATH.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gtm",
            "summary": "Geo traffic manager: the API of a server",
            "description": ABOUT,
            "version": gtm.__version__,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": scope.value, "description": said} for scope, said in SCOPES.items()],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "responses": {each.name: each.response() for each in REFUSALS.values()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token made by `gtm keys token`, with the scope that is named",
                }
            },
        },
    }


def text(routes: Sequence[Route]) -> str:
    """The document as JSON for people and programs."""
    return json.dumps(document(routes), indent=1, ensure_ascii=False)


# --- calls ------------------------------------------------------------------------------


def _operation(route: Route, schemas: Schemas) -> Tree:
    found: Tree = {
        "operationId": _name(route),
        "summary": route.summary,
        "tags": [route.scope.value],
        "security": [] if route.scope is Scope.OPEN else [{"token": [route.scope.value]}],
    }
    parameters = [*_in_path(route), *_in_query(route, schemas)]
    if parameters:
        found["parameters"] = parameters
    if route.body is not None:
        content = {JSON: {"schema": schemas[route.body, "validation"]}}
        found["requestBody"] = {"required": True, "content": content}
    found["responses"] = _responses(route, schemas)
    return found


def _name(route: Route) -> str:
    """Such as `get_status`, `delete_overrides`, `get_openapi_json`."""
    words = re.findall(r"[A-Za-z0-9]+", IN_PATH.sub(r"\1", route.path.removeprefix("/v1")))
    return "_".join([route.method.lower(), *words])


def _in_path(route: Route) -> Iterator[Tree]:
    for found in IN_PATH.finditer(route.path):
        yield {"name": found[1], "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(route: Route, schemas: Schemas) -> Iterator[Tree]:
    if route.query is None:
        return
    tree = route.query.model_json_schema(schema_generator=_Untitled, ref_template=REFS)
    for name, schema in tree["properties"].items():
        schema = _without_null(schema)
        said = schema.pop("description", None)
        found: Tree = {"name": name, "in": "query", "required": name in tree.get("required", ())}
        yield found | ({"description": said} if said else {}) | {"schema": schema}


def _without_null(schema: Tree) -> Tree:
    """A key of a query is there or not; it can't be null."""
    some = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf",)}
    if rest.get("default", ...) is None:
        del rest["default"]
    return rest if not some else rest | (some[0] if len(some) == 1 else {"anyOf": some})


# --- answers ----------------------------------------------------------------------------


def _responses(route: Route, schemas: Schemas) -> Tree:
    found: Tree = {str(status): _reference(status) for status in refused_with(route)}
    for status, answer in route.answers.items():
        if answer is ErrorShape and status in REFUSALS:
            found[str(status)] = _reference(status)
        else:
            found[str(status)] = _answer(status, answer, schemas)
    return dict(sorted(found.items()))


def _reference(status: int) -> Tree:
    return {"$ref": f"#/components/responses/{REFUSALS[status].name}"}


def _answer(status: int, answer: Answer, schemas: Schemas) -> Tree:
    if isinstance(answer, str):
        media = answer.partition(";")[0]
        schema = {"type": "object" if media == JSON else "string"}
    else:
        media, schema = JSON, schemas[answer, "serialization"]
    phrase = PHRASES.get(status, HTTPStatus(status).phrase)
    return {"description": phrase, "content": {media: {"schema": schema}}}


# --- models -----------------------------------------------------------------------------


def _schemas(routes: Sequence[Route]) -> tuple[Schemas, Tree]:
    """A reference to each model that is used, and what they refer to."""
    models: dict[tuple[type[BaseModel], Literal["validation", "serialization"]], None] = {
        (ErrorShape, "serialization"): None
    }
    for route in routes:
        if route.body is not None:
            models[route.body, "validation"] = None
        for answer in route.answers.values():
            if not isinstance(answer, str):
                models[answer, "serialization"] = None
    found, tree = models_json_schema(list(models), schema_generator=_Untitled, ref_template=REFS)
    return {key: found[key] for key in models}, dict(sorted(tree["$defs"].items()))
