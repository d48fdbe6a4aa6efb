"""Logging never stops what is logged about."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from gtm import logs
from gtm.logs import Writer


@pytest.fixture(autouse=True)
def nothing_lost_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer, "_untold", 0)
    monkeypatch.setattr(Writer, "_cut", False)


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


@contextmanager
def unread() -> Iterator[int]:
    """Standard error is a pipe; this is its end to read from."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(writing, "w") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        patch.setattr(logs, "PATIENCE", 0.001)
        yield reading
    os.close(reading)


def all_of(reading: int) -> str:
    found = b""
    try:
        while part := os.read(reading, 65536):
            found += part
    except BlockingIOError:
        pass
    return found.decode()


def test_a_pipe_that_nobody_reads_holds_nothing_up_and_what_it_cost_is_said() -> None:
    logs.configure(logs.LogFormat.JSON)
    try:
        with unread() as reading:
            log, before = structlog.get_logger("gtm.test"), Writer.lost
            for number in range(200):
                log.warning("a_line", number=number, filling="x" * 1000)
            lost = Writer.lost - before
            assert 0 < lost < 200
            kept = all_of(reading).splitlines()
            assert len(kept) == 200 - lost
            log.warning("read_again")
            first, second = all_of(reading).splitlines()
    finally:
        structlog.reset_defaults()
    assert '"read_again"' in first
    assert f'"lines": {lost}' in second
    assert "log_lines_lost" in second


def test_a_line_that_is_longer_than_a_pipe_is_cut_and_spoils_no_other() -> None:
    with unread() as reading:
        Writer().msg("long " + "x" * 200_000)
        assert set(all_of(reading).removeprefix("long ")) == {"x"}
        Writer().msg("short")
        assert all_of(reading).splitlines()[:2] == ["", "short"]


def test_without_standard_error_there_is_no_log_and_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    before = Writer.lost
    Writer().msg("a line")
    assert Writer.lost == before + 1


def test_what_libraries_log_is_a_line_of_ours_and_said_once_a_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = [0.0]
    told = logs.Libraries(lambda: now[0])
    logs.configure(logs.LogFormat.JSON)
    try:
        for _ in range(3):
            told.emit(
                logging.makeLogRecord(
                    {"name": "asyncio", "levelno": 30, "msg": "no %s", "args": ("files",)}
                )
            )
        now[0] = 61.0
        told.emit(
            logging.makeLogRecord(
                {"name": "asyncio", "levelno": 30, "msg": "no %s", "args": ("sockets",)}
            )
        )
    finally:
        structlog.reset_defaults()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert '"said": "no files"' in lines[0]
    assert '"said": "no sockets"' in lines[1]
