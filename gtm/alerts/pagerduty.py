"""PagerDuty's Events API v2: trigger and resolve with one dedup_key.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

from gtm.alerts.notice import Notice
from gtm.alerts.slack import cut
from gtm.alerts.webhook import dedup_key, rfc3339

SUMMARY = 1024  # characters of payload.summary


def body(notice: Notice, source: str, routing_key: str) -> dict[str, object]:
    """The event. A resolve needs no payload; a trigger of an open alert adds to it."""
    event: dict[str, object] = {
        "routing_key": routing_key,
        "event_action": "resolve" if notice.over else "trigger",
        "dedup_key": dedup_key(notice.alert),
    }
    if notice.over:
        return event
    first = notice.events[0]
    return event | {
        "client": "gtm",
        "payload": {
            "summary": cut(notice.title, SUMMARY),
            "source": source,
            "severity": notice.severity.word,
            "timestamp": rfc3339(max(one.at for one in notice.events)),
            "component": first.service or first.app or "gtm",
            "group": first.region or first.zone or "gtm",
            "class": first.kind.value,
            "custom_details": {"events": list(notice.lines), "began": rfc3339(notice.began)},
        },
    }
