"""The native plane for tests: where it was not built they are skipped, unless it is required."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gtm.planes.choice import REMEDY, why_not_native

if TYPE_CHECKING:
    from gtm import _native

REQUIRED = "GTM_REQUIRE_NATIVE"


def native() -> type[_native.Tables]:
    """What reads snapshots for the native plane."""
    require()
    from gtm import _native

    return _native.Tables


def require() -> None:
    """Skips the test where there is no native plane."""
    why = why_not_native()
    if why is None:
        return
    said = f"there is no native plane: {why}; to test it, {REMEDY}"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(said)
    pytest.skip(said)
