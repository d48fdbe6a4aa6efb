"""Samples outlive a restart, age on, and a file that is damaged costs the feed and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.durable import Disk
from gtm.feeds.client import Client
from gtm.feeds.latency import LatencyFeed
from gtm.feeds.store import LatencyStore, entries_of
from gtm.model import GeoCode, LatencyRules

GB = GeoCode("EU", "GB")
RULES = LatencyRules()


def told() -> LatencyFeed:
    feed = LatencyFeed()
    for number in range(40):
        feed.add("gw-1", Client((GB,), 1 + number), "eu-west", 40.0 + number % 3, 1000.0)
        feed.add("gw-2", Client((GB,)), "eu-west", 41.0, 1000.0, count=2)
    return feed


def test_what_was_kept_comes_back_and_ages_on(tmp_path: Path) -> None:
    LatencyStore(tmp_path).save(entries_of(told()))
    again = LatencyFeed()
    LatencyStore(tmp_path).load(again, 2000.0)
    before, after = dict(told().cells())[GB, "eu-west"], dict(again.cells())[GB, "eu-west"]
    assert after.estimate(RULES, 2000.0) == before.estimate(RULES, 2000.0)
    assert after.estimate(RULES, 1001.0 + RULES.expire) is None
    assert not after.alone


def test_the_first_start_has_nothing(tmp_path: Path) -> None:
    feed = LatencyFeed()
    LatencyStore(tmp_path).load(feed, 0.0)
    assert len(feed) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "cells": []}',
        '{"version": 1}',
        '{"version": 1, "cells": [{}]}',
        '{"version": 1, "cells": [{"area": "EU", "region": "r", "reporter": "a", "samples": [1]}]}',
        '{"version": 1, "cells": [{"area": "EU", "region": "r", "reporter": "a",'
        ' "samples": [[NaN, 1, 1, 1]]}]}',
        '{"version": 1, "cells": [{"area": "XX-YY", "region": "r", "reporter": "a",'
        ' "samples": []}]}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, text: str) -> None:
    store, feed = LatencyStore(tmp_path), LatencyFeed()
    store.path.write_text(text)
    store.load(feed, 7.0)
    assert len(feed) == 0
    assert not store.path.exists()
    assert (tmp_path / "latency.json.damaged-7").read_text() == text


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["version", "cells", "area", "region", "reporter", "samples"]), inner
        )
    ),
    max_leaves=12,
)


class Told(Disk):
    """A disk with one file."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, path: Path) -> bytes:
        return self.data

    def rename(self, path: Path, to: Path) -> None: ...


@given(st.lists(JUNK, max_size=3), st.binary(max_size=40))
def test_whatever_is_in_the_file_loading_it_never_raises(cells: list[object], raw: bytes) -> None:
    for data in (raw, json.dumps({"version": 1, "cells": cells}).encode()):
        LatencyStore(Path("/nowhere"), Told(data)).load(LatencyFeed(), 0.0)


class Torn(Disk):
    """A disk that fails at the step named."""

    def __init__(self, step: str) -> None:
        self.step = step

    def write(self, path: Path, data: bytes) -> None:
        if self.step == "write":
            path.write_bytes(data[: len(data) // 2])
            raise OSError("disk full")
        super().write(path, data)

    def rename(self, path: Path, to: Path) -> None:
        if self.step == "rename":
            raise OSError("gone")
        super().rename(path, to)


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_write_that_is_cut_short_leaves_what_was_there(tmp_path: Path, step: str) -> None:
    LatencyStore(tmp_path).save(entries_of(told()))
    with pytest.raises(OSError, match=r"disk full|gone"):
        LatencyStore(tmp_path, Torn(step)).save([])
    again = LatencyFeed()
    LatencyStore(tmp_path).load(again, 2000.0)
    assert len(again) == 1
