"""Logging never stops what is logged about."""

from __future__ import annotations

import sys

import pytest
import structlog

from gtm import logs
from gtm.logs import Writer


class Full:
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None: ...


def test_a_log_that_can_not_be_written_is_counted_and_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", Full())
    before = Writer.lost
    Writer().warning("a line")
    assert Writer.lost == before + 1


@pytest.mark.parametrize("form", [logs.LogFormat.CONSOLE, logs.LogFormat.JSON])
def test_an_exception_is_logged_without_the_values_of_variables(
    form: logs.LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(asked: str) -> None:
        raise ValueError(f"{len(asked)} octets")

    logs.configure(form)
    try:
        log = structlog.get_logger("gtm.test").bind()
        try:
            fail("secret-name.example")
        except ValueError:
            log.exception("failed")
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert "ValueError: 19 octets" in said
    assert said.count("secret-name") == 1, "in the line of the source alone"
