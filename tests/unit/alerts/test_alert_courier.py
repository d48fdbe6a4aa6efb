"""Messages as each API documents them, and receivers that misbehave, over real sockets."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gtm.alerts import alertmanager, pagerduty, slack, webhook
from gtm.alerts.courier import Courier, Result, retry_after
from gtm.alerts.notice import Notice
from gtm.alerts.secret import scrubbed
from gtm.events import Event, Kind, Severity
from gtm.receivers import Guarded, Receiver, ReceiverType, Where
from tests.unit.alerts import receiving as api
from tests.unit.alerts.alert_worlds import UNIX, endpoint, region
from tests.unit.alerts.receiving import Receiving, receiving, status

KEY = "0123456789abcdef0123456789abcdef"
ENVIRONMENT = {"KEY": KEY, "SECRET": "a shared secret"}
BEGAN = Notice(
    "region/eu",
    "GtmRegionDown",
    Severity.CRITICAL,
    UNIX,
    (region(), region(app="media")),
    parts=((Kind.ENDPOINT, 400),),
    first=True,
)
ENDED = replace(BEGAN, events=(region(over=True, at=UNIX + 60),), ended=UNIX + 60, parts=())

SCHEMAS: dict[ReceiverType, tuple[TypeAdapter[Any], int, str]] = {
    ReceiverType.WEBHOOK: (api.WEBHOOK, 204, ""),
    ReceiverType.SLACK: (api.SLACK, 200, "ok"),
    ReceiverType.PAGERDUTY: (api.PAGERDUTY, 202, '{"status": "success"}'),
    ReceiverType.ALERTMANAGER: (api.ALERTMANAGER, 200, ""),
}


def receiver(kind: ReceiverType, at: str, **changes: Any) -> Receiver:
    secret = {
        ReceiverType.WEBHOOK: Guarded(Where.ENVIRONMENT, "SECRET"),
        ReceiverType.PAGERDUTY: Guarded(Where.ENVIRONMENT, "KEY"),
    }.get(kind)
    return Receiver("ops", kind, Guarded(Where.HERE, at), secret, **changes)


@pytest.fixture
async def courier() -> AsyncIterator[Courier]:
    found = Courier(ENVIRONMENT, lambda: UNIX, "ns1")
    yield found
    await found.close()


@pytest.fixture
async def there() -> AsyncIterator[Receiving]:
    async with receiving() as found:
        yield found


@pytest.mark.parametrize("kind", ReceiverType)
async def test_what_is_sent_is_what_the_api_documents(
    kind: ReceiverType, courier: Courier, there: Receiving
) -> None:
    there.answers = [there.valid(*SCHEMAS[kind])]
    for notice in (BEGAN, replace(BEGAN, again=True, former=Severity.WARNING), ENDED):
        receipt = await courier.deliver(receiver(kind, there.at), notice)
        assert receipt.result is Result.SENT, there.refused
    assert len(there.requests) == 3


async def test_pagerduty_resolves_with_the_dedup_key_of_the_trigger(
    courier: Courier, there: Receiving
) -> None:
    there.answers = [there.valid(*SCHEMAS[ReceiverType.PAGERDUTY])]
    for notice in (BEGAN, ENDED):
        await courier.deliver(receiver(ReceiverType.PAGERDUTY, there.at), notice)
    first, second = (json.loads(body) for _, _, body in there.requests)
    assert (first["event_action"], second["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == second["dedup_key"] == "gtm/region/eu"
    assert first["payload"]["summary"] == "eu is down for shop and 1 other app, with 400 endpoints"


async def test_alertmanager_is_posted_to_under_its_own_path_and_told_the_end(
    courier: Courier, there: Receiving
) -> None:
    there.answers = [there.valid(*SCHEMAS[ReceiverType.ALERTMANAGER])]
    for notice in (BEGAN, ENDED):
        await courier.deliver(receiver(ReceiverType.ALERTMANAGER, there.at + "/am/"), notice)
    (path, _, first), (_, _, second) = there.requests
    assert path == "/am/api/v2/alerts"
    began, ended = json.loads(first)[0], json.loads(second)[0]
    assert began["labels"] == ended["labels"], "it is known by its labels alone"
    assert ended["endsAt"] == webhook.rfc3339(UNIX + 60)


async def test_a_webhook_is_signed_over_its_time_and_body(
    courier: Courier, there: Receiving
) -> None:
    there.answers = [there.valid(*SCHEMAS[ReceiverType.WEBHOOK])]
    await courier.deliver(receiver(ReceiverType.WEBHOOK, there.at), BEGAN)
    _, headers, body = there.requests[0]
    at, mac = (part.partition("=")[2] for part in headers["X-Gtm-Signature"].split(","))
    signed = hmac.new(b"a shared secret", f"{at}.".encode() + body, hashlib.sha256)
    assert mac == signed.hexdigest()


@pytest.mark.parametrize(
    ("answer", "result", "reason"),
    [
        (status(500, "oops"), Result.FAILED, "HTTP 500: oops"),
        (status(408), Result.FAILED, "HTTP 408"),
        (status(400, "invalid_payload"), Result.REJECTED, "HTTP 400: invalid_payload"),
        (status(410, "channel_is_archived"), Result.REJECTED, "HTTP 410: channel_is_archived"),
        (
            status(302, Location="http://127.0.0.1:9/elsewhere"),
            Result.REJECTED,
            "HTTP 302: redirects are not followed",
        ),
        (api.silence, Result.FAILED, "no answer within 0.2 s"),
    ],
)
async def test_a_receiver_that_misbehaves_is_told_of_in_words(
    answer: api.Answer, result: Result, reason: str, courier: Courier, there: Receiving
) -> None:
    there.answers = [answer]
    short = receiver(ReceiverType.SLACK, there.at, timeout=0.2)
    receipt = await courier.deliver(short, BEGAN)
    assert (receipt.result, receipt.reason) == (result, reason)


async def test_a_connection_that_is_closed_or_refused_is_a_failure(
    courier: Courier, there: Receiving
) -> None:
    there.answers = [api.hang_up]
    closed = await courier.deliver(receiver(ReceiverType.SLACK, there.at), BEGAN)
    assert closed.result is Result.FAILED
    refused = await courier.deliver(receiver(ReceiverType.SLACK, "http://127.0.0.1:1/"), BEGAN)
    assert refused.result is Result.FAILED
    assert "127.0.0.1:1" in refused.reason


async def test_a_body_without_an_end_is_not_read_to_its_end(
    courier: Courier, there: Receiving
) -> None:
    there.answers = [api.endless]
    receipt = await courier.deliver(receiver(ReceiverType.SLACK, there.at), BEGAN)
    assert receipt.result is Result.FAILED
    assert len(receipt.reason) < 300


async def test_retry_after_is_honoured_for_429_and_503(courier: Courier, there: Receiving) -> None:
    there.answers = [status(429, **{"Retry-After": "17"}), status(503, **{"Retry-After": "30"})]
    waits = [
        (await courier.deliver(receiver(ReceiverType.SLACK, there.at), BEGAN)).wait
        for _ in range(2)
    ]
    assert waits == [17.0, 30.0]


def test_retry_after_can_be_a_date_and_nonsense_is_none() -> None:
    assert retry_after("Tue, 14 Nov 2023 22:15:00 GMT", UNIX) == 100.0
    assert retry_after("Tue, 14 Nov 2003 22:15:00 GMT", UNIX) == 0.0
    for text in ("", "soon", "-5", "1e9", "99999999999999"):
        assert retry_after(text, UNIX) is None


async def test_a_secret_is_read_anew_each_time_and_its_want_is_said(
    courier: Courier, there: Receiving, tmp_path: Path
) -> None:
    file = tmp_path / "url"
    hidden = Receiver("ops", ReceiverType.SLACK, Guarded(Where.FILE, str(file)))
    missing = await courier.deliver(hidden, BEGAN)
    assert missing.reason.endswith(f"the file {file} can't be read: No such file or directory")
    there.answers = [there.valid(*SCHEMAS[ReceiverType.SLACK])]
    file.write_text(f"{there.at}/T0/B0/x\n")
    assert (await courier.deliver(hidden, BEGAN)).result is Result.SENT


async def test_no_receipt_holds_a_secret(courier: Courier, there: Receiving) -> None:
    async def parrot(request: Any) -> Any:
        return await status(400, f"{request.path} {(await request.read()).decode()}")(request)

    there.answers = [parrot]
    url = f"{there.at}/services/T0/B0/sesame"
    said = await courier.deliver(receiver(ReceiverType.PAGERDUTY, url), BEGAN)
    assert said.result is Result.REJECTED
    assert KEY not in said.reason
    assert "sesame" not in said.reason
    assert "sesame" not in scrubbed(f"cannot connect to {url}?x=1", [url])
    assert "sesame" not in repr(receiver(ReceiverType.SLACK, url)), "nor a log of settings"


TEXT = st.text(max_size=4000)
EVENTS = st.builds(
    Event,
    at=st.floats(0.0, 4e9),
    kind=st.sampled_from(Kind),
    severity=st.sampled_from(Severity),
    key=TEXT,
    reason=TEXT,
    over=st.booleans(),
    by=TEXT,
    after=st.sampled_from(["up", "down", "", "drained"]),
    zone=TEXT,
    app=TEXT,
    service=TEXT,
    region=TEXT,
    endpoint=TEXT,
)


@given(st.lists(EVENTS, min_size=1, max_size=30), st.text(min_size=1, max_size=600), st.booleans())
def test_whatever_a_message_is_about_it_is_within_every_limit(
    events: list[Event], alert: str, over: bool
) -> None:
    notice = Notice(
        alert, "GtmRegionDown", Severity.WARNING, UNIX, tuple(events), UNIX + 1 if over else None
    )
    api.SLACK.validate_python(slack.body(notice, "ns1"))
    api.PAGERDUTY.validate_python(pagerduty.body(notice, "ns1", KEY))
    api.ALERTMANAGER.validate_python(alertmanager.body(notice, "ns1", UNIX + 1))
    api.WEBHOOK.validate_python(webhook.body(notice, "ns1"))


def test_slack_shows_mentions_as_text() -> None:
    event = replace(endpoint("192.0.2.1"), reason="<!channel> & <@U1> said")
    notice = replace(BEGAN, events=(event,))
    text = json.dumps(slack.body(notice, "ns1"))
    assert "&lt;!channel&gt; &amp; &lt;@U1&gt; said" in text
