"""How a command ends: with an exit code and at most a line that says what to do, whatever happens.

Only `gtm serve` shows tracebacks of its own faults: its log is where they are looked for.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

import typer

from gtm.cli.output import complain_of
from gtm.errors import GtmError

STOPPED = 130  # 128 and the number of SIGINT, as shells have it
UNREAD = 141  # 128 and the number of SIGPIPE
PLAINER = (
    ("Input should be a valid number, unable to parse string as a number", "it is not a number"),
    ("Input should be a valid integer, unable to parse string as an integer", "no whole number"),
    ("Input should be greater than or equal to", "the least is"),
    ("Input should be less than or equal to", "the most is"),
)
"""How pydantic says it, and how an operator would."""
TRACEBACK = "GTM_TRACEBACK"  # an environment variable: show where a fault is


def _named(name: str) -> type[Exception]:
    """An exception of click's, which typer has inside or beside it, by its version."""
    found = next(each for each in typer.BadParameter.__mro__ if each.__name__ == name)
    assert issubclass(found, Exception)  # noqa: S101
    return found


WRONG_USAGE = _named("ClickException")
ORDERLY = (typer.Exit, typer.Abort, WRONG_USAGE)


def ended(run: Callable[[], object]) -> int:
    """Runs a whole command line; its exit code."""
    try:
        code = run()
        sys.stdout.flush()
    except WRONG_USAGE as error:
        return _explained(error)
    except (KeyboardInterrupt, typer.Abort):
        return STOPPED
    except BrokenPipeError:
        return _unread()
    return code if isinstance(code, int) else 0


def fault(error: Exception) -> int:
    """Says what was not foreseen; its exit code. Broken pipes are none."""
    if isinstance(error, BrokenPipeError):
        return _unread()
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
        return GtmError.exit_code
    if isinstance(error, OSError) and error.strerror:
        where = f" {error.filename}" if error.filename else ""
        complain_of(f"cannot go on: {error.strerror.lower()}{where}")
    else:
        complain_of(
            f"cannot go on: a fault of gtm's own, {type(error).__name__}: {_line(error)}; "
            f"please report it with what {TRACEBACK}=1 shows"
        )
    return GtmError.exit_code


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or "without words"


def _unread() -> int:
    """Nobody reads on, as after `| head`: nothing is left to be said there."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # Path.open reads no better
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return UNREAD


# --- wrong usage ------------------------------------------------------------------------


def _explained(error: Exception) -> int:
    """One line for what click refuses: what was wrong, what was meant, where to look."""
    show = getattr(error, "show", None)
    if type(error).__name__ == "NoArgsIsHelpError" and show is not None:
        show()
    else:
        complain_of(usage_line(error))
    return int(getattr(error, "exit_code", 2))


def usage_line(error: Exception) -> str:
    """`cannot run gtm status: no such option: --jsn; did you mean --json? See gtm status -h`."""
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "gtm")
    words = str(getattr(error, "message", "") or error)
    format_message = getattr(error, "format_message", None)
    if format_message is not None:
        words = str(format_message())
    words = " ".join(words.split()).replace("Value error, ", "")
    for told, better in PLAINER:
        words = words.replace(told, better)
    for question in ("Did you mean", "(Possible"):
        words = words.split(question)[0]
    words = words.strip().rstrip(".")
    meant = _meant(error, context)
    return f"cannot run {command}: {words[:1].lower()}{words[1:]}; {meant}see {command} --help"


def _meant(error: Exception, context: object) -> str:
    """What is most like what was written, of commands or of options."""
    from gtm.zonefile.findings import nearest

    written = getattr(error, "option_name", None)
    if written is not None:
        known = list(getattr(error, "possibilities", None) or _options(context))
    else:
        written = _unknown_command(error)
        known = list(getattr(getattr(context, "command", None), "commands", {}))
    like = nearest(written, known).strip("`") if written else ""
    return f"did you mean {like}? " if like else ""


def _options(context: object) -> list[str]:
    parameters = getattr(getattr(context, "command", None), "params", [])
    return [word for one in parameters for word in one.opts if word.startswith("-")]


def _unknown_command(error: Exception) -> str:
    """The word in `No such command 'statsu'.`"""
    words = str(getattr(error, "message", ""))
    if not words.startswith("No such command"):
        return ""
    parts = words.split("'")
    return parts[1] if len(parts) > 1 else ""
