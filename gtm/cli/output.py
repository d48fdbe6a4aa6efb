"""What all commands print with: consoles, errors, verdicts, spans of time."""

from __future__ import annotations

import os
import sys
from io import StringIO

from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.text import Text

from gtm.errors import GtmError, Mistake, ZoneFileError
from gtm.events import REPORTS

WIDEST = 100  # columns: longer lines are hard to follow on a wide terminal

MARKS = {
    "up": ("✓ up", "green"),
    "down": ("✗ down", "red"),
    "unknown": ("? unknown", "yellow"),
    "drained": ("⏏ drained", "yellow"),
}

_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))


def plain_console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is: `:100:` in an IPv6 network is no emoji, `[x]` no tag."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def screen(*, stderr: bool = False) -> Console:
    """Where people read. Without a terminal lines are 100 columns and without colour."""
    console = plain_console(stderr=stderr)
    console.width = min(console.width, WIDEST) if console.is_terminal else WIDEST
    return console


def on_terminal(*, stderr: bool = False) -> bool:
    """Whether a person looks on, and moving things may be shown; colour can be forced without."""
    stream = sys.stderr if stderr else sys.stdout
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def show(shown: RenderableType) -> None:
    """Prints a layout; into a file or a pipe without the spaces that tables pad lines with."""
    console = screen()
    if console.is_terminal:
        console.print(shown)
        return
    sys.stdout.write(_unpadded(console, shown))


def as_text(shown: RenderableType) -> str:
    """A layout as a file has it: 100 columns, without colour."""
    console = Console(
        width=WIDEST, highlight=False, markup=False, emoji=False, color_system=None, file=StringIO()
    )
    return _unpadded(console, shown)


def _unpadded(console: Console, shown: RenderableType) -> str:
    """Without the spaces that tables pad lines with."""
    with console.capture() as capture:
        console.print(shown)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def print_json(shape: BaseModel) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(shape.model_dump_json(indent=2) + "\n")


def complain(error: GtmError) -> None:
    """Says an error on standard error: a line, or one for each mistake in zone files."""
    if isinstance(error, ZoneFileError):
        for mistake in error.mistakes:
            say_line(styled(mistake), stderr=True)
        return
    complain_of(str(error))


def complain_of(sentence: str) -> None:
    """Says a sentence on standard error, as one line; to who looks on as an error."""
    line = Text(sentence)
    if on_terminal(stderr=True):
        line = Text.assemble(("error: ", "bold red"), line)
    say_line(line, stderr=True)


def say_line(line: str | Text, *, stderr: bool = False) -> None:
    """A line; one too long for a terminal is broken between words."""
    screen(stderr=stderr).print(line, soft_wrap=not on_terminal(stderr=stderr))


def styled(mistake: Mistake) -> Text:
    """The mistake word for word as its str() is; colours set its parts apart."""
    text = Text(str(mistake))
    what = f"{mistake.problem}; {mistake.remedy}" if mistake.remedy else mistake.problem
    where = len(text) - len(what)
    text.stylize("bold", 0, where)
    text.stylize("red", where, where + len(mistake.problem))
    return text


def mark(state: str) -> Text:
    """A verdict's state as sign and word, so that no colour is needed to read it."""
    words, style = MARKS[state]
    return Text(words, style)


def marked(state: str, act: str | None, by: str = "") -> Text:
    """A verdict's state; what operators and reports decided is told apart from what probes did."""
    if act is None:
        return mark(state).append(" (reports)") if by == REPORTS else mark(state)
    return mark("drained") if act == "drain" else mark(state).append(" (forced)")


def span(seconds: float) -> str:
    """A length of time for a person: `12 s`, `5 min`, `3 h`, `2 d`."""
    for length, unit in _SPANS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def counted(number: int, thing: str) -> str:
    """`1 region`, `3 regions`, `2 queries`."""
    if number == 1:
        return f"1 {thing}"
    return f"{number:,} {thing[:-1]}ies" if thing.endswith("ry") else f"{number:,} {thing}s"


def bare(name: str) -> str:
    """A domain name as people write it, without the trailing dot."""
    return name.rstrip(".") or "."
