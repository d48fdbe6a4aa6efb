"""The line of `gtm status` about the checking itself; empty while there is nothing to say."""

from __future__ import annotations

from rich.text import Text

from gtm.api.models import HealthStatus
from gtm.cli.output import span

_WORDS = {
    "stale": "stale",
    "impaired": "that this machine can't probe",
    "disbelieved": "whose failure is not believed",
    "held": "held down for changing too often",
}


def health_line(health: HealthStatus, now: float) -> Text:
    """What is wrong with the checking; `now` is Unix time."""
    text = Text()
    if health.frozen is not None and health.frozen_since is not None:
        ago = span(now - health.frozen_since)
        text.append(f"frozen for {ago}: {health.frozen}", "bold red")
    counts = {words: getattr(health, name) for name, words in _WORDS.items()}
    said = [f"{count:,} {words}" for words, count in counts.items() if count]
    if said:
        text.append("; " if text else "")
        text.append(f"of {health.targets:,} targets {', '.join(said)}", "yellow")
    if health.memory is not None:
        text.append("; " if text else "")
        text.append(f"what was learnt is {health.memory}", "yellow")
    return text
