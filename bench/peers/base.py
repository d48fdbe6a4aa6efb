"""What a peer has to tell so that it can be measured."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.workload import Workload
from bench.world import World

PATIENCE = 10  # seconds for a program to tell its version


@dataclass(frozen=True, slots=True)
class Setup:
    """What a peer is told before it starts.

    `folder` is its own, empty, and gone afterwards; `database` is the geo database.
    """

    workload: Workload
    world: World
    database: Path
    folder: Path
    port: int


@dataclass(frozen=True, slots=True)
class Start:
    """How to start a server in the foreground; `environment` adds to the present one.

    `settle` brings the server that runs into the state to be measured.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    settle: Callable[[], None] | None = None


class Peer(Protocol):
    """A server to measure. `answers` says whether it is a name server at all."""

    name: str
    answers: bool

    def missing(self) -> str | None:
        """What has to be installed before it can run, as a sentence; None if nothing."""

    def version(self) -> str:
        """What it is, with its version, in a few words."""

    def prepare(self, setup: Setup) -> Start:
        """Writes its configuration into the folder and says how to start it."""


def missing_program(program: str, package: str) -> str | None:
    """The sentence for a program of a Debian package that is not there."""
    if shutil.which(program, path=search_path()):
        return None
    return f"{program} is not installed (Debian package {package}; scripts/bench --install)"


def search_path() -> str:
    """Where programs are looked for: servers live in sbin, which users seldom have."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def output(*command: str) -> str:
    """What a short command prints, on either stream; "" if it fails."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
