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
            structlog.dev.ConsoleRenderer(colors=terminal, pad_event_to=24)
        ]
    else:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.name)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
