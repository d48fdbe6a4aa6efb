"""Plays a page: writes its files, runs its commands, gives what they said."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tests.pages.alike import ANY, alike
from tests.pages.page import Command, File, steps
from tests.pages.stage import stage


def play(text: str) -> Iterator[tuple[Command, str]]:
    """Each command that readers see, with its output."""
    with stage() as here:
        for step in steps(text):
            if isinstance(step, Command) and step.where and here.run(step.where)[1]:
                continue
            if isinstance(step, File):
                folder = shlex.quote(step.path.rpartition("/")[0])
                words = f"mkdir -p {folder} && printf %s {shlex.quote(step.text)} > {step.path}"
            else:
                words = step.text
            said, code = here.run(words)
            if isinstance(step, Command):
                yield step, said
            else:
                assert code == 0, f"failed with {code}: {words}\n{said}"


def rewritten(text: str) -> tuple[str, list[str]]:
    """The page with what came out in place of what it showed; the commands where it differed.

    Output that is shown in part, with `...`, is left as it is.
    """
    differed = []
    for command, seen in reversed(list(play(text))):
        if alike(command.shown, seen, in_order=command.in_order):
            continue
        differed.append(command.text)
        if ANY not in command.shown:
            first, last = command.span
            text = text[:first] + (f"{seen}\n" if seen else "") + text[last:]
    return text, differed[::-1]
