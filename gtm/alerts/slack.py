"""Slack's incoming webhooks: blocks, and a text for notifications.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from gtm.alerts.notice import Notice
from gtm.events import Severity

HEADER = 150  # characters of a header block
SECTION = 3000  # characters of a section's text

_MARKS = {
    Severity.INFO: ":information_source:",
    Severity.WARNING: ":warning:",
    Severity.CRITICAL: ":rotating_light:",
}


def body(notice: Notice, source: str) -> dict[str, object]:
    """The message."""
    mark = ":white_check_mark:" if notice.over else _MARKS[notice.severity]
    still = "still: " if notice.again else ""
    title = f"{mark} {still}{notice.title}"
    footer = f"gtm on {source}, {'over' if notice.over else notice.severity.word}"
    return {
        "text": escaped(title, SECTION),
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": cut(title, HEADER), "emoji": True},
            },
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": escaped("\n".join(notice.lines), SECTION)},
            },
            {
                "type": "context",
                "elements": [{"type": "mrkdwn", "text": escaped(footer, SECTION)}],
            },
        ],
    }


def cut(text: str, limit: int) -> str:
    """At most so many characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def escaped(text: str, limit: int) -> str:
    """Text in which nothing is markup or a mention; `&`, `<` and `>` are all that Slack asks for.

    It is cut before it is escaped, so that no entity is cut in two.
    """
    length = limit
    while True:
        found = cut(text, length)
        found = found.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if len(found) <= limit:
            return found
        length -= max(1, (len(found) - limit) // 5)
