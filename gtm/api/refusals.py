"""How calls are refused: which statuses a route can answer with, and what each says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gtm.api.route import Route
from gtm.api.scopes import Scope


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, when it comes, and a sentence as an example. `header` comes with it."""

    status: int
    name: str
    when: str
    example: str
    header: str | None = None

    def response(self) -> dict[str, Any]:
        """As the API's description has it."""
        found: dict[str, Any] = {"description": self.when}
        if self.header is not None:
            found["headers"] = {self.header: {"schema": {"type": "string"}}}
        schema = {"$ref": "#/components/schemas/ErrorShape"}
        content = {"schema": schema, "example": {"error": self.example}}
        return found | {"content": {"application/json": content}}


REFUSALS: Mapping[int, Refusal] = {
    each.status: each
    for each in (
        Refusal(
            400,
            "Wrong",
            "What was asked makes no sense; the sentence names the key",
            "cannot explain: client: 'nowhere' is not an IP address; the keys are name, client, "
            "type",
        ),
        Refusal(
            401,
            "NoToken",
            "A token is needed, and there was none that is known",
            "cannot show status: a token is needed here; make one with `gtm keys token add NAME "
            "--scope read`",
            "WWW-Authenticate",
        ),
        Refusal(
            403,
            "Forbidden",
            "The token lacks the scope that the call needs, or the call came from where none may",
            "cannot add an override: the token grafana may read, and this needs operate; "
            "make one with `gtm keys token add NAME --scope operate`",
        ),
        Refusal(
            404,
            "NotFound",
            "There is no such thing",
            "cannot take back region/eu-west: there is no override of that target or number; "
            "none is in force",
        ),
        Refusal(
            409,
            "Refused",
            "The server refuses it as things are now, such as `safety`",
            "cannot drain region/eu-west: shop would be left with 0 regions, and safety asks for 1",
        ),
        Refusal(
            413,
            "TooLarge",
            "The body is larger than the call allows",
            "cannot take a body for /v1/overrides: it is larger than 65536 octets",
        ),
        Refusal(
            429,
            "TooMany",
            "Too many requests; Retry-After says when to come back, in seconds",
            "cannot take reports of 192.0.2.7: it sends too many; try again in 3 s",
            "Retry-After",
        ),
        Refusal(
            503,
            "NotYet",
            "The server is starting, or busy with others' calls; Retry-After is in seconds",
            "cannot show status: the first round of probes is not done; try again in a moment",
            "Retry-After",
        ),
    )
}  # fmt: skip


def refused_with(route: Route) -> Iterator[int]:
    """The statuses that a route can answer with besides its own."""
    if route.query is not None or route.body is not None:
        yield 400
    if route.scope is not Scope.OPEN:
        yield from (401, 403, 429, 503)
    if route.body is not None:
        yield 413
