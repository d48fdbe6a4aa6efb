"""The demo on a terminal: its view fits, its keys work, and the terminal is given back."""

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
from dataclasses import dataclass

import pytest

PATIENCE = 20.0  # seconds
ROWS, COLUMNS = 24, 80
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass
class Terminal:
    """The demo on a terminal of 80 by 24."""

    process: subprocess.Popen[bytes]
    keyboard: int
    screen: int
    text: str = ""

    def shows(self, *words: str) -> bool:
        """Whether a drawing of the view has all of these, before patience ends."""
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


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    keyboard, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", "from gtm.cli.main import main; main()", "demo"],
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


def test_keys_stop_a_region_and_bring_it_back(terminal: Terminal) -> None:
    before = terminal.local_modes()
    assert terminal.shows("Dublin, IE                    198.51.100.64/27  eu-west")
    terminal.press("2")
    assert terminal.shows("kill -CONT", "Dublin, IE                    198.51.100.64/27  us-east")
    terminal.press("2")
    assert terminal.shows("Dublin, IE                    198.51.100.64/27  eu-west")
    assert terminal.local_modes() != before
    terminal.press("q")
    assert terminal.process.wait(PATIENCE) == 0
    assert terminal.local_modes() == before


def test_the_view_fits_a_small_terminal_whatever_happens(terminal: Terminal) -> None:
    assert terminal.shows("q quit")
    for key in "123":
        terminal.press(key)
        assert terminal.shows("kill -CONT")
    assert terminal.shows("none is up")
    for view in terminal.views():
        lines = view.split("\n")
        assert len(lines) <= ROWS
        assert all(len(line.rstrip("\r")) <= COLUMNS for line in lines)
