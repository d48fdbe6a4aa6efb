"""Running gtm in this process, as a shell would."""

from __future__ import annotations

from dataclasses import dataclass

from typer.testing import CliRunner

from gtm.cli.main import app


@dataclass(frozen=True)
class Run:
    """What a command ended with and printed."""

    exit_code: int
    stdout: str
    stderr: str


def gtm(*words: str, environment: dict[str, str] | None = None) -> Run:
    """What `gtm WORDS...` prints and ends with; no GTM_* of the tester's own counts."""
    unset = dict.fromkeys(
        (
            "GTM_API",
            "GTM_API_CA",
            "GTM_API_TOKEN",
            "GTM_API_TOKEN_FILE",
            "GTM_CONFIG",
            "GTM_GEOIP",
            "GTM_KEYS",
            "GTM_STATE",
            "GTM_TOKENS",
            "GTM_ZONES",
        )
    )
    result = CliRunner().invoke(app, list(words), env={**unset, **(environment or {})})
    return Run(result.exit_code, result.stdout, result.stderr)
