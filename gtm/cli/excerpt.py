"""The line of a file that a mistake is in, with a caret under the place."""

from __future__ import annotations

from pathlib import Path

from rich.cells import cell_len
from rich.text import Text

from gtm.errors import Mistake

LEAD = 40  # characters kept before the place when a line is too long to be shown whole


def excerpt(mistake: Mistake, width: int) -> Text | None:
    """Two lines of at most `width` columns; None if the mistake has no line that can be shown."""
    line = _line(mistake)
    if line is None:
        return None
    number = f"{mistake.line:>5}"
    room = width - len(number) - len(" | ")
    shown, before = _window(line, max(0, mistake.column - 1), room)
    text = Text(no_wrap=True)
    text.append(f"{number} | ", "blue")
    text.append(f"{shown}\n")
    text.append(f"{' ' * len(number)} | ", "blue")
    text.append(" " * before)
    text.append("^", "bold red")
    return text


def _line(mistake: Mistake) -> str | None:
    if mistake.line == 0:
        return None
    try:
        # split as YAML counts lines: str.splitlines() knows more line ends than that
        content = Path(mistake.file).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return None
    if mistake.line > len(content):
        return None
    line = content[mistake.line - 1].rstrip("\r")
    # a control character must not reach the terminal, and a tab is one column wide here
    return "".join(char if char.isprintable() else " " for char in line)


def _window(line: str, index: int, room: int) -> tuple[str, int]:
    """The part of the line around the index, and how many columns stand before that place."""
    index = min(index, len(line))
    start = 0 if cell_len(line[: index + 1]) <= room else max(0, index - LEAD)
    return line[start:], cell_len(line[start:index])
