"""Alertmanager's API v2: POST /api/v2/alerts, a list of alerts known by their labels.

https://prometheus.io/docs/alerting/latest/alerts_api/
"""

from __future__ import annotations

from gtm.alerts.notice import Notice
from gtm.alerts.webhook import dedup_key, rfc3339
from gtm.events import Severity

PATH = "/api/v2/alerts"

# An alert lasts until it is said to be over, or not heard of for this long: as Prometheus does,
# four times the time in which it is said again.
LASTS = 240.0


def url(written: str) -> str:
    """Where alerts are posted: the API's path is added to Alertmanager's own address."""
    return written if written.endswith(PATH) else written.rstrip("/") + PATH


def body(notice: Notice, source: str, now: float) -> list[dict[str, object]]:
    """The alert, and the one that it was before if its severity, a label, has changed."""
    found = [_alert(notice, notice.severity, source, notice.ended or now + LASTS)]
    if notice.former is not None:
        found.append(_alert(notice, notice.former, source, now))
    return found


def _alert(notice: Notice, severity: Severity, source: str, ends: float) -> dict[str, object]:
    first = notice.events[0]
    # only what is the same from the beginning of an alert to its end can be a label
    labels = {
        "alertname": notice.name,
        "severity": severity.word,
        "gtm_alert": dedup_key(notice.alert),
        "job": "gtm",
        "region": first.region,
    }
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {
            "summary": notice.title,
            "description": "\n".join(notice.lines),
            "source": source,
        },
        "startsAt": rfc3339(min(notice.began, ends)),
        "endsAt": rfc3339(ends),
    }
