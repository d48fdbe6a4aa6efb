"""Programs that a measurement runs: C compiled when measuring, and which cores they get."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from gtm.errors import GtmError

PATIENCE = 20  # seconds to compile


def compiled(source: Path, folder: Path) -> Path:
    """The program, in the folder; GtmError if the compiler refuses it."""
    program = folder / source.stem
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-o", str(program), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise GtmError(f"cannot compile {source.name}: {done.stderr.strip()}")
    return program


def pinned(cores: Sequence[int]) -> list[str]:
    """What to put before a command so that it runs on these cores alone."""
    return ["taskset", "-c", ",".join(map(str, cores))]
