"""What the dashboard brings along of others is what they published, and says so."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

VENDORED = Path(__file__).parents[3] / "gtm" / "dashboard" / "static" / "vendored"
LICENCES = (VENDORED.parent / "licences.txt").read_text(encoding="utf-8")
HASH = re.compile(r"sha256 of (\S+):\s+([0-9a-f]{64})")


def test_every_file_has_the_hash_that_is_told() -> None:
    told = dict(HASH.findall(LICENCES))
    files = {file.name: file for file in VENDORED.iterdir() if file.suffix != ".txt"}
    found = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    assert found == told


def test_the_version_in_a_file_is_the_one_that_is_told() -> None:
    said = re.search(r"\(v([\d.]+)\)", (VENDORED / "uplot.js").read_text(encoding="utf-8"))
    assert said
    assert f"npm uplot {said[1]}:" in LICENCES


def test_files_load_nothing_from_elsewhere() -> None:
    for file in VENDORED.glob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\bimport\s*\(|^import\b|\bfetch\s*\(|XMLHttpRequest", text, re.M)
