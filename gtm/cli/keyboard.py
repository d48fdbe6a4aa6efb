"""Single keys from the terminal, which is given back as it was whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator

MOST_AT_ONCE = 64  # octets: what is typed between two turns of the loop


@contextlib.contextmanager
def pressed(on_key: Callable[[str], None]) -> Iterator[bool]:
    """Calls `on_key` for each key from here on; False if standard input is no terminal.

    Keys are not echoed and need no Enter; Ctrl-C goes on being a signal.
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
        for key in typed.decode("ascii", errors="ignore"):
            on_key(key)

    try:
        tty.setcbreak(terminal)
        loop.add_reader(terminal, read)
        yield True
    finally:
        loop.remove_reader(terminal)
        # what was typed meanwhile is thrown away, so that it does not reach the shell
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
