"""What the documents show is what comes out: every session of every page is run.

It needs unshare and ip (Debian: util-linux, iproute2), root or user namespaces, and what the
pages use: dig (bind9-dnsutils), curl. `scripts/docs` writes what comes out into the pages.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.alike import alike
from tests.pages.page import Command, steps
from tests.pages.play import play
from tests.pages.stage import missing
from tests.worlds import ROOT

PAGES = sorted(
    path
    for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))
    if any(isinstance(step, Command) for step in steps(path.read_text(encoding="utf-8")))
)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_shows_what_comes_out(path: Path) -> None:
    if why := missing():
        pytest.skip(why)
    for command, seen in play(path.read_text(encoding="utf-8")):
        assert alike(command.shown, seen, in_order=command.in_order), (
            f"{path.name}: $ {command.text}\n--- shown\n{command.shown}\n--- came out\n{seen}"
        )
