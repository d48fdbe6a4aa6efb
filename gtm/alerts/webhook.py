"""The generic webhook: one JSON object, signed if there is a secret."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict
from datetime import UTC, datetime

from gtm.alerts.notice import SHOWN, Notice
from gtm.events import Event

VERSION = 1
SIGNATURE = "X-Gtm-Signature"


def body(notice: Notice, source: str) -> dict[str, object]:
    """The message; docs/alerts.md describes it. `source` is this server's name."""
    return {
        "version": VERSION,
        "status": "resolved" if notice.over else "firing",
        "key": dedup_key(notice.alert),
        "name": notice.name,
        "severity": notice.severity.word,
        "title": notice.title,
        "text": list(notice.lines),
        "began": rfc3339(notice.began),
        "ended": None if notice.ended is None else rfc3339(notice.ended),
        "source": source,
        "again": notice.again,
        "untold": notice.untold,
        "conditions": len(notice.events),
        "parts": {kind.value: count for kind, count in notice.parts},
        "events": [_event(event) for event in notice.events[:SHOWN]],
    }


def signature(secret: str, payload: bytes, now: float) -> str:
    """`t=<Unix time>,v1=<HMAC-SHA256 in hex>` over the time, a dot and the body (RFC 2104)."""
    at = f"{now:.0f}"
    signed = hmac.new(secret.encode(), at.encode() + b"." + payload, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def dedup_key(alert: str) -> str:
    """What an alert is known by elsewhere: the same from its beginning to its end."""
    key = f"gtm/{alert}"
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[:150]}/{hashlib.sha256(key.encode()).hexdigest()}"


LONGEST_KEY = 255  # PagerDuty's limit


def rfc3339(at: float) -> str:
    """A Unix time as RFC 3339 has it: `2026-01-31T12:00:00.250Z`."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def _event(event: Event) -> dict[str, object]:
    return asdict(event) | {
        "at": rfc3339(event.at),
        "kind": event.kind.value,
        "severity": event.severity.word,
    }
