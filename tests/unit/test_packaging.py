"""What is installed is what is in the tree."""

from __future__ import annotations

import tomllib

from tests.worlds import ROOT


def test_every_package_is_named_in_pyproject() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = set(content["tool"]["setuptools"]["packages"]) - {"gtm.data", "gtm.zones"}
    found = {
        ".".join(file.parent.relative_to(ROOT).parts) for file in ROOT.glob("gtm/**/__init__.py")
    }
    assert found == named
