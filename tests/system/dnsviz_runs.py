"""Runs a command of dnsviz with the system's Python: `dnsviz_runs.py probe|grok ARGUMENT...`.

Debian 12's dnsviz asks for pygraphviz.release, which its pygraphviz does not have.
"""

from __future__ import annotations

import sys
import types
from importlib import import_module


def main() -> None:
    release = types.ModuleType("pygraphviz.release")
    vars(release)["version"] = "1.7"
    vars(import_module("pygraphviz"))["release"] = sys.modules[release.__name__] = release
    command = import_module(f"dnsviz.commands.{sys.argv[1]}")
    command.main(sys.argv[1:])


if __name__ == "__main__":
    main()
