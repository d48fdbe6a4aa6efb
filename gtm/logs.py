"""Logs: events with fields, as lines for people or JSON for machines, on standard error."""

from __future__ import annotations

import errno
import logging
import os
import select
import sys
import threading
import time
from collections.abc import Callable
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


# What a pipe takes at once or not at all (POSIX PIPE_BUF on Linux): a poll that says "writable" is
# true for so many octets.
AT_ONCE = 4096

# Seconds that a line waits for whoever reads the log. The first that is not taken waits so long;
# those after it not at all, until there is room again.
PATIENCE = 0.1

# Seconds between two lines of a library that say the same, and how many are told apart.
AGAIN = 60.0
TOLD_APART = 100


class Writer:
    """Writes log lines to standard error, and goes on when that can't be written to.

    Neither a full disk, a closed pipe nor one that nobody reads may stop answers or verdicts:
    `lost` counts the lines that were not taken, and a line says how many once there is room.
    """

    def __init__(self, *_: object) -> None:
        """structlog makes one for each logger; it has no name to give."""

    lost = 0
    _untold = 0  # of these, those that no line told of yet
    _cut = False  # whether the last line was written in part
    _writing = threading.Lock()

    def msg(self, message: str) -> None:
        """Writes one line."""
        if not Writer._writing.acquire(timeout=PATIENCE):
            Writer.lost += 1
            return
        try:
            patience = 0.0 if Writer._untold else PATIENCE
            Writer._write(("\n" if Writer._cut else "") + message + "\n", patience)
        except (OSError, ValueError, AttributeError):  # AttributeError: there is none at all
            Writer.lost += 1
            Writer._untold += 1
            return
        finally:
            Writer._writing.release()
        if Writer._untold:
            lines, Writer._untold = Writer._untold, 0
            structlog.get_logger("gtm").warning("log_lines_lost", lines=lines)

    log = debug = info = warning = error = critical = exception = msg

    @classmethod
    def _write(cls, text: str, patience: float) -> None:
        """The text, if whoever reads takes it within so many seconds. Raises OSError if not."""
        stream = sys.stderr
        try:
            number = stream.fileno()
        except (OSError, ValueError, AttributeError):  # no file: a test's, or a program's around us
            stream.write(text)
            stream.flush()
            return
        stream.flush()
        octets = memoryview(text.encode("utf-8", "backslashreplace"))
        room = select.poll()
        room.register(number, select.POLLOUT)
        written = 0
        while written < len(octets):
            if not room.poll(patience * 1000):
                cls._cut = cls._cut or written > 0
                raise BlockingIOError(errno.EAGAIN, "nobody reads the log")
            written += os.write(number, octets[written : written + AT_ONCE])
        cls._cut = False


class Libraries(logging.Handler):
    """What libraries log by Python's own means, as lines of ours; each once a minute.

    asyncio says so again and again where files run out, and what it says is long.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """From warnings on; `clock` is monotonic seconds."""
        super().__init__(logging.WARNING)
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Says it, unless it was said a moment ago."""
        now, key = self._clock(), (record.name, str(record.msg))
        self._told = {each: at for each, at in self._told.items() if now - at < AGAIN}
        if key in self._told or len(self._told) >= TOLD_APART:
            return
        self._told[key] = now
        log = structlog.get_logger(record.name)
        say = log.error if record.levelno >= logging.ERROR else log.warning
        say("library_says", of=record.name, said=record.getMessage(), exc_info=record.exc_info)


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
    libraries = logging.getLogger()
    for before in [one for one in libraries.handlers if isinstance(one, Libraries)]:
        libraries.removeHandler(before)
    libraries.addHandler(Libraries())
