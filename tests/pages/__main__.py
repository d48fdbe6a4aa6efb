"""`scripts/docs`: what comes out is written into the pages."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.pages.page import Command, steps
from tests.pages.play import rewritten
from tests.worlds import ROOT


def main() -> None:
    """Plays each page; one whose output is alike stays as it is."""
    named = [Path(word) for word in sys.argv[1:]]
    for path in named or (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))):
        text = path.read_text(encoding="utf-8")
        if any(isinstance(step, Command) for step in steps(text)):
            new, differed = rewritten(text)
            path.write_text(new, encoding="utf-8")
            print(f"{path.name}: {len(differed)} came out otherwise", *differed, sep="\n  $ ")


if __name__ == "__main__":
    main()
