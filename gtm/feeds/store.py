"""Latency samples on disk, so that a restart does not forget where clients are near.

One file, replaced as a whole. It is worth less than its trouble: one that is damaged is set aside
and the feed begins anew. Samples keep their time, so they are believed no longer than they would
have been without the restart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog

from gtm.durable import FOLDER_MODE, Disk, put
from gtm.feeds.cell import HEAVIEST, KEPT, NO_NETWORK, REPORTERS
from gtm.feeds.latency import CELLS, FASTEST, SLOWEST, LatencyFeed
from gtm.geo.places import parse_code
from gtm.model import GeoCode

NAME = "latency.json"
VERSION = 1
LONGEST_NAME = 255  # characters of a region's or a reporter's name
HIGHEST_NETWORK = 2**32 - 1
AHEAD = 60.0  # seconds that a sample may be from the future, as clocks are set

log = structlog.get_logger("gtm.feeds")

Entry = tuple[GeoCode, str, str, list[tuple[float, float, int, int]]]


class LatencyStore:
    """The samples of one state directory."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        """Nothing is touched before `load`."""
        self.path = folder / NAME
        self._disk = disk or Disk()

    def load(self, feed: LatencyFeed, now: float) -> None:
        """Puts what was saved into the feed. Never raises: what can't be read is not there."""
        try:
            data = self._disk.read(self.path)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("latency_not_loaded", path=str(self.path), error=str(error))
            return
        try:
            entries = list(_entries(json.loads(data), now))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            self._set_aside(now, error)
            return
        for area, region, reporter, rows in entries:
            feed.restore((area, region), reporter, rows)

    def _set_aside(self, now: float, error: Exception) -> None:
        aside = self.path.with_name(f"{NAME}.damaged-{now:.0f}")
        try:
            self._disk.rename(self.path, aside)
        except OSError:
            aside = self.path
        log.warning("latency_damaged", path=str(self.path), aside=aside.name, error=str(error))

    def save(self, entries: list[Entry]) -> None:
        """Replaces what is on disk. Raises OSError; then what was there still is."""
        cells = [
            {"area": str(area), "region": region, "reporter": reporter, "samples": rows}
            for area, region, reporter, rows in entries
        ]
        data = json.dumps({"version": VERSION, "cells": cells}, separators=(",", ":")).encode()
        self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        put(self.path, data, self._disk)


def entries_of(feed: LatencyFeed) -> list[Entry]:
    """Everything that a feed was told, copied."""
    return [
        (*key, reporter, list(ring.rows()))
        for key, cell in feed.cells()
        for reporter, ring in cell.rings.items()
    ]


def _entries(found: Any, now: float) -> Iterator[Entry]:
    """What a file says, read with the same distrust as anything from outside."""
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise ValueError("it is not of this version")
    cells = found["cells"]
    if not isinstance(cells, list) or len(cells) > CELLS * REPORTERS:
        raise ValueError("it has too many cells, or none")
    for cell in cells:
        area = parse_code(_name(cell["area"]))
        rows = [_row(row, now) for row in cell["samples"][-KEPT:]]
        yield area, _name(cell["region"]), _name(cell["reporter"]), rows


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise ValueError("a name in it is none")
    return value


def _row(row: Any, now: float) -> tuple[float, float, int, int]:
    milliseconds, at, network, weight = row
    numbers = (_number(milliseconds), _number(at))
    if type(network) is not int or type(weight) is not int:
        raise ValueError("a sample in it is none")
    if not (NO_NETWORK <= network <= HIGHEST_NETWORK and 1 <= weight <= HEAVIEST):
        raise ValueError("a sample in it is none")
    clipped = min(SLOWEST, max(FASTEST, numbers[0]))
    return clipped, min(numbers[1], now + AHEAD), network, weight


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a number in it is none")
    return float(value)
