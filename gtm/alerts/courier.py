"""Posting a message: verified, bounded in time and size, and never followed elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

import aiohttp

import gtm
from gtm.alerts import alertmanager, pagerduty, slack, webhook
from gtm.alerts.notice import Notice
from gtm.alerts.secret import reveal, scrubbed
from gtm.errors import GtmError
from gtm.receivers import Receiver, ReceiverType

BODY_READ = 2048  # octets of a response that are looked at
BODY_SAID = 200  # characters of it that the log says

# What a later attempt can mend: RFC 9110 section 15.5.9, RFC 8470, RFC 6585 section 4.
PASSING = frozenset((408, 425, 429))


class Result(Enum):
    """How an attempt ended; the word in the metric."""

    SENT = "sent"
    FAILED = "failed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Receipt:
    """How an attempt ended, and why in words; `wait` is the seconds that the receiver asks for."""

    result: Result
    reason: str = ""
    wait: float | None = None


class Courier:
    """Delivers to any receiver. `now` is Unix time, `source` this server's name."""

    def __init__(
        self, environment: Mapping[str, str], now: Callable[[], float], source: str
    ) -> None:
        """No connection is made before the first message."""
        self._environment = environment
        self._now = now
        self._source = source
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def deliver(self, receiver: Receiver, notice: Notice) -> Receipt:
        """One attempt. Never raises; what it says holds no secret."""
        secrets: list[str] = []
        try:
            url = await asyncio.to_thread(reveal, receiver.url, self._environment)
            secrets.append(url)
            secret = ""
            if receiver.secret is not None:
                secret = await asyncio.to_thread(reveal, receiver.secret, self._environment)
                secrets.append(secret)
            return await self._post(receiver, notice, url, secret, secrets)
        except GtmError as error:
            return Receipt(Result.FAILED, str(error))
        except TimeoutError:
            return Receipt(Result.FAILED, f"no answer within {receiver.timeout:g} s")
        except (aiohttp.InvalidURL, ValueError):
            return Receipt(Result.FAILED, f"the URL in {receiver.url} can't be used")
        except (aiohttp.ClientError, OSError) as error:
            what = str(error) or type(error).__name__
            return Receipt(Result.FAILED, scrubbed(what, secrets)[:BODY_SAID])

    async def close(self) -> None:
        """Closes every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def _post(
        self, receiver: Receiver, notice: Notice, url: str, secret: str, secrets: list[str]
    ) -> Receipt:
        if receiver.type is ReceiverType.ALERTMANAGER:
            url = alertmanager.url(url)
        data = json.dumps(self._body(receiver, notice, secret)).encode()
        headers = {"Content-Type": "application/json", "User-Agent": f"gtm/{gtm.__version__}"}
        if receiver.type is ReceiverType.WEBHOOK and secret:
            headers[webhook.SIGNATURE] = webhook.signature(secret, data, self._now())
        timeout = aiohttp.ClientTimeout(total=receiver.timeout)
        async with self._session(receiver.proxy).post(
            url, data=data, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            body = await response.content.read(BODY_READ)
            return self._receipt(response, scrubbed(body.decode(errors="replace"), secrets))

    def _receipt(self, response: aiohttp.ClientResponse, body: str) -> Receipt:
        status = response.status
        if status // 100 == 2:
            return Receipt(Result.SENT)
        if status // 100 == 3:
            return Receipt(Result.REJECTED, f"HTTP {status}: redirects are not followed")
        reason = f"HTTP {status}" + (f": {body[:BODY_SAID]}" if body else "")
        if status >= 500 or status in PASSING:
            asked = retry_after(response.headers.get("Retry-After", ""), self._now())
            return Receipt(Result.FAILED, reason, asked)
        return Receipt(Result.REJECTED, reason)

    def _body(self, receiver: Receiver, notice: Notice, secret: str) -> object:
        match receiver.type:
            case ReceiverType.SLACK:
                return slack.body(notice, self._source)
            case ReceiverType.PAGERDUTY:
                return pagerduty.body(notice, self._source, secret)
            case ReceiverType.ALERTMANAGER:
                return alertmanager.body(notice, self._source, self._now())
            case ReceiverType.WEBHOOK:
                return webhook.body(notice, self._source)

    def _session(self, proxy: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(proxy)
        if session is None:
            session = aiohttp.ClientSession(
                trust_env=proxy,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=20, limit_per_host=4),
            )
            self._sessions[proxy] = session
        return session


def retry_after(text: str, now: float) -> float | None:
    """Seconds to wait, from a number or a date (RFC 9110 section 10.2.3); None without one."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())
