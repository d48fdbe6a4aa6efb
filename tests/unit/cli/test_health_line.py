"""`gtm status` says what is wrong with the checking, and nothing while nothing is."""

from __future__ import annotations

import pytest

from gtm.api.models import HealthStatus
from gtm.cli.healthline import health_line

WELL = HealthStatus(targets=1200, stale=0, impaired=0, disbelieved=0, held=0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        (
            {"stale": 3, "held": 1},
            "of 1,200 targets 3 stale, 1 held down for changing too often",
        ),
        (
            {"frozen": "all 2 canaries are down", "frozen_since": 940.0, "disbelieved": 1199},
            "frozen for 1 min: all 2 canaries are down; "
            "of 1,200 targets 1,199 whose failure is not believed",
        ),
        ({"memory": "not saved: disk full"}, "what was learnt is not saved: disk full"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, object], words: str) -> None:
    assert health_line(WELL.model_copy(update=changes), 1000.0).plain == words
