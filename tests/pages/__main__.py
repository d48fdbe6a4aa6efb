"""`scripts/docs`: what comes out is written into the pages."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.pages.alike import alike
from tests.pages.page import Command, steps
from tests.pages.play import rewritten
from tests.worlds import ROOT


def main() -> None:
    """Plays each page; one whose output is alike stays as it is."""
    named = [Path(word) for word in sys.argv[1:]]
    for path in named or (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))):
        text = path.read_text(encoding="utf-8")
        before = [step for step in steps(text) if isinstance(step, Command)]
        if not before:
            continue
        new = rewritten(text)
        after = [step for step in steps(new) if isinstance(step, Command)]
        pairs = zip(before, after, strict=True)
        changed = [
            one.text for one, two in pairs if not alike(one.shown, two.shown, in_order=one.in_order)
        ]
        if changed:
            path.write_text(new, encoding="utf-8")
        print(f"{path.name}: {len(before)} commands, {len(changed)} came out otherwise")


if __name__ == "__main__":
    main()
