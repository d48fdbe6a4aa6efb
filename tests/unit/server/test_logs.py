"""Logging never stops what is logged about."""

from __future__ import annotations

import sys

import pytest

from gtm.logs import Writer


class Full:
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None: ...


def test_a_log_that_can_not_be_written_is_counted_and_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", Full())
    before = Writer.lost
    Writer().warning("a line")
    assert Writer.lost == before + 1
