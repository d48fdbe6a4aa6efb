"""gtm on a terminal of 80 by 24: what is drawn, and keys."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PATIENCE = 20.0  # seconds
ROWS, COLUMNS = 24, 80
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass
class Terminal:
    """A command on it."""

    process: subprocess.Popen[bytes]
    keyboard: int
    screen: int
    text: str = ""

    def shows(self, *words: str) -> bool:
        """Whether a drawing has all of these, before patience ends."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if any(all(word in view for word in words) for view in self.views()):
                return True
            if select.select([self.keyboard], [], [], 0.1)[0]:
                self.text += os.read(self.keyboard, 65536).decode(errors="replace")
        return False

    def views(self) -> list[str]:
        """What was drawn since the last key, one text for each drawing."""
        return [ESCAPES.sub("", view) for view in self.text.split("\x1b[H")]

    def press(self, key: str) -> None:
        self.text = ""
        os.write(self.keyboard, key.encode())

    def local_modes(self) -> int:
        return int(termios.tcgetattr(self.screen)[3])


@contextmanager
def on_terminal(*words: str) -> Iterator[Terminal]:
    """`gtm WORDS...`, ended at the end."""
    keyboard, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", "from gtm.cli.main import main; main()", *words],
        stdin=screen,
        stdout=screen,
        stderr=screen,
        env={**os.environ, "TERM": "xterm"},
    )
    try:
        yield Terminal(process, keyboard, screen)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        os.close(keyboard)
        os.close(screen)
