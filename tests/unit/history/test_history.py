"""History: bounded, found by name, kept whatever a crash leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from structlog.testing import capture_logs

from gtm.api.history import pieces
from gtm.api.models import HistoryQuery, HistoryShape
from gtm.api.validated import query_of
from gtm.errors import UsageError
from gtm.events import Event, Kind, Severity
from gtm.events.text import Damaged, from_line, to_line
from gtm.history import Asked, History, HistoryFile, Ring


def event(number: int, region: str = "eu", **names: str) -> Event:
    return Event(
        1000.0 + number,
        Kind.REGION,
        Severity.CRITICAL,
        f"region/z/a/{region}",
        f"HTTP 503, number {number}",
        before="up",
        after="down",
        zone=names.get("zone", "z.example"),
        app=names.get("app", "shop"),
        service=names.get("service", ""),
        region=region,
    )


def test_the_newest_comes_first_and_the_oldest_goes() -> None:
    ring = Ring(most=3, oldest=100.0)
    ring.add([event(number) for number in range(5)], now=1005.0)
    assert [found.at for found in ring.find(Asked())] == [1004.0, 1003.0, 1002.0]
    ring.add([event(200)], now=1200.0)
    assert [found.at for found in ring.find(Asked())] == [1200.0], "the others are too old"


def test_it_is_found_by_names_globs_and_time() -> None:
    ring = Ring()
    ring.add([event(0, "eu-west"), event(1, "us-east"), event(2, "eu-north")], now=1002.0)
    ring.add([event(3, service="orders.z.example")], now=1003.0)
    assert [e.region for e in ring.find(Asked(region="eu-*"))] == ["eu-north", "eu-west"]
    assert [e.region for e in ring.find(Asked(region="us-east"))] == ["us-east"]
    assert [e.at for e in ring.find(Asked(service="orders"))] == [1003.0]
    assert [e.at for e in ring.find(Asked(service="orders.z.example"))] == [1003.0]
    assert len(ring.find(Asked(since=1002.0))) == 2
    assert len(ring.find(Asked(limit=1))) == 1


EVENTS = st.builds(
    Event,
    at=st.floats(0.0, 9e10),
    kind=st.sampled_from(Kind),
    severity=st.sampled_from(Severity),
    key=st.text(max_size=2000),
    reason=st.text(max_size=2000),
    over=st.booleans(),
    region=st.text(max_size=60),
    endpoint=st.text(max_size=600),
)


@given(EVENTS)
def test_an_event_is_a_line_and_comes_back_as_it_was(one: Event) -> None:
    line = to_line(one)
    assert line.count(b"\n") == 1
    assert from_line(line.rstrip(b"\n")) == one


@given(st.binary(max_size=300))
def test_no_line_makes_reading_fail_in_another_way(line: bytes) -> None:
    try:
        from_line(line)
    except Damaged:
        return


def test_it_comes_back_after_a_restart_over_two_files(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path, largest=1000)
    for number in range(12):
        file.append([event(number)])
    kept = HistoryFile(tmp_path, largest=1000).load(now=2000.0)
    assert kept.trouble is None
    assert [found.at for found in kept.events] == sorted(found.at for found in kept.events)
    assert kept.events[-1] == event(11)
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"history.jsonl", "history.jsonl.1"}


@pytest.mark.parametrize("missing", range(1, 40))
def test_a_last_line_that_a_crash_cut_short_is_left_out(tmp_path: Path, missing: int) -> None:
    file = HistoryFile(tmp_path)
    file.append([event(0), event(1)])
    file.path.write_bytes(file.path.read_bytes()[:-missing])
    kept = file.load(now=2000.0)
    assert (kept.events, kept.trouble) == ((event(0),), None)
    file.append([event(2)])
    assert file.load(now=2000.0).events == (event(0), event(2))


def test_a_damaged_file_is_set_aside_and_what_is_good_in_it_is_kept(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.append([event(0), event(1)])
    file.path.write_bytes(b'{"at": "never"}\n' + file.path.read_bytes())
    kept = file.load(now=2000.0)
    assert kept.events == (event(0), event(1))
    assert kept.trouble is not None
    assert kept.trouble.startswith("1 of 3 lines of ")
    assert (tmp_path / "history.jsonl.damaged-2000").exists()
    assert file.load(now=2001.0).trouble is None


class FullDisk(HistoryFile):
    full = True

    def append(self, events: list[Event]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().append(events)


async def test_a_full_disk_loses_nothing_once_there_is_room(tmp_path: Path) -> None:
    file = FullDisk(tmp_path)
    history = History(file, lambda: 1002.0)
    await history.open()
    with capture_logs() as logs:
        history.note(event(0))
        await history.close()
    assert [log["event"] for log in logs] == ["history_not_saved"]
    assert history.unsaved == "No space left on device"
    assert len(history.find(Asked())) == 1
    file.full = False
    history._again()
    await history.close()
    assert history.unsaved is None
    assert file.load(now=1002.0).events == (event(0),)


def test_the_api_refuses_what_it_does_not_know() -> None:
    history = History(None, lambda: 1000.0)
    none = "".join(pieces(history, HistoryQuery(region="eu", limit=3), 1000.0))
    assert HistoryShape.model_validate_json(none).events == []
    found = HistoryShape.model_validate_json("".join(pieces(history, HistoryQuery(), 1000.0)))
    assert len(found.events) == len(history.find(Asked()))
    for query in ({"regoin": "eu"}, {"limit": "many"}, {"since": "inf"}, {"limit": "0"}):
        with pytest.raises(UsageError, match="the keys are limit, since, zone"):
            query_of(HistoryQuery, MultiDict(query), "show history")
