"""Logs: events with fields, as lines for people or JSON for machines, on standard error."""

from __future__ import annotations

import logging
import sys
from enum import Enum

import structlog


class LogFormat(Enum):
    """`auto` is lines for a terminal and JSON for everything else."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(Enum):
    """The least that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Writer:
    """Writes log lines to standard error, and goes on when that can't be written to.

    A full disk or a closed pipe must never stop answers; `lost` counts the lines.
    """

    def __init__(self, *_: object) -> None:
        """structlog makes one for each logger; it has no name to give."""

    lost = 0

    def msg(self, message: str) -> None:
        """Writes one line."""
        try:
            print(message, file=sys.stderr, flush=True)
        except (OSError, ValueError):
            Writer.lost += 1

    log = debug = info = warning = error = critical = exception = msg


def configure(log_format: LogFormat = LogFormat.AUTO, level: LogLevel = LogLevel.INFO) -> None:
    """Sets up the process's logging; called once, by the command that runs."""
    terminal = sys.stderr.isatty()
    console = log_format is LogFormat.CONSOLE or (log_format is LogFormat.AUTO and terminal)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
    ]
    if console:
        last: list[structlog.typing.Processor] = [
            # without the values of variables: packets are among them, and names in these
            structlog.dev.ConsoleRenderer(
                colors=terminal,
                pad_event_to=24,
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    else:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.name)),
        logger_factory=Writer,
        cache_logger_on_first_use=True,
    )
