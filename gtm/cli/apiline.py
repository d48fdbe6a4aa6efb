"""How the API is guarded, in a line of `gtm status`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from gtm.api.models import AccessStatus
from gtm.cli.output import counted


def api_line(found: AccessStatus) -> Text | None:
    """Tokens, certificate and what is wrong with them; None while nothing is out of the usual."""
    parts = [f"{counted(found.tokens, 'token')} over TCP"] if found.tokens_needed else []
    if found.certificate is not None:
        ends = f"{datetime.fromtimestamp(found.certificate.expires, UTC):%Y-%m-%d}"
        parts.append(f"{Path(found.certificate.path).name} until {ends}")
    text = Text(", ".join(parts))
    troubles = [
        ("the tokens read before are still used", found.tokens_error),
        ("the certificate before is still used", found.certificate and found.certificate.error),
        ("acts are in the log alone", found.audit_unsaved),
    ]
    for outcome, why in troubles:
        if why is not None:
            text.append(f"{chr(10) if text else ''}{outcome}: {why}", "bold red")
    return text if text else None
