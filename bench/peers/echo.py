"""The limit of sockets: a C program that sends every packet back, compiled when measuring."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.peers.base import PATIENCE, Setup, Start, missing_program, output
from gtm.errors import GtmError

SOURCE = Path(__file__).with_name("echo.c")


class Echo:
    """recvmmsg and sendmmsg in a loop; speaks UDP only."""

    name = "echo"
    answers = False

    def missing(self) -> str | None:
        """A C compiler, if there is none."""
        return missing_program("gcc", "gcc")

    def version(self) -> str:
        """The compiler's, as there is nothing else."""
        return f"bare UDP echo, gcc {output('gcc', '-dumpfullversion')}"

    def prepare(self, setup: Setup) -> Start:
        """Compiles it."""
        program = setup.folder / "echo"
        command = ["gcc", "-O2", "-Wall", "-Wextra", "-o", str(program), str(SOURCE)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if done.returncode:
            raise GtmError(f"cannot compile {SOURCE.name}: {done.stderr.strip()}")
        return Start((str(program), str(setup.port)))
