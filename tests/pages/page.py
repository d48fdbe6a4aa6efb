"""A page of documentation as steps: files it has written, commands it runs, output it shows.

- A fenced `console` block is a session: lines beginning with `$ ` are commands (a line that ends
  with a backslash goes on in the next, and so does a command whose next lines begin with `> `),
  the lines behind one are its output.
- A fenced block after `<!-- file: PATH -->` is written to that path.
- `<!-- run: COMMANDS -->` runs commands that readers don't see; they must succeed.
- `<!-- shown only: WHY -->` before a console block says why it can't be run.
- `<!-- played where: COMMAND -->` before one has it run only where the command succeeds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = re.compile(r"^<!-- (file|run|shown only|played where): ?(.*?)-->$", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^( *)```([\w-]*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
PROMPT = "$ "
MORE = "> "  # as bash asks for the rest of a command


@dataclass(frozen=True, slots=True)
class Command:
    """A command that readers see; `shown` is its output, whose place in the page is `span`.

    It is run only where the command `where` succeeds.
    """

    text: str
    shown: str
    span: tuple[int, int]
    where: str = ""

    @property
    def in_order(self) -> bool:
        """Whether its lines come in one order: records of an answer are rotated."""
        return not self.text.startswith(("dig ", "kdig "))


@dataclass(frozen=True, slots=True)
class Hidden:
    """Commands that readers don't see."""

    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that the page has its reader write."""

    path: str
    text: str


Step = Command | Hidden | File


def steps(text: str) -> list[Step]:
    """What a page does, in order."""
    found: list[tuple[int, list[Step]]] = []
    marks = list(MARK.finditer(text))
    found += [(m.start(), [Hidden(m[2].strip())]) for m in marks if m[1] == "run"]
    before = {_next_line(text, m.end()): m for m in marks if m[1] != "run"}
    for fence in FENCE.finditer(text):
        mark = before.get(fence.start())
        if mark is not None and mark[1] == "file":
            found.append((fence.start(), [File(mark[2].strip(), fence[3])]))
        elif fence[2] == "console" and (mark is None or mark[1] == "played where"):
            where = "" if mark is None else mark[2].strip()
            found.append((fence.start(), [*_commands(fence[3], fence.start(3), where)]))
    return [step for _, block in sorted(found, key=lambda pair: pair[0]) for step in block]


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _commands(block: str, start: int, where: str) -> list[Command]:
    found: list[Command] = []
    at, lines = start, block.splitlines(keepends=True)
    while lines:
        first = lines.pop(0)
        at += len(first)
        assert first.startswith(PROMPT), f"a session begins with a command, not {first!r}"
        said = first.removeprefix(PROMPT)
        while lines and (said.endswith("\\\n") or lines[0].startswith(MORE)):
            at += len(lines[0])
            said += lines.pop(0).removeprefix(MORE)
        output = ""
        while lines and not lines[0].startswith(PROMPT):
            output += lines.pop(0)
        found.append(Command(said.rstrip("\n"), output, (at, at + len(output)), where))
        at += len(output)
    return found
