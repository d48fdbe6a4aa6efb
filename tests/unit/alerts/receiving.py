"""A receiver on loopback that validates what it is sent as each API documents it, or misbehaves.

The models are strict and written from the documents: PagerDuty's Events API v2, Slack's incoming
webhooks and blocks, Alertmanager's OpenAPI of its API v2, and docs/alerts.md for the webhook.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")  # what Alertmanager takes as a label's name


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _moment(text: str) -> str:
    assert RFC3339.fullmatch(text), text
    datetime.fromisoformat(text)
    return text


def _no_markup(text: str) -> str:
    """Mentions and links need `<`; every other `&` must be one of three entities."""
    assert "<" not in text
    assert ">" not in text
    assert not re.search(r"&(?!amp;|lt;|gt;)", text), text
    return text


Moment = Annotated[str, AfterValidator(_moment)]


class PagerDutyPayload(Strict):
    summary: str = Field(min_length=1, max_length=1024)
    source: str = Field(min_length=1)
    severity: Literal["critical", "error", "warning", "info"]
    timestamp: Moment | None = None
    component: str | None = None
    group: str | None = None
    class_: str | None = Field(default=None, alias="class")
    custom_details: dict[str, Any] | None = None


class PagerDutyTrigger(Strict):
    routing_key: str = Field(min_length=32, max_length=32)
    event_action: Literal["trigger"]
    dedup_key: str = Field(min_length=1, max_length=255)
    payload: PagerDutyPayload
    client: str | None = None
    client_url: str | None = None
    links: list[dict[str, str]] | None = None
    images: list[dict[str, str]] | None = None


class PagerDutyResolve(Strict):
    routing_key: str = Field(min_length=32, max_length=32)
    event_action: Literal["resolve"]
    dedup_key: str = Field(min_length=1, max_length=255)


class PlainText(Strict):
    type: Literal["plain_text"]
    text: str = Field(min_length=1, max_length=150)
    emoji: bool


class Markdown(Strict):
    type: Literal["mrkdwn"]
    text: Annotated[str, AfterValidator(_no_markup)] = Field(min_length=1, max_length=3000)


class HeaderBlock(Strict):
    type: Literal["header"]
    text: PlainText


class SectionBlock(Strict):
    type: Literal["section"]
    text: Markdown


class ContextBlock(Strict):
    type: Literal["context"]
    elements: list[Markdown] = Field(min_length=1, max_length=10)


class SlackMessage(Strict):
    text: Annotated[str, AfterValidator(_no_markup)] = Field(min_length=1, max_length=40_000)
    blocks: list[
        Annotated[HeaderBlock | SectionBlock | ContextBlock, Field(discriminator="type")]
    ] = Field(max_length=50)


class PostableAlert(Strict):
    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: Moment  # noqa: N815 - the API's name
    endsAt: Moment  # noqa: N815 - the API's name
    generatorURL: str | None = None  # noqa: N815 - the API's name

    def model_post_init(self, context: object) -> None:
        assert "alertname" in self.labels
        assert all(LABEL.fullmatch(name) and value for name, value in self.labels.items())
        starts, ends = map(datetime.fromisoformat, (self.startsAt, self.endsAt))
        assert starts <= ends, "Alertmanager refuses an alert that ends before it starts"


class WebhookMessage(Strict):
    version: Literal[1]
    status: Literal["firing", "resolved"]
    key: str
    name: str
    severity: Literal["info", "warning", "critical"]
    title: str
    text: list[str]
    began: Moment
    ended: Moment | None
    source: str
    again: bool
    untold: int
    conditions: int
    parts: dict[str, int]
    events: list[dict[str, Any]] = Field(min_length=1)


PAGERDUTY: TypeAdapter[Any] = TypeAdapter(PagerDutyTrigger | PagerDutyResolve)
SLACK: TypeAdapter[Any] = TypeAdapter(SlackMessage)
ALERTMANAGER: TypeAdapter[Any] = TypeAdapter(list[PostableAlert])
WEBHOOK: TypeAdapter[Any] = TypeAdapter(WebhookMessage)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiving:
    """What came: path, headers and body of each request that was valid."""

    def __init__(self) -> None:
        self.at = ""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.refused: list[str] = []
        self.answers: list[Answer] = []

    def valid(self, schema: TypeAdapter[Any], status: int, text: str) -> Answer:
        async def answer(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            try:
                assert request.content_type == "application/json"
                schema.validate_json(body)
            except (ValueError, AssertionError) as error:
                self.refused.append(str(error))
                return web.Response(status=400, text="invalid_payload")
            self.requests.append((request.path, dict(request.headers), body))
            return web.Response(status=status, text=text)

        return answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers in turn; the last answer again and again."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def status(number: int, text: str = "", **headers: str) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=number, text=text, headers=headers)

    return answer


async def silence(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    """A body without an end."""
    response = web.StreamResponse(status=500)
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiving]:
    found = Receiving()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    found.at = f"http://{host}:{port}"
    try:
        yield found
    finally:
        await runner.cleanup()
