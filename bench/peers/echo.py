"""The limit of sockets: a C program that sends every packet back, compiled when measuring."""

from __future__ import annotations

from pathlib import Path

from bench.peers.base import Setup, Start, missing_program, output
from bench.program import compiled

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
        return Start((str(compiled(SOURCE, setup.folder)), str(setup.port)))
