"""Single keys from the terminal, which is given back as it was whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import termios
import tty
from collections.abc import Callable, Iterator

# arrows and the like come as one sequence (ECMA-48, 5.4), which is one key
_KEYS = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]|.", re.DOTALL)
MOST_AT_ONCE = 64  # octets: what is typed between two turns of the loop


@contextlib.contextmanager
def pressed(on_key: Callable[[str], None]) -> Iterator[bool]:
    """Calls `on_key` for each key from here on; False if standard input is no terminal.

    A key is a character, or the whole sequence that an arrow sends. Keys are not echoed and need
    no Enter; Ctrl-C goes on being a signal.
    """
    if not sys.stdin.isatty():
        yield False
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    loop = asyncio.get_running_loop()

    def read() -> None:
        typed = os.read(terminal, MOST_AT_ONCE)
        if not typed:  # hung up
            loop.remove_reader(terminal)
        for key in _KEYS.findall(typed.decode(errors="ignore")):
            on_key(key)

    try:
        tty.setcbreak(terminal)
        loop.add_reader(terminal, read)
        yield True
    finally:
        loop.remove_reader(terminal)
        # what was typed meanwhile is thrown away, so that it does not reach the shell
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
